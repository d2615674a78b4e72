import Domain
import Effects
import Testing

@testable import Journaling

struct JournalReaderTests {
    /// A journal over several segments, and everything that was appended to it.
    private func history(restart: Bool) throws -> (JournalFixture, [Entry]) {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.fill()
        for index in 0..<150 {
            try fixture.run(JobID(UInt32(20 + index % 7)), body: [UInt8](repeating: 3, count: 700))
            if index % 3 == 0 { _ = try fixture.journal.flush() }
        }
        _ = try fixture.journal.flush()
        if restart {
            disk.unlock()
            fixture = try JournalFixture(disk)
        }
        var entries: [Entry] = []
        try fixture.journal.reader().scan(from: .zero) { entry, _ in
            entries.append(entry)
            return .next
        }
        return (fixture, entries)
    }

    @Test(arguments: [false, true])
    func `a scan meets every record once, in order`(restart: Bool) throws {
        let (fixture, entries) = try history(restart: restart)
        #expect(entries.map(\.sequence.value) == Array(1...fixture.ledger.sequence.value))
        var ledger = Ledger()
        try fixture.journal.reader().scan(from: Sequence(1)) { (entry, position) throws(JournalError) in
            do throws(LedgerError) { try ledger.apply(entry, at: position) } catch { throw .ledger(error) }
            return .next
        }
        #expect(ledger.difference(from: fixture.ledger) == nil)
    }

    @Test(arguments: [false, true])
    func `every record is found by its sequence, and read at its place`(restart: Bool) throws {
        let (fixture, entries) = try history(restart: restart)
        let reader = fixture.journal.reader()
        for entry in entries {
            let position = try #require(try reader.find(entry.sequence))
            let found = try #require(try reader.entry(at: position))
            #expect(found.entry == entry)
        }
        #expect(try reader.find(fixture.ledger.sequence.next) == nil)
        #expect(try reader.find(.zero) == nil)
        #expect(try reader.entry(at: .none) == nil)
        #expect(try reader.entry(at: Position(fixture.journal.durableEnd.byte)) == nil)
        // A place inside a record is no record.
        let first = try #require(try reader.find(Sequence(5)))
        #expect(try reader.entry(at: Position(first.byte + 1)) == nil)
    }

    @Test(arguments: [false, true])
    func `a chain leads through all records of a job, back to its registration`(restart: Bool) throws {
        let (fixture, entries) = try history(restart: restart)
        let reader = fixture.journal.reader()
        for job in [JobID(1), JobID(12), JobID(20), JobID(26), JobID(60)] {
            var chain: [Entry] = []
            try reader.chain(from: fixture.ledger.jobs[job].newest) { entry, _ in
                chain.append(entry)
                return .next
            }
            #expect(chain.reversed() == entries.filter { $0.record.job == job })
            var scanned: [Entry] = []
            try reader.scan(from: .zero, subject: job) { entry, _ in
                scanned.append(entry)
                return .next
            }
            #expect(scanned == chain.reversed())
        }
    }

    @Test func `a scan begins where it is told and ends when it is told`() throws {
        let (fixture, _) = try history(restart: false)
        for start in stride(from: UInt64(1), to: fixture.ledger.sequence.value, by: 37) {
            var seen: [UInt64] = []
            try fixture.journal.reader().scan(from: Sequence(start)) { entry, _ in
                seen.append(entry.sequence.value)
                return seen.count == 3 ? .stop : .next
            }
            #expect(seen == Array(start...min(start + 2, fixture.ledger.sequence.value)))
        }
    }

    @Test(arguments: [false, true])
    func `a scan from a time misses nothing of it`(restart: Bool) throws {
        let (fixture, entries) = try history(restart: restart)
        let reader = fixture.journal.reader()
        var skipped = 0
        for entry in entries {
            let start = try reader.sequence(firstAtOrAfter: entry.time)
            let first = try #require(entries.first { $0.time >= entry.time })
            #expect(start <= first.sequence)
            skipped += Int(start.value) - 1
        }
        #expect(skipped > entries.count * entries.count / 3)
        #expect(try reader.sequence(firstAtOrAfter: .distantPast) == Sequence(1))
    }

    @Test func `what is not durable yet is not read`() throws {
        let disk = MemoryDisk()
        var fixture = try JournalFixture(disk)
        try fixture.found()
        let reader = fixture.journal.reader()
        #expect(reader.oldest == nil)
        #expect(try reader.find(Sequence(1)) == nil)
        _ = try fixture.journal.flush()
        #expect(try reader.find(Sequence(1)) == SegmentHeader.firstPosition + FrameHeader.byteCount)
        try fixture.append([.schedulerRemoved(SchedulerRemoved(number: 1))])
        #expect(try reader.find(fixture.journal.appended) == nil)
    }

    @Test func `damage in history is named, not read`() throws {
        let (fixture, entries) = try history(restart: false)
        let reader = fixture.journal.reader()
        let position = try #require(try reader.find(Sequence(50)))
        let segment = try #require(fixture.segments.last { $0.base <= position })
        try fixture.disk.write(segment.name, at: segment.offset(of: position) + 3, [0xee])
        let error = #expect(throws: JournalError.self) { _ = try reader.entry(at: position) }
        guard case .corrupt(segment.name, let offset, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(offset <= segment.offset(of: position))
        #expect(try reader.find(entries[entries.count - 1].sequence) != nil)
    }
}

private func + (position: Position, bytes: Int) -> Position { Position(position.byte + UInt64(bytes)) }
