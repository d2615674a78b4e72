package import Domain
package import Effects
internal import Synchronization

/// The folder's append-only record of everything that happened (`Journaling.docc/Format.md`).
///
/// It has no thread of its own. One thread appends, another flushes, anybody reads; an append waits for a
/// flush only as long as it takes to swap two buffers. What is appended while a flush is under way shares the
/// next one.
///
/// Space is met ahead: `room` says what the allocated bytes are good for, and `prepareNextSegment` allocates
/// more off the hot path. A frame that cannot be written or synced after that poisons the journal, for nobody
/// knows what is on the medium.
package final class Journal: Sendable {
    package let disk: any Disk
    package let limits: JournalLimits
    private let front: Mutex<Front>
    private let writer: Mutex<Writer>
    let catalog: Mutex<Catalog>
    let snapshots: Mutex<SnapshotShelf>
    private let allocation: Mutex<Allocation>

    /// What appending and asking touches: held for moments.
    private struct Front {
        var open: FrameBuilder
        var spare: [UInt8] = []
        var durable: Sequence
        /// Where the next frame will be once everything in flight is durable.
        var durableEnd: Position
        var inFlightBytes = 0
        /// Left in the segment that is being written.
        var currentLeft: Int
        /// Allocated ahead.
        var next: SpareSegment?
        var poison: DiskError?

        var pending: Int { inFlightBytes + (open.isEmpty ? 0 : open.byteCount) }
    }

    /// What flushing touches: held from the write to the return of fdatasync.
    private struct Writer {
        var current: CurrentSegment?
        /// The latest base time of a frame so far.
        var latest: Timestamp
    }

    /// What allocating touches: held while the file system makes room.
    private struct Allocation {
        /// The highest number a segment has.
        var lastOrdinal: UInt64
    }

    /// The segment that frames go to.
    struct CurrentSegment {
        var ordinal: UInt64
        /// Where the next frame begins.
        var offset: Int
        var size: Int
        /// Its header is on the medium.
        var isBegun: Bool
        var name: String { SegmentHeader.name(ordinal) }
    }

    struct SpareSegment {
        var ordinal: UInt64
        var size: Int
        /// How far it is settled (`Disk.settle`).
        var settledBytes = 0
        var name: String { SegmentHeader.name(ordinal) }
    }

    /// Where recovery ended.
    struct Start {
        var durable: Sequence
        var end: Position
        var current: CurrentSegment?
        var next: SpareSegment?
        var latest: Timestamp
        var catalog: Catalog
        var shelf: SnapshotShelf
    }

    init(disk: any Disk, limits: JournalLimits, start: Start) {
        self.disk = disk
        self.limits = limits
        let open = FrameBuilder(
            start: start.end,
            first: start.durable.next,
            reusing: [],
            payloadBytesMax: limits.payloadBytesMax
        )
        let left = start.current.map { $0.size - $0.offset } ?? 0
        front = Mutex(
            Front(
                open: open,
                durable: start.durable,
                durableEnd: start.end,
                currentLeft: left,
                next: start.next
            )
        )
        let ordinal = max(start.current?.ordinal ?? 0, start.next?.ordinal ?? 0)
        allocation = Mutex(Allocation(lastOrdinal: ordinal))
        writer = Mutex(Writer(current: start.current, latest: start.latest))
        catalog = Mutex(start.catalog)
        snapshots = Mutex(start.shelf)
    }

    /// Releases the folder. What was not flushed is gone.
    package func close() {
        disk.unlock()
    }

    // MARK: Appending

    /// Runs `body` with the open frame to itself: everything it appends is in one frame, durable together or
    /// not at all. When it throws, what it appended is taken back. `body` must not call the journal.
    package func append<R: Sendable>(
        _ body: (inout FrameBuilder) throws(JournalError) -> R
    ) throws(JournalError) -> R {
        try front.withLock { (front) throws(JournalError) in
            if let cause = front.poison { throw .poisoned(cause: cause) }
            guard front.open.byteCount < limits.frameBytesMax else {
                throw .frameFull(bytes: front.open.byteCount)
            }
            let mark = front.open.mark
            do throws(JournalError) {
                return try body(&front.open)
            } catch {
                front.open.rewind(to: mark)
                throw error
            }
        }
    }

    /// The last record that a crash cannot take back.
    package var durable: Sequence { front.withLock { $0.durable } }

    /// The last record appended.
    package var appended: Sequence { front.withLock { Sequence($0.open.nextSequence.value - 1) } }

    /// What may be appended now. A batch of intents is appended only under `.plenty`; it may then be as large
    /// as `reserveBytes` without meeting the end of what is allocated.
    package var room: Room {
        front.withLock { front in
            // With a segment ahead, the worst case is that all that waits goes there.
            let free = (front.next?.size).map { $0 - SegmentHeader.byteCount } ?? front.currentLeft
            let left = max(free, front.pending <= front.currentLeft ? front.currentLeft : 0) - front.pending
            if left > limits.reserveBytes { return .plenty }
            return left > JournalLimits.lastBytes ? .outcomesOnly : .none
        }
    }

    package var isPoisoned: Bool { front.withLock { $0.poison != nil } }

    // MARK: Flushing

    /// Makes everything appended so far durable, in one frame, and returns the last record of it; nil when
    /// there was nothing to do. Blocks for the medium; a second caller waits its turn.
    package func flush() throws(JournalError) -> Sequence? {
        try writer.withLock { (writer) throws(JournalError) -> Sequence? in
            guard var frame = try takeOpenFrame() else { return nil }
            let header = frame.seal()
            do throws(DiskError) {
                try write(frame, header, &writer)
            } catch {
                front.withLock { $0.poison = error }
                throw .poisoned(cause: error)
            }
            let last = Sequence(frame.nextSequence.value - 1)
            let left = writer.current.map { $0.size - $0.offset } ?? 0
            front.withLock { front in
                front.durable = last
                front.durableEnd = frame.end
                front.inFlightBytes = 0
                front.currentLeft = left
                // An unusually large frame's memory is given back.
                front.spare = frame.byteCount <= limits.readBytes ? frame.releaseMemory() : []
            }
            return last
        }
    }

    private func takeOpenFrame() throws(JournalError) -> FrameBuilder? {
        try front.withLock { (front) throws(JournalError) in
            if let cause = front.poison { throw .poisoned(cause: cause) }
            guard !front.open.isEmpty else { return nil }
            let memory = front.spare
            front.spare = []
            var taken = FrameBuilder(
                start: front.open.end,
                first: front.open.nextSequence,
                reusing: memory,
                payloadBytesMax: limits.payloadBytesMax
            )
            swap(&taken, &front.open)
            front.inFlightBytes = taken.byteCount
            return taken
        }
    }

    private func write(_ frame: FrameBuilder, _ header: FrameHeader, _ writer: inout Writer) throws(DiskError)
    {
        precondition(
            frame.byteCount - FrameHeader.byteCount <= FrameHeader.bodyBytesMax,
            "a frame has a limit"
        )
        writer.latest = max(writer.latest, frame.base)
        var segment = try segment(for: frame, writer)
        if !segment.isBegun {
            let block = SegmentHeader(
                basePosition: frame.start,
                baseSequence: frame.first,
                baseTime: writer.latest,
                kinds: .known
            )
            try disk.write(segment.name, at: 0, block.bytes)
            try disk.datasync(segment.name)
            segment.isBegun = true
            let info = SegmentInfo(ordinal: segment.ordinal, header: block)
            catalog.withLock { $0.segments.append(info) }
        }
        try disk.write(segment.name, at: segment.offset, frame.bytes)
        try disk.datasync(segment.name)
        let offset = segment.offset
        catalog.withLock {
            $0.segments[$0.segments.count - 1].add(header, at: offset, spacing: limits.indexSpacingBytes)
        }
        segment.offset += frame.byteCount
        writer.current = segment
    }

    /// The current segment if the frame fits, otherwise the next one, which is used up by this.
    private func segment(for frame: FrameBuilder, _ writer: Writer) throws(DiskError) -> CurrentSegment {
        if let current = writer.current, current.size - current.offset >= frame.byteCount { return current }
        let needed = frame.byteCount + SegmentHeader.byteCount
        let spare = try allocation.withLock { (allocation) throws(DiskError) in
            if let current = writer.current, !current.isBegun {
                // Too small for the folder's first frame. A number may not stay without records before a
                // later one.
                let small = SpareSegment(ordinal: current.ordinal, size: current.size)
                return try allocate(needed, replacing: small, &allocation)
            }
            let ahead = front.withLock { $0.next }
            if let ahead, ahead.size >= needed {
                takeOver(ahead)
                return ahead
            }
            let made = try allocate(max(limits.segmentBytes, needed), replacing: ahead, &allocation)
            takeOver(made)
            return made
        }
        return CurrentSegment(
            ordinal: spare.ordinal,
            offset: SegmentHeader.byteCount,
            size: spare.size,
            isBegun: false
        )
    }

    /// From now on `room` counts what the new segment has: between the spare's taking and the frame's end
    /// nobody may be told that the disk is full.
    private func takeOver(_ segment: SpareSegment) {
        front.withLock { front in
            front.next = nil
            front.currentLeft = segment.size - SegmentHeader.byteCount
        }
    }

    // MARK: Space

    /// Whether `prepareNextSegment` has something to do.
    package var needsPreparation: Bool {
        front.withLock { front in
            guard front.poison == nil else { return false }
            return front.next.map { $0.settledBytes < $0.size } ?? needsSegment(front)
        }
    }

    private func needsSegment(_ front: Front) -> Bool {
        front.next == nil && front.poison == nil
            && front.currentLeft - front.pending < max(limits.segmentBytes / 2, 2 * limits.reserveBytes)
    }

    /// Does a step towards the next segment if one is due: allocates it, or settles a MiB of it. To be called
    /// at the start and after each flush, off the hot path; a step takes milliseconds, and none is a look. A
    /// full disk is no failure of the journal: `room` shrinks until a later call succeeds.
    /// - Returns: what the disk said, if it refused.
    @discardableResult
    package func prepareNextSegment() -> DiskError? {
        allocation.withLock { allocation -> DiskError? in
            do throws(DiskError) {
                if var spare = front.withLock({ $0.next }) {
                    let count = min(limits.settleBytes, spare.size - spare.settledBytes)
                    guard count > 0 else { return nil }
                    try disk.settle(spare.name, at: spare.settledBytes, count: count)
                    spare.settledBytes += count
                    front.withLock { $0.next = spare }
                } else if front.withLock({ needsSegment($0) }) {
                    let spare = try allocate(limits.segmentBytes, replacing: nil, &allocation)
                    front.withLock { $0.next = spare }
                }
                return nil
            } catch {
                return error
            }
        }
    }

    /// A new file under the next number, or under that of a spare which is too small.
    private func allocate(
        _ bytes: Int,
        replacing small: SpareSegment?,
        _ allocation: inout Allocation
    ) throws(DiskError) -> SpareSegment {
        let ordinal = small?.ordinal ?? allocation.lastOrdinal + 1
        let name = SegmentHeader.name(ordinal)
        try disk.create(name, allocating: bytes)
        try disk.datasync(name)
        try disk.syncDirectory()
        allocation.lastOrdinal = max(allocation.lastOrdinal, ordinal)
        return SpareSegment(ordinal: ordinal, size: bytes)
    }

    /// Where the journal's durable frames end.
    var durableEnd: Position { front.withLock { $0.durableEnd } }
}
