package import Domain

/// Sizes that the journal keeps to. Frozen before it is opened.
package struct JournalLimits: Sendable, Hashable {
    /// What a segment allocates; retention removes whole ones.
    package var segmentBytes = 64 << 20
    /// Kept for outcomes when the disk is full: `Room.outcomesOnly` begins here. Less than half a segment.
    package var reserveBytes = 16 << 20
    /// The part of the next segment that one call of `prepareNextSegment` settles.
    package var settleBytes = 1 << 20
    /// What may wait in the open frame while the disk is busy.
    package var frameBytesMax = 64 << 20
    /// One record's payload.
    package var payloadBytesMax = 16 << 20
    /// Bytes of a snapshot's chunk before packing.
    package var snapshotChunkBytes = 1 << 20
    /// A snapshot is due when the tail is longer than this and than half the last snapshot.
    package var snapshotTailBytesMin = 64 << 20
    /// The newest snapshots, which are always kept: should one be damaged, a start uses the other. Older ones
    /// stay a quarter of the history apart.
    package var snapshotsKept = 2
    /// Segments whose records are all older go, the oldest first.
    package var historyAgeMax = Span.forever
    /// Segments go, the oldest first, while all together have more bytes than this.
    package var historyBytesMax = 1 << 30
    /// Distance between the frames that the index in memory remembers (16 bytes each).
    package var indexSpacingBytes = 64 << 10
    /// What is read at a time where frames are read one after the other.
    package var readBytes = 1 << 20

    package init() {}

    /// The first segment of a folder is settled before the start is over, so it is a small one.
    var firstSegmentBytes: Int { max(segmentBytes / 16, 4 * SegmentHeader.byteCount) }

    /// Below this nothing is written any more, outcomes included.
    static let lastBytes = 64 << 10
}

/// What there is space for, allocated already.
package enum Room: Sendable, Hashable {
    /// Anything.
    case plenty
    /// Only the reserve is left: outcomes of what was decided, no new intents (507).
    case outcomesOnly
    /// Nothing.
    case none
}
