import Domain
import Effects
import Testing

@testable import Journaling

struct RecoveryTests {
    private let segment = SegmentHeader.name(1)

    /// A few small frames, and the ledger after each: index 0 is the empty one.
    private func smallJournal() throws -> (disk: MemoryDisk, ledgers: [Ledger], ends: [Int]) {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        var ledgers = [fixture.ledger]
        var ends = [SegmentHeader.byteCount]
        func note() throws {
            _ = try fixture.journal.flush()
            ledgers.append(fixture.ledger)
            ends.append(Int(fixture.journal.durableEnd.byte))
        }
        try fixture.append([.folderFounded(FolderFounded(storeID: [1], zoneVersion: "a", keyID: 5))])
        try note()
        try fixture.append([
            .jobRegistered(
                JobRegistered(
                    job: JobID(1),
                    scheduler: 1,
                    definition: [1],
                    cursor: fixture.clock,
                    next: fixture.clock
                )
            )
        ])
        try note()
        try fixture.run(JobID(1))
        try note()
        return (disk, ledgers, ends)
    }

    /// Opens what the altered bytes give: a ledger with its report, or an error.
    private func open(_ bytes: [UInt8]) -> Result<JournalFixture, JournalError> {
        let disk = MemoryDisk()
        return Result { () throws(JournalError) in
            try JournalError.mapping { () throws(DiskError) in
                try disk.create(segment, allocating: 2 * SegmentHeader.byteCount)
                try disk.write(segment, at: 0, bytes)
            }
            return try JournalFixture(disk)
        }
    }

    @Test func `a journal cut anywhere keeps every whole frame before the cut`() throws {
        let (disk, ledgers, ends) = try smallJournal()
        let bytes = try disk.read(segment, at: 0, count: ends[3])
        for count in SegmentHeader.byteCount...bytes.count {
            let whole = try #require(ends.lastIndex { $0 <= count })
            let fixture = try open(Array(bytes[..<count])).get()
            #expect(fixture.ledger.difference(from: ledgers[whole]) == nil)
            // A cut that ends in zeros looks like the zeros after it.
            if let torn = fixture.report.torn {
                #expect(torn.segment == segment)
                #expect(torn.offset == ends[whole])
                #expect(torn.bytes <= count - ends[whole])
            } else {
                #expect(bytes[ends[whole]..<count].allSatisfy { $0 == 0 })
            }
        }
    }

    @Test func `a header cut anywhere is an unused segment`() throws {
        let (disk, _, _) = try smallJournal()
        let bytes = try disk.read(segment, at: 0, count: SegmentHeader.byteCount)
        for count in stride(from: 0, to: SegmentHeader.byteCount, by: 37) {
            var fixture = try open(Array(bytes[..<count])).get()
            #expect(fixture.ledger.sequence == .zero)
            #expect((fixture.report.torn == nil) == (count == 0))
            try fixture.found()
            _ = try fixture.journal.flush()
        }
    }

    @Test func `a single flipped bit never changes the ledger silently`() throws {
        let (disk, ledgers, ends) = try smallJournal()
        let bytes = try disk.read(segment, at: 0, count: ends[3] + 8)
        // The header block is mostly zeros: every byte of its beginning and end, and some between.
        let header = Array(0..<500) + stride(from: 500, to: 4080, by: 97) + Array(4080..<4096)
        for place in header + Array(SegmentHeader.byteCount..<bytes.count) {
            for bit in 0..<8 {
                var altered = bytes
                altered[place] ^= 1 << bit
                switch open(altered) {
                case .failure(.corrupt(let name, let offset, _)):
                    #expect(name == segment)
                    #expect(offset <= place)
                    #expect(place < ends[2])
                case .failure(let error): Issue.record("bit \(bit) of \(place): \(error)")
                case .success(let fixture):
                    // Only the last frame may be taken for torn; behind it, the bit alone is cut off.
                    let expected = place < ends[3] ? ledgers[2] : ledgers[3]
                    #expect(place >= ends[2])
                    #expect(fixture.ledger.difference(from: expected) == nil)
                    #expect(fixture.report.torn != nil)
                }
            }
        }
    }

    @Test func `a torn tail is cut, reported once, and written over`() throws {
        let (disk, ledgers, ends) = try smallJournal()
        try disk.write(segment, at: ends[3], Array("CTFR rubbish of a write that never returned".utf8))
        disk.unlock()
        var fixture = try JournalFixture(disk)
        #expect(fixture.report.torn == .init(segment: segment, offset: ends[3], bytes: 43))
        #expect(fixture.ledger.difference(from: ledgers[3]) == nil)
        try fixture.run(JobID(1))
        _ = try fixture.journal.flush()
        let expected = fixture.ledger
        disk.unlock()
        let again = try JournalFixture(disk)
        #expect(again.report.torn == nil)
        #expect(again.ledger.difference(from: expected) == nil)
    }

