import Domain
import Effects
import Testing

@testable import Journaling

struct InspectionTests {
    private func inspection(_ disk: any Disk) -> Inspection {
        Inspection(disk: disk, limits: JournalFixture.smallLimits)
    }

    private func dump(_ disk: any Disk) throws -> [String] {
        var lines: [String] = []
        try inspection(disk).dump { line in
            lines.append(String(decoding: line.dropLast(), as: UTF8.self))
            return .next
        }
        return lines
    }

    @Test func `a sound folder has no findings, even while it is being written`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        try fixture.run(JobID(20))
        _ = try fixture.journal.flush()
        let report = try inspection(disk).check()
        #expect(report.findings.isEmpty)
        #expect(report.records == fixture.ledger.sequence.value)
        #expect(report.firstSequence == Sequence(1))
        #expect(report.lastSequence == fixture.ledger.sequence)
        #expect(report.snapshots.count == 1)
        #expect(try inspection(MemoryDisk()).check().isSound)
    }

    @Test func `a torn end is a note`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try disk.write(fixture.end.name, at: fixture.end.offset, [1, 2, 3])
        let report = try inspection(disk).check()
        #expect(report.isSound)
        #expect(report.findings.map(\.offset) == [fixture.end.offset])
        #expect(report.findings.map(\.file) == [fixture.end.name])
    }

    @Test func `every damaged place is named, and the records between are counted`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        var ends: [Int] = []
        for _ in 0..<6 {
            ends.append(fixture.end.offset)
            try fixture.run(JobID(20))
            _ = try fixture.journal.flush()
        }
        let segment = fixture.end.name
        for place in [ends[0], ends[3]] { try disk.write(segment, at: place + 50, [0xdd]) }
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        let name = SnapshotHeader.name(fixture.ledger.sequence)
        try disk.write(name, at: 70, [0xdd])
        let report = try inspection(disk).check()
        let damage = report.findings.filter { $0.gravity == .damage }
        #expect(damage.contains { $0.file == segment && $0.offset == ends[0] })
        #expect(damage.contains { $0.file == segment && $0.offset == ends[3] })
        #expect(damage.contains { $0.file == name })
        #expect(report.records == fixture.ledger.sequence.value - 4)
        #expect(damage.allSatisfy { !$0.remedy.isEmpty })
    }

    @Test func `a snapshot that tells another story is found`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        try fixture.journal.writeSnapshot(of: fixture.ledger)
        // The same folder with another past: one job's record differs.
        let other = MemoryDisk()
        var liar = try JournalFixture(other)
        try liar.found()
        try liar.register(70)
        while liar.ledger.sequence < fixture.ledger.sequence {
            try liar.append([.schedulerRemoved(SchedulerRemoved(number: 1))])
        }
        _ = try liar.journal.flush()
        let name = SnapshotHeader.name(fixture.ledger.sequence)
        try other.create(name, allocating: 0)
        try other.write(name, at: 0, disk.read(name))
        let report = try inspection(other).check()
        #expect(report.findings.map(\.file) == [name])
        #expect(!report.isSound)
    }

    @Test func `a dump is the same for the same journal, a line a record`() throws {
        let dumps = try (0..<2).map { _ in
            let disk = MemoryDisk()
            var fixture = try JournalFixture(disk)
            try fixture.fill()
            return try dump(disk)
        }
        #expect(dumps[0] == dumps[1])
        #expect(
            dumps[0].count == dumps[0].filter { $0.hasPrefix("{\"sequence\":") && $0.hasSuffix("}") }.count
        )
    }

    @Test func `a dump does not depend on which frame a record came to lie in`() throws {
        let disks = [MemoryDisk(), MemoryDisk()]
        for (index, disk) in disks.enumerated() {
            var fixture = try JournalFixture(disk)
            try fixture.found()
            try fixture.register(5)
            for round in 0..<20 {
                try fixture.run(JobID(UInt32(1 + round % 5)))
                if index == 0 || round % 7 == 0 { _ = try fixture.journal.flush() }
            }
            _ = try fixture.journal.flush()
        }
        #expect(try dump(disks[0]) == dump(disks[1]))
    }

    @Test(arguments: SampleRecord.full)
    func `a record reads as this line`(_ sample: SampleRecord) throws {
        let line = String(decoding: sample.entry.dumpLine, as: UTF8.self)
        try Golden(folder: "records", file: sample.name + ".json").expect(line)
        #expect(line.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
    }

    @Test func `secrets are masked, and what equals its default is left out`() {
        let entry = SampleRecord.full.first { $0.name == "jobRegistered" }?.entry
        let definition = entry?.json["definition"]
        #expect(definition?["callback"]?["sealed"]?["query"] == .string("sealed:deadbeef"))
        #expect(definition?["callback"]?["body"] == .string("sealed:deadbeef"))
        #expect(definition?["callback"]?["url"] == .string("https://me:***@example.org/hook?token=***"))
        #expect(definition?["dst"] == .string("once"))
        #expect(definition?["catchup"] == nil)
    }

    @Test func `a dump may be narrowed by sequence, job and kind`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        var seen: [Sequence] = []
        try inspection(disk).scan(from: Sequence(60), subject: JobID(12)) { entry, _ in
            #expect(entry.record.job == JobID(12))
            seen.append(entry.sequence)
            return .next
        }
        #expect(seen.count == 3)
        #expect(seen.allSatisfy { $0 >= Sequence(60) })
        var lines = 0
        var filter = RecordFilter()
        filter.kinds = [.runClosed]
        try inspection(disk).dump(filter) { _ in
            lines += 1
            return .next
        }
        #expect(lines == 5)
        filter.kinds = []
        filter.from = .sequence(Sequence(3))
        filter.to = .sequence(Sequence(7))
        lines = 0
        try inspection(disk).dump(filter) { _ in
            lines += 1
            return .next
        }
        #expect(lines == 4)
    }
}
