internal import Domain

/// A segment's name and header block (`Journaling.docc/Format.md`).
struct SegmentHeader: Equatable {
    static let byteCount = 4096
    static let magic = Array("CTSEGMNT".utf8)
    static let version: UInt32 = 1
    /// Where the journal's first frame is, in the file and as a position.
    static let firstPosition = Position(UInt64(byteCount))

    var basePosition: Position
    var baseSequence: Sequence
    /// The latest base time of a frame so far, the segment's first one included.
    var baseTime: Timestamp
    var kinds: KindNames

    var bytes: [UInt8] {
        var out = Self.magic
        out.reserveCapacity(Self.byteCount)
        out.append(fixed: Self.version, bytes: 4)
        out.append(fixed: FrameHeader.epoch, bytes: 4)
        out.append(fixed: basePosition.byte, bytes: 8)
        out.append(fixed: baseSequence.value, bytes: 8)
        out.append(fixed: UInt64(bitPattern: baseTime.microseconds), bytes: 8)
        kinds.write(to: &out)
        precondition(out.count <= Self.byteCount - 4, "the table of kinds fits into the header")
        out.append(contentsOf: repeatElement(0, count: Self.byteCount - 4 - out.count))
        out.append(fixed: checksum(out, 0..<out.count), bytes: 4)
        return out
    }

    enum Reading: Equatable {
        case valid(SegmentHeader)
        /// All zeros: allocated ahead.
        case unused
        /// Neither: a crash while it was written, or damage.
        case broken
    }

    static func read(_ bytes: [UInt8], name: String) throws(JournalError) -> Reading {
        if firstNonzero(bytes, from: 0) == nil { return .unused }
        guard bytes.count == byteCount, Array(bytes[..<8]) == magic,
            bytes.fixed32(at: byteCount - 4) == checksum(bytes, 0..<byteCount - 4)
        else { return .broken }
        let found = bytes.fixed32(at: 8)
        guard found <= version else { throw .newerFormat(file: name, version: found) }
        guard let kinds = KindNames(bytes, at: 40) else { return .broken }
        return .valid(
            SegmentHeader(
                basePosition: Position(bytes.fixed64(at: 16)),
                baseSequence: Sequence(bytes.fixed64(at: 24)),
                baseTime: Timestamp(microseconds: Int64(bitPattern: bytes.fixed64(at: 32))),
                kinds: kinds
            )
        )
    }

    static func name(_ ordinal: UInt64) -> String {
        let digits = String(ordinal)
        return "journal-\(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits).seg"
    }

    /// The ordinal in a segment's name; nil for other files.
    static func ordinal(_ name: String) -> UInt64? {
        guard name.hasPrefix("journal-"), name.hasSuffix(".seg") else { return nil }
        let digits = name.dropFirst(8).dropLast(4)
        guard digits.count >= 10, digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let ordinal = UInt64(digits),
            ordinal > 0
        else { return nil }
        return ordinal
    }
}

/// The names of the record kinds that a segment's writer knew: with them an older build can say what it does
/// not know.
struct KindNames: Equatable {
    private var names: [UInt8: String]

    /// This build's.
    static let known = KindNames(
        names: Dictionary(uniqueKeysWithValues: RecordKind.allCases.map { ($0.rawValue, $0.name) })
    )

    private init(names: [UInt8: String]) {
        self.names = names
    }

    init?(_ bytes: [UInt8], at start: Int) {
        names = [:]
        var offset = start + 4
        for _ in 0..<bytes.fixed32(at: start) {
            guard offset + 2 <= bytes.count - 4 else { return nil }
            let end = offset + 2 + Int(bytes[offset + 1])
            guard end <= bytes.count - 4 else { return nil }
            names[bytes[offset]] = String(decoding: bytes[offset + 2..<end], as: UTF8.self)
            offset = end
        }
    }

    func write(to out: inout [UInt8]) {
        out.append(fixed: UInt32(names.count), bytes: 4)
        for (number, name) in names.sorted(by: { $0.key < $1.key }) {
            out.append(number)
            out.append(UInt8(name.utf8.count))
            out.append(contentsOf: name.utf8)
        }
    }

    /// Whether this table names everything that `other` names.
    func covers(_ other: KindNames) -> Bool {
        other.names.keys.allSatisfy { names[$0] != nil }
    }

    func name(of kind: UInt8) -> String { names[kind] ?? "number \(kind)" }
}
