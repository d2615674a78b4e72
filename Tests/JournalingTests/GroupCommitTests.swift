import Dispatch
import Domain
import Effects
import Synchronization
import Testing

@testable import Journaling

/// Four threads' work on one journal.
private final class Exercise: Sendable {
    let journal: Journal
    private let fixture: Mutex<JournalFixture>
    private let isDone = Mutex(false)
    private let failures = Mutex<[String]>([])

    init(_ fixture: JournalFixture) {
        journal = fixture.journal
        self.fixture = Mutex(fixture)
    }

    var ledger: Ledger { fixture.withLock { $0.ledger } }
    var faults: [String] { failures.withLock { $0 } }

    private func fault(_ text: String) { failures.withLock { $0.append(text) } }

    private func repeatUntilDone(_ body: () throws -> Void) {
        do {
            while !isDone.withLock({ $0 }) { try body() }
        } catch {
            fault("\(error)")
        }
    }

    func run(lane: Int) {
        switch lane {
        case 0: append()
        case 1: flush()
        case 2:
            repeatUntilDone {
                let ledger = self.ledger
                if ledger.sequence <= journal.durable { try journal.writeSnapshot(of: ledger) }
            }
        default:
            repeatUntilDone {
                var expected = Sequence(1)
                try journal.reader().scan(from: expected) { entry, _ in
                    if entry.sequence != expected { fault("a gap before \(entry.sequence)") }
                    expected = expected.next
                    return .next
                }
            }
        }
    }

    private func append() {
        do {
            for index in 0..<400 {
                try fixture.withLock {
                    try $0.run(JobID(UInt32(20 + index % 40)), body: [UInt8](repeating: 1, count: 200))
                }
            }
        } catch {
            fault("\(error)")
        }
        isDone.withLock { $0 = true }
    }

    private func flush() {
        var last = journal.durable
        repeatUntilDone {
            if let sequence = try journal.flush() {
                if sequence <= last { fault("durable went back") }
                last = sequence
            }
            journal.prepareNextSegment()
        }
    }
}

struct GroupCommitTests {
    @Test func `appends, flushes, snapshots and readers do not disturb each other`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        let exercise = Exercise(fixture)
        DispatchQueue.concurrentPerform(iterations: 4) { exercise.run(lane: $0) }
        #expect(exercise.faults == [])
        _ = try exercise.journal.flush()
        disk.unlock()
        let again = try JournalFixture(disk)
        #expect(again.ledger.difference(from: exercise.ledger) == nil)
        #expect(try Inspection(disk: disk, limits: JournalFixture.smallLimits).check().findings.isEmpty)
    }

    @Test func `what is appended during a flush shares the next one`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        let before = fixture.journal.durable
        try fixture.run(JobID(20))
        try fixture.run(JobID(21))
        #expect(try fixture.journal.flush() == Sequence(before.value + 4))
        var frames = Set<UInt64>()
        try fixture.journal.reader().scan(from: before.next) { _, position in
            frames.insert(position.byte)
            return .next
        }
        #expect(frames.count == 4)
        #expect(try fixture.journal.flush() == nil)
    }

    @Test func `more than the disk takes is refused until it has caught up`() throws {
        var limits = JournalFixture.smallLimits
        limits.frameBytesMax = 2000
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk, limits: limits)
        try fixture.found()
        try fixture.register(5)
        _ = try fixture.journal.flush()
        var refused = false
        for _ in 0..<100 where !refused {
            do throws(JournalError) {
                try fixture.run(JobID(1), body: [UInt8](repeating: 1, count: 100))
            } catch {
                guard case .frameFull(let bytes) = error else { throw error }
                #expect(bytes >= 2000 && error.isRetryable)
                refused = true
            }
        }
        #expect(refused)
        _ = try fixture.journal.flush()
        try fixture.append([.schedulerRemoved(SchedulerRemoved(number: 1))])
    }
}
