import Domain
import Effects
import Testing

@testable import Journaling

struct RecordCodecTests {
    private func encoded(_ entry: Entry) -> [UInt8] {
        var w = FieldWriter()
        encodePayload(entry.record, context(of: entry), into: &w)
        return w.bytes
    }

    private func context(of entry: Entry) -> PayloadContext {
        PayloadContext(sequence: entry.sequence, time: entry.time, subject: entry.record.job?.number ?? 0)
    }

    @Test(arguments: SampleRecord.all)
    func `every record reads as it was written`(_ sample: SampleRecord) throws {
        let bytes = encoded(sample.entry)
        let read = try decodePayload(sample.entry.record.kind, context(of: sample.entry), bytes[...])
        #expect(read == sample.entry.record)
    }

    @Test func `the samples cover every kind`() {
        #expect(Set(SampleRecord.full.map(\.entry.record.kind)) == Set(RecordKind.allCases))
        for sample in SampleRecord.all {
            #expect(sample.entry.record.kind.name == sample.entry.record.name)
        }
    }

    @Test(arguments: SampleRecord.all)
    func `the bytes of a record are for ever`(_ sample: SampleRecord) throws {
        let text = hexadecimal(encoded(sample.entry)) + "\n"
        try Golden(folder: "records", file: sample.name + ".hex").expect(text)
    }

    @Test(arguments: SampleRecord.all)
    func `a golden payload of any older build reads`(_ sample: SampleRecord) throws {
        let golden = Golden(folder: "records", file: sample.name + ".hex")
        guard let digits = try golden.text() else { return }
        let bytes = bytes(ofHexadecimal: digits)
        #expect(
            try decodePayload(sample.entry.record.kind, context(of: sample.entry), bytes[...])
                == sample.entry.record
        )
    }

    private func bytes(ofHexadecimal text: String) -> [UInt8] {
        let digits =
            text
            .compactMap { $0.hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    @Test(arguments: SampleRecord.all)
    func `a truncated or altered payload never traps`(_ sample: SampleRecord) {
        let bytes = encoded(sample.entry)
        let context = context(of: sample.entry)
        for kind in RecordKind.allCases {
            for count in 0...bytes.count { _ = try? decodePayload(kind, context, bytes[..<count]) }
            for bit in 0..<bytes.count * 8 {
                var altered = bytes
                altered[bit / 8] ^= 1 << (bit % 8)
                _ = try? decodePayload(kind, context, altered[...])
            }
        }
    }

    @Test func `a field of a newer build is refused`() {
        var w = FieldWriter()
        w.write(99, 1)
        #expect(throws: FieldError.invalid(field: 99, of: "runClosed")) {
            _ = try decodePayload(
                .runClosed,
                PayloadContext(sequence: Sequence(2), time: SampleRecord.now, subject: 1),
                w.bytes[...]
            )
        }
    }

    @Test func `an ordinary decision and its end are small`() {
        let usual = SampleRecord.sparse.filter { ["slotDecided-usual", "runClosed-ok"].contains($0.name) }
        for sample in usual { #expect(encoded(sample.entry).count <= 12) }
    }
}
