/// Checks, and the keys of their slug URLs.
///
/// Part of the ledger: only records change it.
package struct CheckTable: Sendable, Equatable {
    package private(set) var entries: [CheckID: CheckEntry] = [:]
    /// The highest number ever given out.
    package private(set) var checksEver: UInt32 = 0
    /// By scheduler.
    package private(set) var pingKeys: [UInt32: Sealed] = [:]

    package init() {}

    /// What a snapshot holds.
    package init(entries: [CheckID: CheckEntry], checksEver: UInt32, pingKeys: [UInt32: Sealed]) {
        self.entries = entries
        self.checksEver = checksEver
        self.pingKeys = pingKeys
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// Numbers in ascending order.
    package var ids: [CheckID] { entries.keys.sorted() }

    /// By check, of those with a higher number.
    package func owners(after: CheckID) -> [CheckID: UInt32] {
        guard checksEver > after.number else { return [:] }
        return entries.filter { $0.key > after }.mapValues(\.scheduler)
    }

    mutating func apply(_ entry: Entry) throws(LedgerError) {
        let sequence = entry.sequence
        if let check = entry.record.check, entries[check] == nil {
            guard case .checkRegistered = entry.record else { throw .unknownCheck(check, sequence: sequence) }
        }
        switch entry.record {
        case .checkRegistered(let r):
            entries[r.check] = CheckEntry(registered: r, sequence: sequence, at: entry.time)
            checksEver = max(checksEver, r.check.number)
        case .checkRevised(let r): entries[r.check]?.revise(r, sequence)
        case .checkRemoved(let r): entries[r.check] = nil
        case .checkPaused(let r): entries[r.check]?.pause(sequence)
        case .checkResumed(let r):
            entries[r.check]?.isPaused = false
            entries[r.check]?.standing = r.standing
            entries[r.check]?.sequence = sequence
        case .checkPinged(let r): entries[r.check]?.take(r, sequence, at: entry.time)
        case .checkLapsed(let r): entries[r.check]?.lapse(r)
        case .checkUnwatched(let r): entries[r.check]?.excuse(r)
        case .pingKeySet(let r): pingKeys[r.scheduler] = r.key
        default: break
        }
    }
}

/// A time in which nobody could have heard a ping.
package struct Unwatched: Sendable, Hashable {
    package var since: Timestamp
    package var until: Timestamp
    /// The check is among those that an alert about the gap names.
    package var isTold: Bool
    package init(since: Timestamp, until: Timestamp, isTold: Bool = false) {
        self.since = since
        self.until = until
        self.isTold = isTold
    }
}

/// A start whose end has not come.
package struct OpenStart: Sendable, Hashable {
    package var run: UniqueID?
    /// The first start of that name: a job that dies and begins anew is still late.
    package var since: Timestamp
    /// The latest one, from which the duration counts.
    package var at: Timestamp
    package init(run: UniqueID?, since: Timestamp, at: Timestamp) {
        self.run = run
        self.since = since
        self.at = at
    }
}

/// One of a check's latest pings, without its body, which the journal keeps.
package struct PingTrace: Sendable, Hashable {
    package var sequence: Sequence
    package var at: Timestamp
    package var kind: PingKind
    package var exitCode: UInt8?
    package var run: UniqueID?
    package var duration: Span?
    package var bodyBytes: UInt64
    package var source: String
    package var method: String
    package init(_ record: CheckPinged, _ sequence: Sequence, at time: Timestamp) {
        self.sequence = sequence
        at = time
        kind = record.ping.kind
        exitCode = record.ping.exitCode
        run = record.ping.run
        duration = record.duration
        bodyBytes = record.ping.bodyBytes
        source = record.ping.source
        method = record.ping.method
    }
}

/// One check's state.
package struct CheckEntry: Sendable, Equatable {
    package let scheduler: UInt32
    package let registeredAt: Timestamp
    package let address: Sealed
    package var definition: [UInt8]
    /// The last record that a person asked for: its ETag.
    package var sequence: Sequence
    package var standing: CheckStanding
    package var isPaused = false
    /// Oldest first, at most `startsMax`.
    package var starts: [OpenStart] = []
    /// A success, a start or a failure.
    package var lastPing: Timestamp?
    package var lastDuration: Span?
    /// Pings ever, logs among them.
    package var pings: UInt64 = 0
    /// Oldest first, at most `recentMax`.
    package var recent: [PingTrace] = []
    /// The gap before the next ping, if there was one.
    package var unwatched: Unwatched?
    /// The blackout that left out what was expected last; empty for none.
    package var excludedBy = ""
    /// nil where the definition does not ask for it.
    package var habit: CheckHabit?

    /// Pings that are answered without a look into the journal.
    package static let recentMax = 20
    /// Runs under way at a time; beyond it the oldest is forgotten.
    package static let startsMax = 16

    package init(registered: CheckRegistered, sequence: Sequence, at time: Timestamp) {
        scheduler = registered.scheduler
        registeredAt = time
        address = registered.address
        definition = registered.definition
        standing = registered.standing
        habit = CheckHabit(watching: registered.definition)
        self.sequence = sequence
    }

    /// For a snapshot.
    package init(
        scheduler: UInt32,
        registeredAt: Timestamp,
        address: Sealed,
        definition: [UInt8],
        sequence: Sequence
    ) {
        self.scheduler = scheduler
        self.registeredAt = registeredAt
        self.address = address
        self.definition = definition
        self.sequence = sequence
        standing = CheckStanding()
    }

    /// What the start list becomes with a ping, and the duration it ends.
    ///
    /// An end names its run, or ends them all: a script that knows no run ids has one run at a time. A
    /// failure without a known start ends none but its own.
    package mutating func match(_ ping: Ping, at now: Timestamp) -> Span? {
        switch ping.kind {
        case .log: return nil
        case .start:
            if let index = starts.firstIndex(where: { $0.run == ping.run }) {
                starts[index].at = now
            } else {
                if starts.count == Self.startsMax { starts.removeFirst() }
                starts.append(OpenStart(run: ping.run, since: now, at: now))
            }
            return nil
        case .success, .fail:
            let own = starts.firstIndex { $0.run == ping.run }
            let duration = own.map { now - starts[$0].at }
            if ping.run == nil {
                starts.removeAll()
            } else if let own {
                starts.remove(at: own)
            }
            return duration
        }
    }

    /// Whoever wants it watched anew begins anew.
    fileprivate mutating func revise(_ record: CheckRevised, _ sequence: Sequence) {
        let (old, new) = (definition, record.definition)
        definition = new
        standing = record.standing
        self.sequence = sequence
        guard let fresh = CheckHabit(watching: new) else { return habit = nil }
        guard habit != nil else { return habit = fresh }
        if let old = try? CheckDefinition(packed: old), let new = try? CheckDefinition(packed: new),
            new.isRescheduled(from: old)
        {
            habit?.forgetIntervals()
        }
    }

    fileprivate mutating func take(_ record: CheckPinged, _ sequence: Sequence, at time: Timestamp) {
        _ = match(record.ping, at: time)
        standing = record.standing
        pings += 1
        if recent.count == Self.recentMax { recent.removeFirst() }
        recent.append(PingTrace(record, sequence, at: time))
        guard record.ping.kind != .log else { return }
        if unwatched != nil { habit?.breakOff() }
        if record.ping.kind == .success { habit?.learn(success: record.duration, at: time) }
        isPaused = false
        unwatched = nil
        excludedBy = ""
        lastPing = time
        if record.ping.kind != .start { lastDuration = record.duration }
    }

    fileprivate mutating func lapse(_ record: CheckLapsed) {
        standing = record.standing
        excludedBy = record.blackout
        unwatched?.isTold = false
        if record.lapse == .timedOut { starts.removeAll { $0.since <= record.since } }
    }

    fileprivate mutating func excuse(_ record: CheckUnwatched) {
        standing.deadline = record.deadline
        if let expected = record.expected { standing.expected = expected }
        if record.forgetsStarts { starts.removeAll() }
        unwatched = Unwatched(since: record.since, until: record.until, isTold: record.isTold)
    }

    fileprivate mutating func pause(_ sequence: Sequence) {
        isPaused = true
        standing = CheckStanding()
        starts.removeAll()
        unwatched?.isTold = false
        excludedBy = ""
        habit?.breakOff()
        self.sequence = sequence
    }
}
