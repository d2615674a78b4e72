package import Cron
package import Domain

/// Recomputes every slot of every job from its definitions alone, and holds them against the records: each
/// slot up to the job's cursor is covered by exactly one, in order, and no other slot by any.
///
/// It shares `Cron.Recurrence` with the product (which has its own golden vectors) and nothing of the
/// scheduling.
package struct SlotOracle {
    /// Slots counted, over all jobs.
    package private(set) var slots = 0
    private var jobs: [JobID: Track] = [:]
    private var zones: [String: Zone] = [:]
    private var blackouts = BlackoutBook()
    private let database: ZoneDatabase

    /// What the records say about one job so far.
    private struct Track {
        var definition: JobDefinition
        var registeredAt: Timestamp
        /// Where the present schedule's slots begin: after this instant.
        var from: Timestamp
        var cursor: Timestamp
        var isFinished = false
        /// Slots that records cover since `from`, line by line.
        var covered: [UInt8: [Cover]] = [:]
        /// Slots that wait behind a run.
        var queued: [Slot] = []
        var openRuns: [RunID: Slot?] = [:]
    }

    private struct Cover {
        var first: Slot
        var last: Slot
        var count: Int
    }

    package init(database: ZoneDatabase) {
        self.database = database
    }

    /// Judges a history from its first record on.
    package static func judge(_ entries: [Entry], database: ZoneDatabase = .embedded) throws -> SlotOracle {
        var oracle = SlotOracle(database: database)
        for entry in entries { try oracle.take(entry) }
        for (job, track) in oracle.jobs { try oracle.close(job, track, through: track.cursor) }
        return oracle
    }

    private mutating func take(_ entry: Entry) throws {
        blackouts.take(entry)
        switch entry.record {
        case .zoneAdopted(let record):
            zones[record.name] = try Zone(name: record.name, version: record.version, tzif: record.bytes)
        case .jobRegistered(let record):
            jobs[record.job] = Track(
                definition: try JobDefinition(packed: record.definition),
                registeredAt: entry.time,
                from: record.cursor,
                cursor: record.cursor
            )
        case .slotDecided(let record):
            try checkBlackout(record, at: entry.time)
            try decide(
                record.job,
                record.slot,
                cursor: record.cursor,
                isFromQueue: record.reason == .fromQueue
            )
            jobs[record.job]?.openRuns[entry.sequence] = .some(record.slot)
        case .slotQueued(let record):
            try cover(record.job, record.slot, record.slot, 1, cursor: record.cursor)
            jobs[record.job]?.queued.append(record.slot)
        case .slotsDecided(let record): try decide(record)
        case .runOpened(let record): jobs[record.job]?.openRuns[entry.sequence] = .some(nil)
        case .runClosed(let record):
            guard jobs[record.job]?.openRuns.removeValue(forKey: record.run) != nil else {
                throw Violation.slot(record.job, "run \(record.run) closed twice, or was never open")
            }
        default: try change(entry)
        }
    }

    private mutating func change(_ entry: Entry) throws {
        guard let job = entry.record.job, var track = jobs[job] else { return }
        switch entry.record {
        case .jobRevised(let record):
            // The old schedule's slots end where the new one's begin.
            if !track.isFinished { try close(job, track, through: max(record.cursor, track.cursor)) }
            track.definition = try JobDefinition(packed: record.definition)
            track.from = max(record.cursor, track.cursor)
            track.cursor = track.from
            track.covered = [:]
            track.isFinished = false
        case .jobFinished:
            try close(job, track, through: track.cursor)
            track.covered = [:]
            track.from = track.cursor
            track.isFinished = true
        case .jobRemoved:
            if !track.isFinished { try close(job, track, through: max(entry.time, track.cursor)) }
            guard track.queued.isEmpty else {
                throw Violation.slot(job, "removed while \(track.queued) waited")
            }
            guard track.openRuns.isEmpty else { throw Violation.slot(job, "removed with runs open") }
            jobs[job] = nil
            return
        default: break
        }
        jobs[job] = track
    }

    /// Nothing runs in a blackout but what is kept for its end, and that not before.
    private func checkBlackout(_ record: SlotDecided, at now: Timestamp) throws {
        guard record.reason != .fromQueue, let definition = jobs[record.job]?.definition else { return }
        let end = blackouts.wholeEnd(at: record.slot.instant, labels: definition.labels)
        let mayBeKept = [.afterBlackout, .afterLimit].contains(record.reason)
        let isKept = definition.blackoutThen == .runAfter && mayBeKept && end.map { $0 <= now } == true
        guard end == nil ? record.reason != .afterBlackout : isKept else {
            throw Violation.slot(
                record.job,
                "\(record.slot) ran (\(record.reason.word)), blackout \(String(describing: end))"
            )
        }
    }

    private mutating func decide(_ record: SlotsDecided) throws {
        if record.result == .excluded, let labels = jobs[record.job]?.definition.labels {
            for slot in [record.first, record.last]
            where blackouts.end(at: slot.instant, labels: labels) == nil {
                throw Violation.slot(record.job, "\(slot) was excluded, and lies in no blackout")
            }
        }
        if record.count == 1, let index = jobs[record.job]?.queued.firstIndex(of: record.first) {
            jobs[record.job]?.queued.remove(at: index)
            return
        }
        try cover(record.job, record.first, record.last, Int(record.count), cursor: record.cursor)
    }

    private mutating func decide(_ job: JobID, _ slot: Slot, cursor: Timestamp, isFromQueue: Bool) throws {
        guard isFromQueue else { return try cover(job, slot, slot, 1, cursor: cursor) }
        guard let index = jobs[job]?.queued.firstIndex(of: slot) else {
            throw Violation.slot(job, "\(slot) is said to have waited, and did not")
        }
        jobs[job]?.queued.remove(at: index)
    }

    private mutating func cover(_ job: JobID, _ first: Slot, _ last: Slot, _ count: Int, cursor: Timestamp)
        throws
    {
        guard let track = jobs[job], !track.isFinished else {
            throw Violation.slot(job, "\(first) was decided although the job is over")
        }
        guard first.instant > track.from, last.instant <= cursor else {
            throw Violation.slot(
                job,
                "\(first)…\(last) is not between \(track.from) and the cursor \(cursor)"
            )
        }
        jobs[job]?.covered[first.line, default: []].append(Cover(first: first, last: last, count: count))
        jobs[job]?.cursor = max(cursor, track.cursor)
    }

    // MARK: The recomputation

    /// Every slot after `track.from` and up to `end` is covered once, in order, and nothing else is.
    private mutating func close(_ job: JobID, _ track: Track, through end: Timestamp) throws {
        for (index, line) in try recurrences(job, track).enumerated() {
            var expected = Expected(line, UInt8(index), track.definition, after: track.from, through: end)
            for cover in track.covered[UInt8(index), default: []] {
                try match(job, cover, &expected)
            }
            if let missing = expected.next() {
                throw Violation.slot(
                    job,
                    "no record covers \(missing) (cursor \(track.cursor), through \(end))"
                )
            }
        }
    }

    private mutating func match(_ job: JobID, _ cover: Cover, _ expected: inout Expected) throws {
        var slot = cover.first
        for index in 0..<cover.count {
            guard let next = expected.next() else {
                throw Violation.slot(job, "\(cover.last) has a record and is no slot, or has two")
            }
            slots += 1
            if index == 0, next != cover.first {
                throw Violation.slot(job, "\(next) is the next slot, and \(cover.first) has the next record")
            }
            slot = next
        }
        guard slot == cover.last else {
            throw Violation.slot(
                job,
                "\(cover.count) slots from \(cover.first) end at \(slot), not \(cover.last)"
            )
        }
    }

    private func recurrences(_ job: JobID, _ track: Track) throws -> [Recurrence] {
        let definition = track.definition
        let zone = try zones[definition.zone] ?? database.zone(named: definition.zone)
        let options = ScheduleOptions(
            dialect: definition.dialect,
            dayMatch: definition.dayMatch,
            seed: UInt64(job.number)
        )
        let anchor = Instant(seconds: (definition.start ?? track.registeredAt).seconds)
        return try definition.schedule.map {
            Recurrence(try Schedule($0, options: options), zone: zone, dst: definition.dst, anchor: anchor)
        }
    }
}

/// The slots of one line between two instants, by the definition alone.
private struct Expected {
    private var occurrences: Recurrence.Occurrences
    private let line: UInt8
    private let start: Timestamp
    private let end: Timestamp?
    private let after: Timestamp

    init(
        _ recurrence: Recurrence,
        _ line: UInt8,
        _ definition: JobDefinition,
        after: Timestamp,
        through: Timestamp
    ) {
        occurrences = recurrence.occurrences(
            after: Instant(seconds: after.seconds),
            before: Instant(seconds: through.seconds + 1)
        )
        self.line = line
        self.after = after
        start = definition.start ?? .distantPast
        end = definition.end
    }

    /// `start` is inclusive, `end` exclusive.
    mutating func next() -> Slot? {
        while let occurrence = occurrences.next() {
            let instant = Timestamp(seconds: occurrence.instant.seconds)
            if instant <= after || instant < start { continue }
            if let end, instant >= end { return nil }
            return Slot(line: line, instant: instant, local: occurrence.local, fold: UInt8(occurrence.fold))
        }
        return nil
    }
}
