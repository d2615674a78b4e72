import Domain
import Effects
import Testing

@testable import Journaling

struct RetentionTests {
    /// Ten segments of 1,000 bytes and 100 records, a day each; snapshots where they are named.
    private func retention(snapshotsAt sequences: [UInt64], change: (inout JournalLimits) -> Void = { _ in })
        -> Retention
    {
        var limits = JournalLimits()
        limits.historyBytesMax = 1 << 30
        limits.historyAgeMax = .days(1000)
        change(&limits)
        let parts = (0..<10).map { (index: UInt64) -> Retention.Part in
            Retention.Part(
                base: Position(1000 * index + 1),
                baseSequence: Sequence(100 * index + 1),
                baseTime: day(Int64(index))
            )
        }
        let rungs = sequences.map { sequence in
            Retention.Rung(
                name: "s\(sequence)",
                sequence: Sequence(sequence),
                time: Timestamp(seconds: Int64(sequence) * 864),
                replayFrom: Position(sequence * 10 + 1)
            )
        }
        return Retention(parts: parts, end: Position(10_001), rungs: rungs, limits: limits)
    }

    private func day(_ number: Int64) -> Timestamp { Timestamp(seconds: number * 86_400) }

    @Test func `nothing goes within both limits but snapshots that stand close`() {
        let removal = retention(snapshotsAt: [100, 200, 800, 900]).removal(now: day(10))
        #expect(removal == Retention.Removal(segments: 0, snapshots: ["s100", "s200"]))
    }

    @Test func `size lets the oldest segments go, down to a snapshot that connects`() {
        let removal = retention(snapshotsAt: [250, 650, 850, 950]) { $0.historyBytesMax = 4_000 }
            .removal(now: day(10))
        // Six segments are too many by size, and the snapshot at 650 is the first that connects.
        #expect(removal == Retention.Removal(segments: 6, snapshots: ["s250"]))
    }

    @Test func `age lets a segment go when the next one is old too`() {
        let removal = retention(snapshotsAt: [450, 850, 950]) { $0.historyAgeMax = .days(5) }
            .removal(now: day(10) - .seconds(1))
        #expect(removal.segments == 4)
        #expect(removal.snapshots == [])
    }

    @Test func `the two newest snapshots can always be started from`() {
        let removal = retention(snapshotsAt: [150, 350, 950]) { $0.historyBytesMax = 1_000 }
            .removal(now: day(10))
        #expect(removal == Retention.Removal(segments: 3, snapshots: ["s150"]))
        for alone in [[], [UInt64(950)]] {
            let kept = retention(snapshotsAt: alone) { $0.historyBytesMax = 1 }.removal(now: day(10))
            #expect(kept == Retention.Removal())
        }
    }

    @Test func `snapshots stay a quarter of the history apart`() {
        let all = stride(from: UInt64(50), through: 950, by: 50).map { $0 }
        let removal = retention(snapshotsAt: all) { $0.historyBytesMax = 8_000 }.removal(now: day(10))
        #expect(removal.segments == 2)
        let kept = Set(all.map { "s\($0)" }).subtracting(removal.snapshots)
        #expect(kept == ["s200", "s400", "s600", "s800", "s900", "s950"])
    }

    @Test func `what is left opens, verifies and says where history begins`() throws {
        let disk = MemoryDisk()
        var limits = JournalFixture.smallLimits
        limits.historyBytesMax = 3 * limits.segmentBytes
        var fixture = try JournalFixture(disk, limits: limits)
        try fixture.fill()
        var removed = 0
        for _ in 0..<400 where removed < 3 {
            for _ in 0..<8 { try fixture.run(JobID(20), body: [UInt8](repeating: 3, count: 1000)) }
            _ = try fixture.journal.flush()
            fixture.journal.prepareNextSegment()
            guard fixture.journal.isSnapshotDue(now: fixture.ledger.lastTime) else { continue }
            try fixture.journal.writeSnapshot(of: fixture.ledger)
            removed += try fixture.journal.removeHistory(now: fixture.ledger.lastTime)
        }
        #expect(removed >= 3)
        let start = fixture.journal.historyStart
        #expect(start.sequence > Sequence(1) && start.sequence == fixture.segments.first?.baseSequence)
        #expect(try fixture.journal.reader().find(Sequence(start.sequence.value - 1)) == nil)
        #expect(try fixture.journal.reader().find(start.sequence) != nil)
        #expect(try Inspection(disk: disk, limits: limits).check().findings.isEmpty)
        let again = try JournalFixture(disk.copy(), limits: limits)
        #expect(again.ledger.difference(from: fixture.ledger) == nil)
        #expect(again.journal.historyStart == start)
        // The newest snapshot may be lost, and the folder still opens.
        let hurt = disk.copy()
        let newest = try #require(hurt.list().last { SnapshotHeader.sequence($0) != nil })
        try hurt.write(newest, at: 100, [0xff, 0xff, 0xff])
        #expect(try JournalFixture(hurt, limits: limits).ledger.difference(from: fixture.ledger) == nil)
    }

    @Test func `nothing goes while a backup holds it`() throws {
        let disk = MemoryDisk()
        var limits = JournalFixture.smallLimits
        limits.historyBytesMax = limits.segmentBytes
        var fixture = try JournalFixture(disk, limits: limits)
        try fixture.fill()
        for _ in 0..<6 {
            for _ in 0..<40 { try fixture.run(JobID(20), body: [UInt8](repeating: 3, count: 1000)) }
            _ = try fixture.journal.flush()
            try fixture.journal.writeSnapshot(of: fixture.ledger)
        }
        fixture.journal.holdHistory()
        #expect(try fixture.journal.removeHistory(now: fixture.ledger.lastTime) == 0)
        fixture.journal.releaseHistory()
        #expect(try fixture.journal.removeHistory(now: fixture.ledger.lastTime) > 0)
    }

    @Test(arguments: ["remove", "syncDirectory", "list"])
    func `removing that fails half-way leaves no gap, then or after the next attempt`(_ operation: String)
        throws
    {
        for count in 0..<40 {
            let base = MemoryDisk()
            let disk = FailingDisk(base, failing: operation, kind: .noSpace)
            disk.fail(after: nil)
            var limits = JournalFixture.smallLimits
            limits.historyBytesMax = limits.segmentBytes
            var fixture = try JournalFixture(disk, limits: limits)
            try fixture.fill()
            for _ in 0..<6 {
                for _ in 0..<60 { try fixture.run(JobID(20), body: [UInt8](repeating: 3, count: 1000)) }
                _ = try fixture.journal.flush()
                try fixture.journal.writeSnapshot(of: fixture.ledger)
            }
            disk.fail(after: count)
            let now = fixture.ledger.lastTime
            let result = Result { () throws(JournalError) in try fixture.journal.removeHistory(now: now) }
            disk.fail(after: nil)
            #expect(try Inspection(disk: base, limits: limits).check().findings.isEmpty)
            try fixture.journal.removeHistory(now: now)
            #expect(try Inspection(disk: base, limits: limits).check().findings.isEmpty)
            #expect(
                try JournalFixture(base.copy(), limits: limits).ledger.difference(from: fixture.ledger) == nil
            )
            guard case .failure = result else { return }
        }
        Issue.record("it never succeeded")
    }
}
