internal import Domain

/// The first 64 bytes of a snapshot (`Journaling.docc/Format.md`).
struct SnapshotHeader: Equatable {
    static let byteCount = 64
    static let magic = Array("CTSNPSHT".utf8)
    static let version: UInt32 = 1

    var sequence: Sequence
    var lastTime: Timestamp
    /// Of a frame at or before the first record that the snapshot does not hold.
    var replayFrom: Position
    /// Job numbers given out.
    var jobs: UInt64

    var bytes: [UInt8] {
        var out = Self.magic
        out.append(fixed: Self.version, bytes: 4)
        out.append(fixed: FrameHeader.epoch, bytes: 4)
        out.append(fixed: sequence.value, bytes: 8)
        out.append(fixed: UInt64(bitPattern: lastTime.microseconds), bytes: 8)
        out.append(fixed: replayFrom.byte, bytes: 8)
        out.append(fixed: jobs, bytes: 8)
        out.append(contentsOf: repeatElement(0, count: 12))
        out.append(fixed: checksum(out, 0..<60), bytes: 4)
        return out
    }

    init(sequence: Sequence, lastTime: Timestamp, replayFrom: Position, jobs: UInt64) {
        self.sequence = sequence
        self.lastTime = lastTime
        self.replayFrom = replayFrom
        self.jobs = jobs
    }

    init(_ bytes: [UInt8]) throws(SnapshotFault) {
        guard bytes.count == Self.byteCount, Array(bytes[..<8]) == Self.magic,
            bytes.fixed32(at: 60) == checksum(bytes, 0..<60)
        else { throw .damaged(offset: 0, reason: "its header is not valid") }
        let version = bytes.fixed32(at: 8)
        guard version <= Self.version else { throw .newer(version: version) }
        sequence = Sequence(bytes.fixed64(at: 16))
        lastTime = Timestamp(microseconds: Int64(bitPattern: bytes.fixed64(at: 24)))
        replayFrom = Position(bytes.fixed64(at: 32))
        jobs = bytes.fixed64(at: 40)
        guard jobs <= UInt32.max else { throw .damaged(offset: 40, reason: "it counts \(jobs) jobs") }
    }

    static func name(_ sequence: Sequence) -> String {
        let digits = String(sequence.value)
        return "snapshot-\(String(repeating: "0", count: max(0, 20 - digits.count)))\(digits).snap"
    }

    /// The sequence in a snapshot's name; nil for other files.
    static func sequence(_ name: String) -> Sequence? {
        guard name.hasPrefix("snapshot-"), name.hasSuffix(".snap") else { return nil }
        let digits = name.dropFirst(9).dropLast(5)
        guard digits.count == 20, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt64(digits).map { Sequence($0) }
    }
}

/// The first 16 bytes of a snapshot's chunk.
struct ChunkHeader {
    static let byteCount = 16

    enum Kind: UInt8 {
        case state = 1
        case jobs = 2
        case end = 3
    }

    var kind: Kind
    var rawBytes: Int
    var packedBytes: Int
    var checksum: UInt32

    /// A chunk's bytes, ready to write.
    static func chunk(_ kind: Kind, rawBytes: Int, packed: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(byteCount + packed.count)
        out.append(kind.rawValue)
        out.append(contentsOf: [0, 0, 0])
        out.append(fixed: UInt32(rawBytes), bytes: 4)
        out.append(fixed: UInt32(packed.count), bytes: 4)
        out.append(fixed: UInt32(0), bytes: 4)
        out.append(contentsOf: packed)
        out.set(fixed: sum(out), bytes: 4, at: 12)
        return out
    }

    /// Over the header's first twelve bytes and what follows the header.
    private static func sum(_ chunk: [UInt8]) -> UInt32 {
        Journaling.checksum(chunk, byteCount..<chunk.count, seed: Journaling.checksum(chunk, 0..<12))
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, let kind = Kind(rawValue: bytes[0]),
            bytes[1...3].allSatisfy({ $0 == 0 })
        else { return nil }
        self.kind = kind
        rawBytes = Int(bytes.fixed32(at: 4))
        packedBytes = Int(bytes.fixed32(at: 8))
        checksum = bytes.fixed32(at: 12)
    }

    /// Whether `chunk`, header included, is what was written.
    func matches(_ chunk: [UInt8]) -> Bool { Self.sum(chunk) == checksum }
}

/// Why a snapshot is of no use.
enum SnapshotFault: Error, Equatable {
    case damaged(offset: Int, reason: String)
    case newer(version: UInt32)
    case unreadable(reason: String)

    var sentence: String {
        switch self {
        case .damaged(let offset, let reason): "damaged at byte \(offset): \(reason)"
        case .newer(let version): "format \(version) is newer than this build"
        case .unreadable(let reason): reason
        }
    }
}
