package import Cron
package import Domain

/// The scheduling half of a definition, compiled: what decides when, and by which policies. Many jobs may
/// share one; a reference, because it is passed along with every slot.
package final class Plan: Sendable {
    package let lines: [Recurrence]
    /// One of the lines is `@reboot`.
    package let runsAtStart: Bool
    /// Something else than its lines starts it, so the end of these is not its own.
    package let hasTriggers: Bool
    package let start: Timestamp?
    package let end: Timestamp?
    package let catchup: CatchupPolicy
    package let catchupMode: Catchup
    /// One-shots are caught up however late.
    package let catchupWindow: Span
    package let overlap: OverlapPolicy
    package let limit: LimitPolicy
    /// What the limit counts under.
    package let limitKey: LimitKey
    package let jitter: Span
    package let runsMax: UInt32
    /// Of the slots in a blackout the newest runs when that is over.
    package let runsAfterBlackout: Bool

    package init(_ definition: JobDefinition, lines: [Recurrence], account: UInt32) {
        self.lines = lines
        runsAtStart = lines.contains { $0.schedule.form == .reboot }
        hasTriggers = definition.reaction?.triggers.isEmpty == false
        start = definition.start
        end = definition.end
        catchup = definition.catchup
        catchupMode = definition.catchupMode
        catchupWindow = definition.isOneShot ? .forever : definition.catchup.window
        overlap = definition.overlap
        limit = definition.limit
        limitKey = LimitKey(
            account: account,
            name: definition.limit.key.isEmpty ? definition.callback.target.host : definition.limit.key,
            isNamed: !definition.limit.key.isEmpty
        )
        jitter = definition.jitter
        runsMax = definition.runsMax
        runsAfterBlackout = definition.blackoutThen == .runAfter
    }

    /// All slots at the first instant after `cursor`; nil when there is none.
    package func group(after cursor: Timestamp) -> SlotGroup? {
        var from = Instant(seconds: cursor.seconds)
        if let start, start > cursor {
            // `start` is inclusive: the second before it is excluded.
            let before = (start - Span(microseconds: 1)).seconds
            from = max(from, Instant(seconds: before))
        }
        let group = lines.count == 1 ? single(after: from) : merged(after: from)
        guard let group, end.map({ group.instant < $0 }) ?? true else { return nil }
        return group
    }

    /// The instant of `group(after:)`; `distantFuture` when there is none.
    package func next(after cursor: Timestamp) -> Timestamp {
        group(after: cursor)?.instant ?? .distantFuture
    }

    /// How long after its instant a slot is sent: stable over replays (`jitter`).
    package func offset(of instant: Timestamp, job: JobID) -> Span {
        guard jitter > .zero else { return .zero }
        let hash = StableHash.mix(UInt64(job.number), UInt64(bitPattern: instant.seconds))
        return Span(microseconds: Int64(StableHash.below(UInt64(jitter.microseconds), hash)))
    }

    /// When the slots at `instant` are to be acted on.
    package func due(_ instant: Timestamp, job: JobID) -> Timestamp {
        instant == .distantFuture ? instant : instant + offset(of: instant, job: job)
    }

    private func single(after from: Instant) -> SlotGroup? {
        guard let first = lines[0].next(after: from) else { return nil }
        let regular =
            first.disposition == .run
            && first.local.seconds - first.instant.seconds == Int64(lines[0].zone.offset(at: first.instant))
        // Only a moved local time can share its instant with another one of the same line.
        if regular || lines[0].dst == .utc { return SlotGroup(runs: slot(first, line: 0)) }
        return SlotGroup(lines[0].nextGroup(after: from).map { ($0, 0) })
    }

    private func merged(after from: Instant) -> SlotGroup? {
        var earliest: Instant?
        for line in lines {
            guard let next = line.next(after: from) else { continue }
            if earliest.map({ next.instant < $0 }) ?? true { earliest = next.instant }
        }
        guard let earliest else { return nil }
        var members: [(Occurrence, UInt8)] = []
        for (index, line) in lines.enumerated() {
            for occurrence in line.nextGroup(after: from) where occurrence.instant == earliest {
                members.append((occurrence, UInt8(index)))
            }
        }
        return SlotGroup(members)
    }

    private func slot(_ occurrence: Occurrence, line: UInt8) -> Slot {
        Slot(
            line: line,
            instant: Timestamp(seconds: occurrence.instant.seconds),
            local: occurrence.local,
            fold: UInt8(occurrence.fold)
        )
    }
}

/// The slots that share an instant: at most one runs, the others are settled by what they are.
package struct SlotGroup: Sendable, Hashable {
    package let instant: Timestamp
    package let runs: Slot?
    package let settled: [Settled]

    package struct Settled: Sendable, Hashable {
        package let slot: Slot
        package let result: SlotResult
        package let reason: DecisionReason
    }

    init(runs slot: Slot) {
        instant = slot.instant
        runs = slot
        settled = []
    }

    /// Members come in order of (line, local, fold); the first that may run does.
    init?(_ members: [(Occurrence, UInt8)]) {
        guard let first = members.first else { return nil }
        instant = Timestamp(seconds: first.0.instant.seconds)
        var runs: Slot?
        var settled: [Settled] = []
        for (occurrence, line) in members {
            let slot = Slot(
                line: line,
                instant: instant,
                local: occurrence.local,
                fold: UInt8(occurrence.fold)
            )
            switch occurrence.disposition {
            case .run where runs == nil: runs = slot
            case .run: settled.append(Settled(slot: slot, result: .merged, reason: .sameInstant))
            case .dstGapMerged: settled.append(Settled(slot: slot, result: .dstGapMerged, reason: .gap))
            case .dstGapSkipped: settled.append(Settled(slot: slot, result: .dstGapSkipped, reason: .gap))
            case .dstFoldSkipped: settled.append(Settled(slot: slot, result: .dstFoldSkipped, reason: .fold))
            }
        }
        self.runs = runs
        self.settled = settled
    }
}

/// What calls are limited together by.
package struct LimitKey: Sendable, Hashable {
    package let account: UInt32
    /// A target host, or the name that jobs give in `limit_key`.
    package let name: String
    package let isNamed: Bool
}
