package import Domain
internal import Effects
internal import Synchronization

extension Journal {
    /// Reads history while the writer writes on: only what is durable, never blocking it.
    package func reader() -> JournalReader { JournalReader(journal: self) }

    /// A segment with its index, made when first needed.
    fileprivate func indexed(_ index: Int) throws(JournalError) -> SegmentInfo {
        let info = catalog.withLock { $0.segments[index] }
        if info.marks != nil { return info }
        let made = try info.indexed(disk, spacing: limits.indexSpacingBytes, readBytes: limits.readBytes)
        catalog.withLock { catalog in
            // Segments may have come or gone meanwhile; marks of a complete segment never change.
            guard let place = catalog.segments.firstIndex(where: { $0.ordinal == made.ordinal }),
                catalog.segments[place].end == made.end
            else { return }
            catalog.segments[place].marks = made.marks
        }
        return made
    }
}

/// History, from the segments on disk.
package struct JournalReader: Sendable {
    private let journal: Journal

    init(journal: Journal) {
        self.journal = journal
    }

    /// The oldest record that is still there; nil when there is none.
    package var oldest: Sequence? {
        journal.catalog.withLock { $0.segments.first }?.baseSequence
    }

    package var historyStart: HistoryStart { journal.historyStart }

    /// The last record that may be read now.
    package var newest: Sequence { journal.durable }

    /// The record at a position that the ledger or another record gave, and the position of the one before it
    /// in its job's chain (`.none`: it is the first). nil when the journal no longer has it, or not durably
    /// yet.
    package func entry(at position: Position) throws(JournalError) -> (entry: Entry, previous: Position)? {
        var lookup = FrameLookup(journal)
        return try lookup.entry(at: position)
    }

    /// Follows a job's chain backwards from its newest record (`JobEntry.newest`).
    package func chain(
        from position: Position,
        _ body: (Entry, Position) throws(JournalError) -> ScanStep
    ) throws(JournalError) {
        var lookup = FrameLookup(journal)
        var place = position
        while place != .none, let (entry, previous) = try lookup.entry(at: place) {
            if try body(entry, place) == .stop { return }
            place = previous
        }
    }

    /// Where a record is; nil when the journal no longer has it, or not durably yet.
    package func find(_ sequence: Sequence) throws(JournalError) -> Position? {
        var found: Position?
        try heads(from: sequence) { (_, entry, position, _, _) throws(JournalError) in
            found = entry == sequence ? position : nil
            return .stop
        }
        return found
    }

    /// Hands over durable records in order, from `sequence` or the oldest there is. Records of other subjects
    /// are skipped without being decoded.
    package func scan(
        from sequence: Sequence,
        subject: JobID? = nil,
        _ body: (Entry, Position) throws(JournalError) -> ScanStep
    ) throws(JournalError) {
        try heads(from: sequence) { (head, sequence, position, frame, kinds) throws(JournalError) in
            if let subject, head.subject != subject.number { return .next }
            return try body(try head.entry(frame.bytes, sequence, kinds: kinds), position)
        }
    }

    /// A sequence from which a scan meets every record of `time` and later; at most one step of the index too
    /// early. Where the wall clock went back, records from before its step may lie earlier.
    package func sequence(firstAtOrAfter time: Timestamp) throws(JournalError) -> Sequence {
        let segments = journal.catalog.withLock { $0.segments }
        guard let first = segments.first else { return Sequence(1) }
        // The last segment that began before the time, and in it the last frame known to have.
        guard let index = segments.lastIndex(where: { $0.baseTime < time }) else { return first.baseSequence }
        let segment = try indexed(segments[index])
        let mark = segment.marks?.last { $0.latest < time }
        return Sequence(segment.baseSequence.value + UInt64(mark?.sequenceDelta ?? 0))
    }

    private func indexed(_ segment: SegmentInfo) throws(JournalError) -> SegmentInfo {
        if segment.marks != nil { return segment }
        let index = journal.catalog.withLock { catalog in
            catalog.segments.firstIndex { $0.ordinal == segment.ordinal }
        }
        guard let index else { return segment }
        return try journal.indexed(index)
    }

    /// Walks entries without decoding them.
    private func heads(
        from sequence: Sequence,
        _ body: (EntryHead, Sequence, Position, LoadedFrame, KindNames) throws(JournalError) -> ScanStep
    ) throws(JournalError) {
        let segments = journal.catalog.withLock { $0 }
        let start = segments.index(of: sequence) ?? 0
        for segment in segments.segments.dropFirst(start) {
            let step: ScanStep
            do throws(JournalError) {
                step = try heads(from: sequence, in: segment, body)
            } catch {
                throw journal.catalog.withLock { $0.holds(segment) }
                    ? error : .historyRemoved(journal.historyStart)
            }
            if step == .stop { return }
        }
    }

    private func heads(
        from sequence: Sequence,
        in segment: SegmentInfo,
        _ body: (EntryHead, Sequence, Position, LoadedFrame, KindNames) throws(JournalError) -> ScanStep
    ) throws(JournalError) -> ScanStep {
        var offset = SegmentHeader.byteCount
        if sequence > segment.baseSequence {
            let delta = sequence.value - segment.baseSequence.value
            let mark = try indexed(segment).marks?.last { UInt64($0.sequenceDelta) <= delta }
            offset = mark.map { Int($0.offset) } ?? offset
        }
        var walk = segment.walk(journal.disk, from: offset, readBytes: journal.limits.readBytes)
        while walk.offset < segment.end {
            guard let header = try walk.peek() else { throw segment.damaged(at: walk.offset) }
            if header.last < sequence {
                walk.skip(header)
                continue
            }
            let place = walk.offset
            guard let frame = try walk.take(header) else { throw segment.damaged(at: place) }
            var step = ScanStep.next
            try frame.forEach { (head, entry, position) throws(JournalError) in
                if entry < sequence { return .next }
                step = try body(head, entry, position, frame, segment.kinds)
                return step
            }
            if step == .stop { return .stop }
        }
        return .next
    }
}

