internal import Domain
internal import Effects

/// A frame that the index remembers: 16 bytes for every 64 KiB of journal.
struct IndexMark: Sendable {
    var offset: UInt32
    /// Sequence of the frame's first record, from the segment's base.
    var sequenceDelta: UInt32
    /// The latest base time of a frame so far, this one included: never falls, though clocks do.
    var latest: Timestamp
}

/// What readers know of one segment: only what is durable.
struct SegmentInfo: Sendable {
    var ordinal: UInt64
    var base: Position
    var baseSequence: Sequence
    var baseTime: Timestamp
    var kinds: KindNames
    /// Where its durable frames end in the file.
    var end: Int
    /// In ascending order, the first frame always among them; nil until somebody asks.
    var marks: [IndexMark]?

    var name: String { SegmentHeader.name(ordinal) }
    var endPosition: Position { Position(base.byte + UInt64(end - SegmentHeader.byteCount)) }

    init(ordinal: UInt64, header: SegmentHeader, end: Int = SegmentHeader.byteCount) {
        self.ordinal = ordinal
        self.end = end
        base = header.basePosition
        baseSequence = header.baseSequence
        baseTime = header.baseTime
        kinds = header.kinds
    }

    func walk(_ disk: any Disk, from offset: Int = SegmentHeader.byteCount, readBytes: Int) -> FrameWalk {
        FrameWalk(disk: disk, name: name, base: base, from: offset, limit: end, readBytes: readBytes)
    }

    func offset(of position: Position) -> Int {
        Int(position.byte - base.byte) + SegmentHeader.byteCount
    }

    /// Takes note of a frame that is durable now.
    mutating func add(_ header: FrameHeader, at offset: Int, spacing: Int) {
        end = offset + header.frameBytes
        let former = marks?.last
        if let former, offset - Int(former.offset) < spacing { return }
        guard marks != nil || offset == SegmentHeader.byteCount else { return }
        let mark = IndexMark(
            offset: UInt32(offset),
            sequenceDelta: UInt32(truncatingIfNeeded: header.first.value - baseSequence.value),
            latest: max(former?.latest ?? baseTime, header.base)
        )
        if marks == nil { marks = [mark] } else { marks?.append(mark) }
    }

    /// Finds the frames by their headers.
    func indexed(_ disk: any Disk, spacing: Int, readBytes: Int) throws(JournalError) -> SegmentInfo {
        var info = self
        info.marks = []
        var walk = walk(disk, readBytes: readBytes)
        while walk.offset < end {
            guard let header = try walk.peek() else {
                throw .corrupt(segment: name, offset: walk.offset, reason: "no frame begins here")
            }
            info.add(header, at: walk.offset, spacing: spacing)
            walk.skip(header)
        }
        info.end = end
        return info
    }
}

/// All segments, oldest first.
struct Catalog: Sendable {
    var segments: [SegmentInfo] = []

    func holds(_ segment: SegmentInfo) -> Bool { segments.contains { $0.ordinal == segment.ordinal } }

    /// Index of the segment that holds a position.
    func index(of position: Position) -> Int? {
        let after = segments.firstIndex { $0.base > position } ?? segments.count
        guard after > 0, position < segments[after - 1].endPosition else { return nil }
        return after - 1
    }

    /// Index of the segment that holds a sequence, if it is durable and still there.
    func index(of sequence: Sequence) -> Int? {
        let after = segments.firstIndex { $0.baseSequence > sequence } ?? segments.count
        return after > 0 ? after - 1 : nil
    }
}
