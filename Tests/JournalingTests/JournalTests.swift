import Domain
import Effects
import Synchronization
import Testing

@testable import Journaling

struct JournalTests {
    @Test func `an empty folder gives an empty ledger`() throws {
        let disk = MemoryDisk()
        let fixture = try JournalFixture(disk)
        #expect(fixture.ledger.sequence == .zero)
        #expect(fixture.journal.durable == .zero)
        #expect(fixture.report == RecoveryReport())
        #expect(try fixture.journal.flush() == nil)
    }

    @Test func `what was flushed is there after a crash, and nothing else`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        let durable = fixture.ledger
        try fixture.append([.schedulerRemoved(SchedulerRemoved(number: 1))])
        #expect(fixture.journal.durable == durable.sequence)
        #expect(fixture.journal.appended == durable.sequence.next)

        disk.unlock()
        let again = try JournalFixture(disk)
        #expect(again.ledger.difference(from: durable) == nil)
        #expect(again.report.recordsReplayed == durable.sequence.value)
        #expect(again.report.torn == nil)
    }

    @Test func `a journal goes on over many segments and starts`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        for round in 0..<4 {
            for index in 0..<60 {
                try fixture.run(JobID(UInt32(20 + index % 30)), body: [UInt8](repeating: 7, count: 400))
                #expect(try fixture.journal.flush() != nil)
                if index % 3 == round % 3 { fixture.journal.prepareNextSegment() }
            }
            let expected = fixture.ledger
            disk.unlock()
            fixture = try JournalFixture(disk)
            #expect(fixture.ledger.difference(from: expected) == nil)
        }
        #expect(fixture.report.segments >= 2)
        #expect(try Inspection(disk: disk, limits: JournalFixture.smallLimits).check().isSound)
    }

    @Test func `a frame larger than a segment gets a segment of its own`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try fixture.run(JobID(30), body: [UInt8](repeating: 1, count: 200_000))
        _ = try fixture.journal.flush()
        try fixture.run(JobID(31))
        _ = try fixture.journal.flush()
        let expected = fixture.ledger
        disk.unlock()
        #expect(try JournalFixture(disk).ledger.difference(from: expected) == nil)
    }

    @Test func `the first frame of a folder may be larger than its first segment`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.found()
        try fixture.register(100)
        #expect(fixture.journal.appended == Sequence(103))
        _ = try fixture.journal.flush()
        for _ in 0..<3 {
            try fixture.run(JobID(1), body: [UInt8](repeating: 1, count: 40_000))
            _ = try fixture.journal.flush()
        }
        #expect(fixture.segments.map(\.ordinal) == [1, 2, 3, 4])
        let expected = fixture.ledger
        disk.unlock()
        #expect(try JournalFixture(disk).ledger.difference(from: expected) == nil)
    }

    @Test func `a folder that was left before its first record is begun again`() throws {
        let disk = MemoryDisk()
        for _ in 0..<3 {
            let fixture = try JournalFixture(disk)
            #expect(fixture.journal.room == .plenty)
            #expect(try Inspection(disk: disk, limits: JournalFixture.smallLimits).check().findings.isEmpty)
            disk.unlock()
        }
        #expect(disk.list().count == 2)
    }

    @Test func `a group that is given up leaves no trace`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.found()
        let before = fixture.journal.appended
        #expect(throws: JournalError.ledger(.unknownJob(JobID(99), sequence: before.next.next))) {
            try fixture.append([
                .schedulerRemoved(SchedulerRemoved(number: 1)), .jobFinished(JobFinished(job: JobID(99))),
            ])
        }
        #expect(fixture.journal.appended == before)
        try fixture.register(1)
        _ = try fixture.journal.flush()
        let expected = fixture.ledger
        disk.unlock()
        #expect(try JournalFixture(disk).ledger.difference(from: expected) == nil)
    }

    @Test func `a folder has one writer`() throws {
        let disk = MemoryDisk()
        let first = try JournalFixture(disk)
        #expect(throws: JournalError.locked(holder: "1")) { _ = try JournalFixture(disk) }
        first.journal.close()
        _ = try JournalFixture(disk)
    }

    @Test(arguments: ["write", "datasync"])
    func `a failing write or sync poisons the journal`(_ operation: String) throws {
        let disk = FailingDisk(
            MemoryDisk(),
            failing: operation,
            after: 40,
            kind: .io(errno: 5, text: "Input/output error")
        )
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        let durable = fixture.ledger
        disk.fail(after: 0)
        try fixture.run(JobID(20))
        let cause = DiskError(
            .io(errno: 5, text: "Input/output error"),
            operation: operation,
            path: try #require(fixture.segments.last?.name)
        )
        #expect(throws: JournalError.poisoned(cause: cause)) { _ = try fixture.journal.flush() }
        disk.fail(after: nil)
        #expect(throws: JournalError.poisoned(cause: cause)) { _ = try fixture.journal.flush() }
        #expect(throws: JournalError.poisoned(cause: cause)) { try fixture.run(JobID(21)) }
        #expect(fixture.journal.durable == durable.sequence)
        #expect(fixture.journal.isPoisoned)

        disk.unlock()
        let again = try JournalFixture(disk)
        // A write whose sync failed may have arrived: nobody was told of it, and it is whole or gone.
        #expect(again.ledger.sequence >= durable.sequence)
    }

    @Test func `a segment that takes over never looks like a full disk`() throws {
        let disk = FailingDisk(MemoryDisk(), failing: "none", kind: .noSpace)
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        let (journal, seen) = (fixture.journal, Rooms())
        disk.onWrite.withLock { $0 = { seen.note(journal.room) } }
        for _ in 0..<300 {
            try fixture.run(JobID(20), body: [UInt8](repeating: 1, count: 500))
            _ = try journal.flush()
            journal.prepareNextSegment()
        }
        #expect(fixture.segments.count > 3)
        #expect(seen.all == [.plenty])
    }

    @Test func `a full disk is met ahead, and writing goes on when there is room again`() throws {
        let limits = JournalFixture.smallLimits
        let disk = MemoryDisk(capacityBytes: limits.segmentBytes + limits.firstSegmentBytes + 1000)
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        #expect(fixture.journal.room == .plenty)
        while fixture.journal.room == .plenty {
            try fixture.run(JobID(20), body: [UInt8](repeating: 1, count: 500))
            _ = try fixture.journal.flush()
            if let error = fixture.journal.prepareNextSegment() { #expect(error.kind == .noSpace) }
        }
        #expect(fixture.journal.room != .plenty)
        #expect(!fixture.journal.isPoisoned)
        try fixture.run(JobID(21))
        _ = try fixture.journal.flush()

        disk.resize(capacityBytes: 1 << 20)
        #expect(fixture.journal.prepareNextSegment() == nil)
        #expect(fixture.journal.room == .plenty)
        for _ in 0..<200 {
            try fixture.run(JobID(22), body: [UInt8](repeating: 1, count: 500))
            _ = try fixture.journal.flush()
            fixture.journal.prepareNextSegment()
        }
        let expected = fixture.ledger
        disk.unlock()
        #expect(try JournalFixture(disk).ledger.difference(from: expected) == nil)
    }

    @Test func `a folder without room for a first segment says so`() {
        #expect(throws: JournalError.noSpace(path: SegmentHeader.name(1))) {
            _ = try JournalFixture(MemoryDisk(capacityBytes: 1000))
        }
    }

    @Test func `equal work leaves equal bytes`() throws {
        let disks = [MemoryDisk(), MemoryDisk()]
        for disk in disks {
            var fixture = try JournalFixture(disk)
            try fixture.fill()
            try fixture.journal.writeSnapshot(of: fixture.ledger)
        }
        #expect(disks[0].list() == disks[1].list())
        for name in disks[0].list() { #expect(try disks[0].read(name) == disks[1].read(name)) }
    }
}

/// What room there was, whenever somebody looked.
private final class Rooms: Sendable {
    private let rooms = Mutex<Set<Room>>([])
    var all: Set<Room> { rooms.withLock { $0 } }
    func note(_ room: Room) { rooms.withLock { _ = $0.insert(room) } }
}
