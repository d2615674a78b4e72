import Domain
import Testing

@testable import Journaling

struct FrameTests {
    @Test func `the checksum is CRC-32C`() {
        let digits = Array("123456789".utf8)
        #expect(checksum(digits, 0..<9) == 0xe306_9283)
        // RFC 3720, B.4.
        #expect(checksum([UInt8](repeating: 0, count: 32), 0..<32) == 0x8a91_36aa)
        #expect(checksum([UInt8](repeating: 0xff, count: 32), 0..<32) == 0x62a8_ab43)
        #expect(checksum(Array(0..<32), 0..<32) == 0x46dd_794e)
        #expect(checksum([], 0..<0) == 0)
    }

    @Test func `zeros are told from the rest wherever it lies`() {
        var bytes = [UInt8](repeating: 0, count: 20_000)
        #expect(firstNonzero(bytes, from: 0) == nil)
        #expect(endOfNonzero(bytes, from: 7) == 7)
        for place in [0, 1, 4095, 4096, 8191, 12_345, 19_999] {
            bytes[place] = 1
            #expect(firstNonzero(bytes, from: 0) == place)
            #expect(firstNonzero(bytes, from: place + 1) == nil)
            #expect(endOfNonzero(bytes, from: 0) == place + 1)
            bytes[place] = 0
        }
    }

    @Test func `a frame is one only where it was written`() {
        var frame = FrameBuilder(
            start: Position(8192),
            first: Sequence(5),
            reusing: [],
            payloadBytesMax: 1000
        )
        for sample in SampleRecord.full {
            _ = frame.append(sample.entry.record, time: sample.entry.time, account: 3, visibility: .account)
        }
        let header = frame.seal()
        #expect(FrameHeader(frame.bytes, at: 0, position: Position(8192)) == header)
        #expect(FrameHeader(frame.bytes, at: 0, position: Position(8193)) == nil)
        #expect(header.last == Sequence(4 + UInt64(SampleRecord.full.count)))
        #expect(header.bodyMatches(frame.bytes, at: 0))
    }

    @Test func `an entry's place is known when it is appended`() throws {
        var frame = FrameBuilder(
            start: Position(8192),
            first: Sequence(5),
            reusing: [9, 9],
            payloadBytesMax: 1000
        )
        var appended: [(Entry, Position)] = []
        var previous = Position.none
        for sample in SampleRecord.full {
            let (entry, position) = frame.append(
                sample.entry.record,
                time: sample.entry.time,
                account: 3,
                visibility: .operator,
                previous: previous
            )
            appended.append((entry, position))
            previous = position
        }
        let header = frame.seal()
        let loaded = LoadedFrame(header: header, position: Position(8192), bytes: frame.bytes, offset: 0)
        var index = 0
        try loaded.forEach { (head, sequence, position) throws(JournalError) in
            #expect(try head.entry(frame.bytes, sequence, kinds: .known) == appended[index].0)
            #expect(position == appended[index].1)
            #expect(head.previous(of: position) == (index == 0 ? .none : appended[index - 1].1))
            index += 1
            return .next
        }
        #expect(index == appended.count)
    }

    @Test func `every error says what happened and what to do`() {
        let errors: [JournalError] = [
            .corrupt(segment: "s", offset: 1, reason: "r"),
            .historyMissing(needed: Sequence(1), oldest: Sequence(2)),
            .newerFormat(file: "f", version: 2), .unknownKind(name: "pinged", sequence: Sequence(3)),
            .unreadableRecord(kind: "k", sequence: Sequence(3), reason: "r"),
            .ledger(.unknownRun(Sequence(1), sequence: Sequence(2))), .locked(holder: "12"),
            .frameFull(bytes: 3), .readOnly(path: "p"), .noSpace(path: "p"),
        ]
        for error in errors {
            #expect(error.description.hasSuffix("."))
            #expect(!error.hint.isEmpty)
        }
        #expect(
            JournalError.unknownKind(name: "pinged", sequence: Sequence(3)).description.contains("pinged")
        )
    }
}