    @Test func `a page of zeros in the middle is corruption`() throws {
        let (disk, _, ends) = try smallJournal()
        try disk.write(segment, at: ends[1], [UInt8](repeating: 0, count: ends[2] - ends[1]))
        disk.unlock()
        let error = #expect(throws: JournalError.self) { _ = try JournalFixture(disk) }
        guard case .corrupt(segment, ends[1], _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // A refused folder is left as it was, and free.
        let report = try Inspection(disk: disk, limits: JournalFixture.smallLimits).check()
        #expect(report.findings.map(\.offset) == [ends[1]])
        #expect(report.findings.map(\.gravity) == [.damage])
    }

    @Test func `bytes that look like a frame inside a torn one do not make it corrupt`() throws {
        let (disk, ledgers, ends) = try smallJournal()
        // A whole, valid frame, but of another place.
        let copy = try disk.read(segment, at: ends[2], count: ends[3] - ends[2])
        try disk.write(segment, at: ends[3] + 100, copy)
        disk.unlock()
        let fixture = try JournalFixture(disk)
        #expect(fixture.ledger.difference(from: ledgers[3]) == nil)
        #expect(fixture.report.torn?.offset == ends[3])
    }

    @Test func `a damaged end of an earlier segment is corruption, and so is a missing one`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        while fixture.segments.count < 3 {
            try fixture.run(JobID(20), body: [UInt8](repeating: 3, count: 2000))
            _ = try fixture.journal.flush()
            fixture.journal.prepareNextSegment()
        }
        let first = fixture.segments[0]

        let damaged = disk.copy()
        try damaged.write(first.name, at: first.end - 1, [0xaa])
        let error = #expect(throws: JournalError.self) { _ = try JournalFixture(damaged) }
        guard case .corrupt(first.name, let offset, _) = error, offset < first.end else {
            Issue.record("\(String(describing: error))")
            return
        }

        let missing = disk.copy()
        try missing.remove(SegmentHeader.name(2))
        #expect(
            throws: JournalError.corrupt(
                segment: SegmentHeader.name(2),
                offset: 0,
                reason: "the file is missing"
            )
        ) { _ = try JournalFixture(missing) }

        let headless = disk.copy()
        try headless.write(SegmentHeader.name(2), at: 20, [0xaa])
        #expect(
            throws: JournalError.corrupt(
                segment: SegmentHeader.name(2),
                offset: 0,
                reason: "its header is damaged"
            )
        ) { _ = try JournalFixture(headless) }

        let beheaded = disk.copy()
        try beheaded.remove(SegmentHeader.name(1))
        #expect(throws: JournalError.historyMissing(needed: Sequence(1), oldest: try secondBase(fixture))) {
            _ = try JournalFixture(beheaded)
        }
    }

    private func secondBase(_ fixture: JournalFixture) throws -> Sequence {
        fixture.segments[1].baseSequence
    }

    @Test func `a newer segment and a newer kind of record are refused by name`() throws {
        let (disk, _, ends) = try smallJournal()
        let newer = disk.copy()
        var block = try newer.read(segment, at: 0, count: SegmentHeader.byteCount)
        block.set(fixed: UInt32(2), bytes: 4, at: 8)
        block.set(fixed: checksum(block, 0..<4092), bytes: 4, at: 4092)
        try newer.write(segment, at: 0, block)
        #expect(throws: JournalError.newerFormat(file: segment, version: 2)) { _ = try JournalFixture(newer) }

        let kinds = disk.copy()
        block = try kinds.read(segment, at: 0, count: SegmentHeader.byteCount)
        // The table's last name is followed by zeros: one more name fits.
        let end = try #require(block[..<4092].lastIndex { $0 != 0 }) + 1
        block.set(fixed: block.fixed32(at: 40) + 1, bytes: 4, at: 40)
        block.replaceSubrange(end..<end + 8, with: [200, 6] + Array("pinged".utf8))
        block.set(fixed: checksum(block, 0..<4092), bytes: 4, at: 4092)
        try kinds.write(segment, at: 0, block)
        var frame = try kinds.read(segment, at: ends[2], count: ends[3] - ends[2])
        frame[FrameHeader.byteCount] = 200
        let position = Position(UInt64(ends[2]))
        let header = try #require(FrameHeader(frame, at: 0, position: position))
        let sum = checksum(frame, FrameHeader.byteCount..<frame.count)
        FrameHeader(
            bodyBytes: header.bodyBytes,
            bodyChecksum: sum,
            first: header.first,
            base: header.base,
            count: header.count
        ).write(to: &frame, at: 0, position: position)
        try kinds.write(segment, at: ends[2], frame)
        #expect(throws: JournalError.unknownKind(name: "pinged", sequence: Sequence(3))) {
            _ = try JournalFixture(kinds)
        }
    }

    @Test func `a build that knows more kinds begins a new segment`() throws {
        let (disk, ledgers, _) = try smallJournal()
        // The segment of an older build: its table lacks the last kind.
        var block = try disk.read(segment, at: 0, count: SegmentHeader.byteCount)
        block.set(fixed: block.fixed32(at: 40) - 1, bytes: 4, at: 40)
        block.set(fixed: checksum(block, 0..<4092), bytes: 4, at: 4092)
        try disk.write(segment, at: 0, block)
        disk.unlock()
        var fixture = try JournalFixture(disk)
        #expect(fixture.ledger.difference(from: ledgers[3]) == nil)
        try fixture.run(JobID(1))
        _ = try fixture.journal.flush()
        #expect(fixture.segments.map(\.ordinal) == [1, 2])
        let expected = fixture.ledger
        disk.unlock()
        #expect(try JournalFixture(disk).ledger.difference(from: expected) == nil)
    }

    @Test func `progress counts up to the end`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        disk.unlock()
        var heard: [RecoveryProgress] = []
        _ = try Journal.open(disk: disk, limits: JournalFixture.smallLimits, holder: "1") { heard.append($0) }
        #expect(!heard.isEmpty)
        #expect(heard.allSatisfy { $0.phase == .tail && $0.bytesDone <= $0.bytesTotal })
    }
}