extension SegmentInfo {
    fileprivate func damaged(at offset: Int) -> JournalError {
        .corrupt(segment: name, offset: offset, reason: "the frame here is not what was written")
    }
}

/// Finds records by position, and keeps the last frame at hand: a chain often stays in one.
private struct FrameLookup {
    private let journal: Journal
    private var frame: LoadedFrame?
    private var kinds = KindNames.known

    init(_ journal: Journal) {
        self.journal = journal
    }

    mutating func entry(at position: Position) throws(JournalError) -> (entry: Entry, previous: Position)? {
        if frame.map({ $0.position < position && position < $0.end }) != true {
            guard try load(position) else { return nil }
        }
        guard let frame else { return nil }
        var found: (Entry, Position)?
        try frame.forEach { (head, sequence, place) throws(JournalError) in
            guard place == position else { return place < position ? .next : .stop }
            found = (try head.entry(frame.bytes, sequence, kinds: kinds), head.previous(of: position))
            return .stop
        }
        return found
    }

    /// Loads the frame around a position; false when the journal does not have it.
    private mutating func load(_ position: Position) throws(JournalError) -> Bool {
        frame = nil
        guard let index = journal.catalog.withLock({ $0.index(of: position) }) else { return false }
        let segment = try journal.indexed(index)
        let offset = segment.offset(of: position)
        guard offset >= SegmentHeader.byteCount, offset < segment.end else { return false }
        let mark = segment.marks?.last { Int($0.offset) <= offset }
        let start = mark.map { Int($0.offset) } ?? SegmentHeader.byteCount
        var walk = segment.walk(journal.disk, from: start, readBytes: journal.limits.indexSpacingBytes)
        while walk.offset < segment.end {
            guard let header = try walk.peek() else { throw segment.damaged(at: walk.offset) }
            let place = walk.offset
            if place + header.frameBytes <= offset {
                walk.skip(header)
                continue
            }
            guard let loaded = try walk.take(header) else { throw segment.damaged(at: place) }
            frame = loaded
            kinds = segment.kinds
            return true
        }
        return false
    }
}
