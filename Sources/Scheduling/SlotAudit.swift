package import Cron
package import Domain

/// Recomputes every slot from the definitions in the journal, and holds the records against them: each slot
/// up to its job's cursor has exactly one decision, and nothing was decided that the schedule does not have.
///
/// Shares nothing with what made the decisions but the schedule language itself. Takes records in order; a
/// job costs memory only once a record is about it.
package struct SlotAudit {
    /// One thing that is not as promised.
    package struct Finding: Sendable, Hashable {
        package enum Kind: String, Sendable {
            /// The schedule has the slot, its job's cursor has passed it, and no record decides it.
            case undecided = "undecided"
            /// More than one record decides it.
            case decidedTwice = "decided-twice"
            /// A record decides what the schedule does not have.
            case notASlot = "not-a-slot"
            /// A stretch counts another number of slots than lie in it.
            case wrongCount = "wrong-count"
            /// The definition cannot be compiled by this build, so its slots cannot be recomputed.
            case unreadable = "unreadable"
        }
        package var kind: Kind
        package var job: JobID
        /// nil where no single slot is meant.
        package var slot: Slot?
        /// The record in question; nil when there is none.
        package var record: Sequence?
        package var detail: String
    }

    package struct Report: Sendable, Hashable {
        /// Jobs with records.
        package var jobs = 0
        /// Slots recomputed.
        package var slots: UInt64 = 0
        package var runs: UInt64 = 0
        package var settled: UInt64 = 0
        /// Still behind an open run: they get their decision later.
        package var waiting = 0
        /// The first ones, `findingsMax` at most; `findingsCount` are all.
        package var findings: [Finding] = []
        package var findingsCount: UInt64 = 0
        package var isSound: Bool { findingsCount == 0 }
    }

    package static let findingsMax = 1_000
    private let base: Ledger
    private let zones: ZoneDatabase
    private var adopted: [String: Zone] = [:]
    private var jobs: [JobID: JobAudit] = [:]
    private var report = Report()
    private let window: Range<Timestamp>

    /// - Parameters:
    ///   - base: the ledger before the first record; empty at the beginning of a folder.
    ///   - zones: for zones that no record has adopted.
    ///   - window: slots outside of it are not judged.
    package init(
        base: Ledger = Ledger(),
        zones: ZoneDatabase,
        window: Range<Timestamp> = .distantPast..<(.distantFuture)
    ) {
        self.base = base
        self.zones = zones
        self.window = window
        for zone in base.zones.values { adopt(zone) }
    }

    package mutating func add(_ entry: Entry) {
        if case .zoneAdopted(let zone) = entry.record { return adopt(zone) }
        guard let id = entry.record.job else { return }
        if case .jobRegistered(let record) = entry.record {
            var job = JobAudit(id, registeredAt: entry.time, cursor: record.cursor)
            define(&job, record.definition)
            jobs[id] = job
            return
        }
        guard var job = jobs.removeValue(forKey: id) ?? known(id) else { return }
        take(entry, into: &job)
        jobs[id] = job
    }

    /// Judges what is left.
    package mutating func finish() -> Report {
        for id in jobs.keys.sorted() {
            guard var job = jobs.removeValue(forKey: id) else { continue }
            job.check(through: job.cursor, window, &report)
            report.waiting += job.waiting.count
            report.jobs += 1
        }
        return report
    }

    private mutating func take(_ entry: Entry, into job: inout JobAudit) {
        switch entry.record {
        case .slotDecided(let record):
            job.advance(to: record.cursor, window, &report)
            job.decide(record.slot, record.slot, count: 1, by: entry.sequence, &report)
            report.runs += 1
        case .slotsDecided(let record):
            job.advance(to: record.cursor, window, &report)
            job.decide(record.first, record.last, count: record.count, by: entry.sequence, &report)
            report.settled += UInt64(record.count)
        case .slotQueued(let record):
            job.advance(to: record.cursor, window, &report)
            job.queue(record.slot, by: entry.sequence)
        case .jobRevised(let record):
            // Under the former definition nothing up to the new cursor may be left.
            let through = job.isFinished ? job.cursor : record.cursor
            job.check(through: through, window, &report)
            job.cursor = max(job.cursor, record.cursor)
            job.checked = job.cursor
            job.isFinished = false
            define(&job, record.definition)
        case .jobFinished: job.isFinished = true
        case .jobRemoved:
            // Slots that jitter held back are settled with it.
            let through = job.isFinished ? job.cursor : max(job.cursor, entry.time)
            job.check(through: through, window, &report)
            job.cursor = through
            job.isFinished = true
        default: break
        }
    }

    /// A job from before the first record.
    private mutating func known(_ id: JobID) -> JobAudit? {
        guard base.jobs.contains(id), let packed = base.jobs[id].definition else { return nil }
        let entry = base.jobs[id]
        var job = JobAudit(id, registeredAt: entry.registeredAt, cursor: entry.cursor)
        job.isFinished = entry.state == .finished
        for slot in base.queued[id] ?? [] { job.waiting[slot] = .zero }
        define(&job, packed)
        return job
    }

    private mutating func define(_ job: inout JobAudit, _ packed: [UInt8]) {
        do {
            let definition = try JobDefinition(packed: packed)
            let zone = try adopted[definition.zone] ?? zones.zone(named: definition.zone)
            job.lines = try Plans.recurrences(
                of: definition,
                job: job.id,
                registeredAt: job.registeredAt,
                zone: zone
            )
            (job.start, job.end) = (definition.start, definition.end)
        } catch {
            job.lines = nil
            report.add(Finding(kind: .unreadable, job: job.id, slot: nil, record: nil, detail: "\(error)"))
        }
    }

    private mutating func adopt(_ zone: ZoneAdopted) {
        adopted[zone.name] = try? Zone(name: zone.name, version: zone.version, tzif: zone.bytes)
    }
}

extension SlotAudit.Report {
    mutating func add(_ finding: SlotAudit.Finding) {
        findingsCount += 1
        if findings.count < SlotAudit.findingsMax { findings.append(finding) }
    }
}
