import Cron
import Domain
import Effects
import Synchronization

@testable import Journaling

/// A small product on a journal: what it appends it applies, as the engine does.
struct JournalFixture {
    let disk: any Disk
    let journal: Journal
    private(set) var ledger: Ledger
    let report: RecoveryReport
    var clock = SampleRecord.noon

    static let smallLimits: JournalLimits = {
        var limits = JournalLimits()
        limits.segmentBytes = 64 << 10
        limits.reserveBytes = 8 << 10
        limits.snapshotChunkBytes = 2 << 10
        limits.snapshotTailBytesMin = 4 << 10
        limits.indexSpacingBytes = 1 << 10
        limits.readBytes = 4 << 10
        return limits
    }()

    init(_ disk: any Disk, limits: JournalLimits = smallLimits) throws(JournalError) {
        let recovered = try Journal.open(disk: disk, limits: limits, holder: "1")
        self.disk = disk
        journal = recovered.journal
        ledger = recovered.ledger
        report = recovered.report
        if ledger.sequence > .zero { clock = ledger.lastTime }
    }

    /// What readers know of the segments.
    var segments: [SegmentInfo] { journal.catalog.withLock { $0.segments } }

    /// Where the last durable frame ends.
    var end: (name: String, offset: Int) { segments.last.map { ($0.name, $0.end) } ?? ("", 0) }

    /// Appends and applies a group, in one frame.
    @discardableResult
    mutating func append(_ records: [Record]) throws(JournalError) -> [Sequence] {
        clock = clock + .milliseconds(7)
        let (time, before) = (clock, ledger)
        var copy = before
        let sequences = try journal.append { (frame) throws(JournalError) in
            var sequences: [Sequence] = []
            for record in records {
                let previous = record.job.flatMap { copy.jobs.contains($0) ? copy.jobs[$0].newest : nil }
                let (entry, position) = frame.append(
                    record,
                    time: time,
                    account: 1,
                    visibility: .account,
                    previous: previous ?? .none
                )
                do throws(LedgerError) { try copy.apply(entry, at: position) } catch { throw .ledger(error) }
                sequences.append(entry.sequence)
            }
            return sequences
        }
        ledger = copy
        return sequences
    }

    mutating func found() throws(JournalError) {
        try append([.folderFounded(FolderFounded(storeID: Array(0..<16), zoneVersion: "2026a", keyID: 5))])
        try append([
            .zoneAdopted(ZoneAdopted(name: "Europe/London", version: "2026a", bytes: Array(0..<200))),
            .schedulerRegistered(
                SchedulerRegistered(
                    number: 1,
                    account: 1,
                    name: "s",
                    username: "u",
                    salt: [1],
                    passwordHash: [2]
                )
            ),
        ])
    }

    mutating func register(_ count: Int) throws(JournalError) {
        let first = ledger.jobs.count
        for index in 0..<count {
            let job = JobID(UInt32(first + index + 1))
            try append([
                .jobRegistered(
                    JobRegistered(
                        job: job,
                        scheduler: 1,
                        definition: SampleRecord.definition.packed(),
                        cursor: clock,
                        next: clock.wholeSecond + .minutes(5)
                    )
                )
            ])
        }
    }

    /// A slot of a job that runs and succeeds: two records in two frames' time.
    mutating func run(_ job: JobID, body: [UInt8] = []) throws(JournalError) {
        let run = try open(job)
        try append([
            .runClosed(
                RunClosed(
                    job: job,
                    run: run,
                    result: .ok,
                    report: AttemptReport(n: 1, status: 200, body: body)
                )
            )
        ])
    }

    @discardableResult
    mutating func open(_ job: JobID) throws(JournalError) -> RunID {
        clock = (clock + .minutes(5)).wholeSecond
        let slot = SampleRecord.slot(line: 0, at: clock, offset: 3600, fold: 0)
        return try append([
            .slotDecided(
                SlotDecided(
                    job: job,
                    revision: 1,
                    slot: slot,
                    reason: .due,
                    cursor: clock,
                    next: clock + .minutes(5)
                )
            )
        ])[0]
    }

    /// Something of everything that a snapshot has to keep.
    mutating func fill() throws(JournalError) {
        try found()
        _ = try journal.flush()
        try register(70)
        _ = try journal.flush()
        for job in 1...5 { try run(JobID(UInt32(job))) }
        try append([
            .jobPaused(JobPaused(job: JobID(9), since: clock, until: clock + .days(1), reason: "holiday"))
        ])
        try append([.jobRemoved(JobRemoved(job: JobID(10)))])
        try append([.jobFinished(JobFinished(job: JobID(11)))])
        try open(JobID(12))
        let second = try open(JobID(12))
        try open(JobID(13))
        try append([
            .attemptFailed(
                AttemptFailed(
                    job: JobID(12),
                    run: second,
                    report: SampleRecord.report,
                    retryAt: clock + .seconds(9)
                )
            )
        ])
        let slot = SampleRecord.slot(line: 0, at: clock + .minutes(5), offset: 3600, fold: 0)
        try append([
            .slotQueued(
                SlotQueued(
                    job: JobID(13),
                    revision: 1,
                    slot: slot,
                    cursor: slot.instant,
                    next: .distantFuture
                )
            )
        ])
        _ = try journal.flush()
    }
}

/// A disk whose chosen operation fails.
final class FailingDisk: Disk {
    let base: MemoryDisk
    private let plan: FailurePlan
    /// Called before every write.
    let onWrite = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ base: MemoryDisk, failing operation: String, after count: Int = 0, kind: DiskError.Kind) {
        self.base = base
        plan = FailurePlan(operation: operation, count: count, kind: kind)
    }

    /// From now on, the operation fails after so many more that succeed; nil: never.
    func fail(after count: Int?) { plan.set(count) }

    func list() throws(DiskError) -> [String] {
        try plan.check("list", "")
        return base.list()
    }
    func size(of name: String) throws(DiskError) -> Int { try base.size(of: name) }
    func read(_ name: String, at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        try plan.check("read", name)
        return try base.read(name, at: offset, count: count)
    }
    func create(_ name: String, allocating bytes: Int) throws(DiskError) {
        try plan.check("create", name)
        try base.create(name, allocating: bytes)
    }
    func write(_ name: String, at offset: Int, _ bytes: [UInt8]) throws(DiskError) {
        onWrite.withLock { $0 }?()
        try plan.check("write", name)
        try base.write(name, at: offset, bytes)
    }
    func datasync(_ name: String) throws(DiskError) {
        try plan.check("datasync", name)
        try base.datasync(name)
    }
    func rename(_ name: String, to newName: String) throws(DiskError) {
        try plan.check("rename", name)
        try base.rename(name, to: newName)
    }
    func remove(_ name: String) throws(DiskError) {
        try plan.check("remove", name)
        try base.remove(name)
    }
    func syncDirectory() throws(DiskError) { try plan.check("syncDirectory", "") }
    func lock(holder: String) throws(DiskError) { try base.lock(holder: holder) }
    func unlock() { base.unlock() }
    func freeBytes() -> UInt64 { base.freeBytes() }
}
