import Domain
import Effects
import Testing

@testable import Journaling

struct SnapshotTests {
    private func snapshots(_ disk: any Disk) throws -> [String] {
        try disk.list().filter { $0.hasSuffix(".snap") }
    }

    @Test func `a snapshot and the tail give what the whole journal gives`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        let atSnapshot = fixture.ledger
        for index in 0..<20 { try fixture.run(JobID(UInt32(20 + index))) }
        try fixture.append([.jobResumed(JobResumed(job: JobID(9), next: fixture.clock))])
        _ = try fixture.journal.flush()

        let whole = disk.copy()
        for name in try snapshots(whole) { try whole.remove(name) }
        let replayed = try JournalFixture(whole)
        #expect(replayed.ledger.difference(from: fixture.ledger) == nil)

        disk.unlock()
        let restarted = try JournalFixture(disk)
        #expect(restarted.report.snapshotSequence == atSnapshot.sequence)
        #expect(restarted.report.recordsReplayed == 41)
        #expect(restarted.ledger.difference(from: replayed.ledger) == nil)
    }

    @Test func `a snapshot taken in the middle of a frame is continued inside it`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try fixture.run(JobID(20))
        let middle = fixture.ledger
        try fixture.run(JobID(21))
        _ = try fixture.journal.flush()
        try fixture.journal.writeSnapshot(of: middle)
        disk.unlock()
        let again = try JournalFixture(disk)
        #expect(again.report.recordsReplayed == 2)
        #expect(again.ledger.difference(from: fixture.ledger) == nil)
    }

    @Test func `a damaged newest snapshot is passed over, and removed when there is a better one`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        try fixture.run(JobID(20))
        _ = try fixture.journal.flush()
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        let names = try snapshots(disk)
        #expect(names.count == 2)
        let size = try disk.size(of: names[1])
        try disk.write(names[1], at: size / 2, [0xff, 0x00, 0xff])
        disk.unlock()

        var again = try JournalFixture(disk)
        #expect(again.report.snapshot == names[0])
        #expect(again.report.refusedSnapshots.map(\.name) == [names[1]])
        #expect(again.ledger.difference(from: fixture.ledger) == nil)
        try again.run(JobID(20))
        _ = try again.journal.flush()
        try again.journal.writeSnapshot(of: again.ledger)
        try again.journal.removeHistory(now: again.ledger.lastTime)
        #expect(try snapshots(disk) == [names[0], SnapshotHeader.name(again.ledger.sequence)])
    }

    @Test func `a snapshot with any byte altered or missing is refused or passed over, never misread`() throws
    {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        let name = try #require(try snapshots(disk).first)
        let bytes = try disk.read(name)
        let other = MemoryDisk()
        func read(_ bytes: [UInt8]) throws -> Snapshot {
            try other.create(name, allocating: 0)
            try other.write(name, at: 0, bytes)
            return try Snapshot.read(name, from: other)
        }
        #expect(try read(bytes).ledger.difference(from: fixture.ledger) == nil)
        for place in 0..<bytes.count {
            var altered = bytes
            altered[place] ^= 1 << (place % 8)
            #expect(throws: SnapshotFault.self) { _ = try read(altered) }
        }
        for count in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: SnapshotFault.self) { _ = try read(Array(bytes[..<count])) }
        }
        #expect(throws: SnapshotFault.self) { _ = try read(bytes + [0]) }
    }

    @Test func `a snapshot of a newer build is refused, not passed over`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        let name = try #require(try snapshots(disk).first)
        var header = try disk.read(name, at: 0, count: 64)
        header.set(fixed: UInt32(9), bytes: 4, at: 8)
        header.set(fixed: checksum(header, 0..<60), bytes: 4, at: 60)
        try disk.write(name, at: 0, header)
        disk.unlock()
        #expect(throws: JournalError.newerFormat(file: name, version: 9)) { _ = try JournalFixture(disk) }
    }

    @Test func `a journal that ends before its snapshot is corrupt`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        let end = fixture.end.offset
        try fixture.run(JobID(20))
        _ = try fixture.journal.flush()
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        let segment = fixture.end.name
        try disk.write(segment, at: end, [UInt8](repeating: 0, count: fixture.end.offset - end))
        disk.unlock()
        let error = #expect(throws: JournalError.self) { _ = try JournalFixture(disk) }
        guard case .corrupt(segment, end, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `old segments may go once a snapshot covers them, but not before`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        while fixture.segments.count < 3 {
            try fixture.run(JobID(20), body: [UInt8](repeating: 3, count: 2000))
            _ = try fixture.journal.flush()
        }
        let oldest = fixture.segments[2].baseSequence
        let uncovered = disk.copy()
        for ordinal in [UInt64(1), 2] { try uncovered.remove(SegmentHeader.name(ordinal)) }
        #expect(throws: JournalError.historyMissing(needed: Sequence(1), oldest: oldest)) {
            _ = try JournalFixture(uncovered)
        }
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        for ordinal in [UInt64(1), 2] { try disk.remove(SegmentHeader.name(ordinal)) }
        disk.unlock()
        let again = try JournalFixture(disk)
        #expect(again.ledger.difference(from: fixture.ledger) == nil)
        #expect(again.journal.reader().oldest == oldest)
        #expect(try Inspection(disk: disk, limits: JournalFixture.smallLimits).check().findings.isEmpty)
    }

    @Test(arguments: ["create", "write", "datasync", "rename", "syncDirectory", "list", "remove"])
    func `a snapshot that fails at any operation changes nothing that a start sees`(_ operation: String)
        throws
    {
        let base = MemoryDisk()
        let disk = FailingDisk(base, failing: operation, kind: .noSpace)
        disk.fail(after: nil)
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        for round in 1...3 {
            try fixture.run(JobID(20))
            _ = try fixture.journal.flush()
            if round < 3 { try fixture.journal.writeSnapshot(of: fixture.ledger) }
        }
        for count in 0..<100 {
            disk.fail(after: count)
            let result = Result { () throws(JournalError) in
                try fixture.journal.writeSnapshot(of: fixture.ledger)
            }
            disk.fail(after: nil)
            #expect(try JournalFixture(base.copy()).ledger.difference(from: fixture.ledger) == nil)
            #expect(!fixture.journal.isPoisoned)
            guard case .failure(let error) = result else { return }
            #expect(error.isRetryable)
        }
        Issue.record("it never succeeded")
    }

    @Test func `a snapshot is due when the tail is long`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.found()
        _ = try fixture.journal.flush()
        #expect(!fixture.journal.isSnapshotDue(now: fixture.ledger.lastTime))
        try fixture.register(70)
        _ = try fixture.journal.flush()
        #expect(fixture.journal.isSnapshotDue(now: fixture.ledger.lastTime))
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        #expect(!fixture.journal.isSnapshotDue(now: fixture.ledger.lastTime))
        #expect(fixture.journal.lastSnapshotBytes > 0)
        #expect(fixture.journal.bytesSinceSnapshot == 0)
    }
}
