package import Domain

/// The first 40 bytes of a frame (`Journaling.docc/Format.md`). Its own checksum starts from the frame's
/// position, so a header that reads as valid *is* the frame that belongs at that place, and its length may be
/// believed.
struct FrameHeader: Equatable {
    static let byteCount = 40
    static let magic: UInt32 = 0x5246_5443  // "CTFR"
    static let epoch: UInt32 = 1
    /// A length has 32 bits.
    static let bodyBytesMax = Int(UInt32.max)

    var bodyBytes: Int
    var bodyChecksum: UInt32
    var first: Sequence
    /// The time that entries count from.
    var base: Timestamp
    var count: UInt32

    /// Bytes of header and body.
    var frameBytes: Int { Self.byteCount + bodyBytes }
    var last: Sequence { Sequence(first.value + UInt64(count) - 1) }

    static func seed(_ position: Position) -> UInt32 {
        UInt32(truncatingIfNeeded: position.byte) ^ UInt32(truncatingIfNeeded: position.byte >> 32)
    }

    func write(to bytes: inout [UInt8], at offset: Int, position: Position) {
        bytes.set(fixed: Self.magic, bytes: 4, at: offset)
        bytes.set(fixed: UInt32(bodyBytes), bytes: 4, at: offset + 4)
        bytes.set(fixed: bodyChecksum, bytes: 4, at: offset + 8)
        bytes.set(fixed: Self.epoch, bytes: 4, at: offset + 12)
        bytes.set(fixed: first.value, bytes: 8, at: offset + 16)
        bytes.set(fixed: UInt64(bitPattern: base.microseconds), bytes: 8, at: offset + 24)
        bytes.set(fixed: count, bytes: 4, at: offset + 32)
        let crc = checksum(bytes, offset..<offset + 36, seed: Self.seed(position))
        bytes.set(fixed: crc, bytes: 4, at: offset + 36)
    }

    init(bodyBytes: Int, bodyChecksum: UInt32, first: Sequence, base: Timestamp, count: UInt32) {
        self.bodyBytes = bodyBytes
        self.bodyChecksum = bodyChecksum
        self.first = first
        self.base = base
        self.count = count
    }

    /// nil when no frame of `position` begins at `offset`, or the bytes end before its header does.
    init?(_ bytes: [UInt8], at offset: Int, position: Position) {
        guard bytes.count - offset >= Self.byteCount, bytes.fixed32(at: offset) == Self.magic,
            bytes.fixed32(at: offset + 36)
                == checksum(bytes, offset..<offset + 36, seed: Self.seed(position))
        else { return nil }
        self.init(
            bodyBytes: Int(bytes.fixed32(at: offset + 4)),
            bodyChecksum: bytes.fixed32(at: offset + 8),
            first: Sequence(bytes.fixed64(at: offset + 16)),
            base: Timestamp(microseconds: Int64(bitPattern: bytes.fixed64(at: offset + 24))),
            count: bytes.fixed32(at: offset + 32)
        )
        guard count > 0, bytes.fixed32(at: offset + 12) == Self.epoch,
            first.value > 0, first.value <= UInt64.max - UInt64(count)
        else { return nil }
    }

    /// Whether the body, which must lie in `bytes`, is the one that was written.
    func bodyMatches(_ bytes: [UInt8], at offset: Int) -> Bool {
        checksum(bytes, offset + Self.byteCount..<offset + frameBytes) == bodyChecksum
    }
}

/// The frame that records are being added to: everything until the next flush shares one fdatasync.
///
/// A record's sequence and position are known as soon as it is added.
package struct FrameBuilder: Sendable {
    /// A gap for the header, then entries. Its memory is used again and again.
    private(set) var bytes: [UInt8]
    private var payload = FieldWriter()
    /// Where the frame will lie.
    private(set) var start: Position
    private(set) var first: Sequence
    private(set) var count: UInt32 = 0
    private(set) var base = Timestamp.distantPast
    private let payloadBytesMax: Int

    init(start: Position, first: Sequence, reusing memory: [UInt8], payloadBytesMax: Int) {
        self.start = start
        self.first = first
        self.payloadBytesMax = payloadBytesMax
        bytes = memory
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: repeatElement(0, count: FrameHeader.byteCount))
    }

    /// What the next record will be called: records of one group may refer to each other by it.
    package var nextSequence: Sequence { Sequence(first.value + UInt64(count)) }
    /// Bytes the frame will take.
    package var byteCount: Int { bytes.count }
    package var isEmpty: Bool { count == 0 }

    /// Adds a record and gives it its place.
    ///
    /// - Parameters:
    ///   - time: now, to the microsecond.
    ///   - previous: where the former record about the same job is (`JobEntry.newest`), `.none` for the first
    ///     one.
    /// - Returns: the entry to apply to the ledger, and its position, the new end of the job's chain.
    package mutating func append(
        _ record: Record,
        time: Timestamp,
        account: UInt32,
        visibility: Visibility,
        previous: Position = .none
    ) -> (entry: Entry, position: Position) {
        let position = Position(start.byte + UInt64(bytes.count))
        precondition(previous < position, "a job's former record lies before the new one")
        if count == 0 { base = time }
        let sequence = nextSequence
        let subject = record.job?.number ?? 0
        payload.bytes.removeAll(keepingCapacity: true)
        encodePayload(
            record,
            PayloadContext(sequence: sequence, time: time, subject: subject),
            into: &payload
        )
        precondition(payload.bytes.count <= payloadBytesMax, "the engine bounds what it records")
        bytes.append(record.kind.rawValue)
        bytes.append(visibility.rawValue)
        bytes.append(varint: UInt64(account))
        bytes.append(varint: UInt64(subject))
        bytes.append(zigzag: time.microseconds &- base.microseconds)
        bytes.append(varint: previous == .none ? 0 : position.byte - previous.byte)
        bytes.append(varint: UInt64(payload.bytes.count))
        bytes.append(contentsOf: payload.bytes)
        count += 1
        let entry = Entry(
            sequence: sequence,
            time: time,
            account: account,
            visibility: visibility,
            record: record
        )
        return (entry, position)
    }

    /// Writes the header: the frame is ready for the disk.
    mutating func seal() -> FrameHeader {
        let header = FrameHeader(
            bodyBytes: bytes.count - FrameHeader.byteCount,
            bodyChecksum: checksum(bytes, FrameHeader.byteCount..<bytes.count),
            first: first,
            base: base,
            count: count
        )
        header.write(to: &bytes, at: 0, position: start)
        return header
    }

    /// The buffer, for the frame after the next.
    consuming func releaseMemory() -> [UInt8] { bytes }

    /// Where the frame after this one begins.
    var end: Position { Position(start.byte + UInt64(bytes.count)) }

    /// A group that is given up leaves no trace.
    struct Mark {
        fileprivate var byteCount: Int
        fileprivate var count: UInt32
    }
    var mark: Mark { Mark(byteCount: bytes.count, count: count) }

    mutating func rewind(to mark: Mark) {
        bytes.removeLast(bytes.count - mark.byteCount)
        count = mark.count
    }
}
