package import Domain

/// What a blackout makes of a slot that lies in it.
package enum BlackoutFate: Sendable, Equatable {
    /// It is left out.
    case excluded(name: String)
    /// It is the newest of the job's slots in there, and runs when all is over (`blackout_then`).
    case kept(name: String, until: Timestamp)

    package var name: String {
        switch self {
        case .excluded(let name), .kept(let name, _): name
        }
    }
}

extension Plan {
    /// nil: no blackout has anything to do with the slots at that instant.
    package func fate(at instant: Timestamp, under cover: BlackoutCover?) -> BlackoutFate? {
        guard let cover, let name = cover.window(at: instant)?.name else { return nil }
        guard runsAfterBlackout, let end = cover.end(of: instant), nextRun(after: instant, before: end) == nil
        else { return .excluded(name: name) }
        return .kept(name: name, until: end)
    }

    /// The first slot after an instant that runs, blackouts apart; nil when there is none before the end.
    package func nextRun(after cursor: Timestamp, before end: Timestamp = .distantFuture) -> Slot? {
        var cursor = cursor
        while let group = group(after: cursor), group.instant < end {
            if let slot = group.runs { return slot }
            cursor = group.instant
        }
        return nil
    }

    /// The last slot before `end` that runs, blackouts apart; nil when there is none after the cursor.
    package func newestRun(after cursor: Timestamp, before end: Timestamp) -> Slot? {
        var newest: Slot?
        while let next = nextRun(after: newest?.instant ?? cursor, before: end) { newest = next }
        return newest
    }

    /// Blackouts that the search for a call looks beyond.
    private static let blackoutsMax = 1_000

    /// When the job calls next, for a slot after an instant: at the slot's time, or at the end of the
    /// blackout that kept it. nil when it never does, or not within as many blackouts as anybody looks at.
    package func nextCall(after cursor: Timestamp, under cover: BlackoutCover?) -> Timestamp? {
        var cursor = cursor
        for _ in 0..<Self.blackoutsMax {
            guard let slot = nextRun(after: cursor) else { return nil }
            guard let end = cover?.end(of: slot.instant) else { return slot.instant }
            if runsAfterBlackout { return end }
            // A slot at the end itself is outside.
            cursor = end - Span(microseconds: 1)
        }
        return nil
    }
}
