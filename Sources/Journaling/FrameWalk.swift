internal import Domain
internal import Effects

/// A frame in memory.
struct LoadedFrame {
    var header: FrameHeader
    var position: Position
    /// Bytes that hold the frame, and where in them it begins.
    var bytes: [UInt8]
    var offset: Int

    var body: Range<Int> { offset + FrameHeader.byteCount..<offset + header.frameBytes }
    var end: Position { Position(position.byte + UInt64(header.frameBytes)) }

    /// Hands over each entry's head with its sequence and position. The body must match its checksum: what
    /// cannot be read then was written so.
    func forEach(_ body: (EntryHead, Sequence, Position) throws(JournalError) -> ScanStep)
        throws(JournalError)
    {
        let span = bytes.span
        var cursor = ByteCursor(self.body)
        for index in 0..<UInt64(header.count) {
            let sequence = Sequence(header.first.value + index)
            let start = Position(position.byte + UInt64(cursor.index - offset))
            let head: EntryHead
            do throws(FieldError) {
                head = try EntryHead(span, &cursor, base: header.base)
            } catch {
                throw .unreadableRecord(kind: "entry", sequence: sequence, reason: error.sentence)
            }
            if try body(head, sequence, start) == .stop { return }
        }
        guard cursor.index == cursor.end else {
            throw .unreadableRecord(
                kind: "entry",
                sequence: header.last,
                reason: "bytes follow it in its frame"
            )
        }
    }
}

/// Whether a walk over records goes on.
package enum ScanStep: Sendable {
    case next
    case stop
}

/// Walks the frames of one segment from an offset on, reading a piece at a time.
struct FrameWalk {
    let disk: any Disk
    let name: String
    /// The position that offset 4096 stands for.
    let base: Position
    /// Where the segment's readable bytes end.
    let limit: Int
    let readBytes: Int
    private(set) var offset: Int
    private var window: [UInt8] = []
    private var windowStart = 0

    init(disk: any Disk, name: String, base: Position, from offset: Int, limit: Int, readBytes: Int) {
        self.disk = disk
        self.name = name
        self.base = base
        self.limit = limit
        self.readBytes = readBytes
        self.offset = offset
    }

    var position: Position { position(at: offset) }

    private func position(at offset: Int) -> Position {
        Position(base.byte + UInt64(offset - SegmentHeader.byteCount))
    }

    /// The header of the frame that begins here; nil when none does.
    mutating func peek() throws(JournalError) -> FrameHeader? {
        guard limit - offset >= FrameHeader.byteCount else { return nil }
        try load(FrameHeader.byteCount)
        guard let header = FrameHeader(window, at: offset - windowStart, position: position),
            header.frameBytes <= limit - offset
        else { return nil }
        return header
    }

    /// The whole frame that begins here, whose header `peek` gave; nil when its body is not what was written.
    mutating func take(_ header: FrameHeader) throws(JournalError) -> LoadedFrame? {
        try load(header.frameBytes)
        let start = offset - windowStart
        guard window.count - start >= header.frameBytes, header.bodyMatches(window, at: start) else {
            return nil
        }
        let frame = LoadedFrame(header: header, position: position, bytes: window, offset: start)
        offset += header.frameBytes
        return frame
    }

    /// Goes on to the next frame without looking at this one's body.
    mutating func skip(_ header: FrameHeader) {
        offset += header.frameBytes
    }

    private mutating func load(_ count: Int) throws(JournalError) {
        if offset >= windowStart, offset + count <= windowStart + window.count { return }
        window = []
        window = try JournalError.mapping { () throws(DiskError) in
            try disk.read(name, at: offset, count: min(limit - offset, max(count, readBytes)))
        }
        windowStart = offset
    }
}

/// What lies behind the last good frame of a segment.
struct SegmentRest {
    /// One past the last byte that is not zero.
    var end: Int
    /// Where a frame begins that was written after the place in question: proof that what is missing was
    /// durable.
    var laterFrame: Int?

    /// Looks at everything from `offset` on. A frame at `offset` itself is the one in question.
    init(disk: any Disk, name: String, base: Position, from offset: Int, expecting: Sequence)
        throws(JournalError)
    {
        let bytes = try JournalError.mapping { () throws(DiskError) in
            try disk.read(name, at: offset, count: max(0, disk.size(of: name) - offset))
        }
        end = offset
        guard let start = firstNonzero(bytes, from: 0) else { return }
        end = offset + endOfNonzero(bytes, from: start)
        laterFrame = Self.search(bytes, from: start, base: base, offset: offset, expecting: expecting)
    }

    /// A valid header is enough: it is only ever written once all frames before it are durable.
    private static func search(
        _ bytes: [UInt8],
        from start: Int,
        base: Position,
        offset: Int,
        expecting: Sequence
    ) -> Int? {
        let first = UInt8(truncatingIfNeeded: FrameHeader.magic)
        var index = start
        while let found = bytes[index...].firstIndex(of: first) {
            let place = offset + found
            guard place >= SegmentHeader.byteCount else {
                index = found + 1
                continue
            }
            let position = Position(base.byte + UInt64(place - SegmentHeader.byteCount))
            if found > 0, let header = FrameHeader(bytes, at: found, position: position),
                header.first >= expecting
            {
                return place
            }
            index = found + 1
        }
        return nil
    }
}
