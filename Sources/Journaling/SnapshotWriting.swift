package import Domain
internal import Effects
internal import Synchronization

/// What the journal knows of its snapshots.
struct SnapshotShelf: Sendable {
    /// The newest one's sequence; zero when there is none.
    var sequence = Sequence.zero
    /// Where the tail after it begins.
    var replayFrom = SegmentHeader.firstPosition
    var bytes = 0
    /// Unreadable ones that recovery passed over.
    var refused: Set<String> = []
    var isBeingWritten = false
    /// The last record's time in the newest one.
    var time = Timestamp.distantPast
    /// Backups that read the files there are.
    var holds = 0
}

extension Journal {
    /// Length of the tail that a start would read now.
    package var bytesSinceSnapshot: UInt64 {
        let end = durableEnd.byte
        return snapshots.withLock { end - min(end, $0.replayFrom.byte) }
    }

    /// Length of the newest snapshot's file; 0 when there is none.
    package var lastSnapshotBytes: Int { snapshots.withLock { $0.bytes } }

    /// The tail exceeds `snapshotTailBytesMin` and half the last snapshot; or it is not short, and the last
    /// snapshot so old that retention by age would have none to begin at.
    package func isSnapshotDue(now: Timestamp) -> Bool {
        let tail = bytesSinceSnapshot
        let rung = Span(microseconds: limits.historyAgeMax.microseconds / Int64(Retention.rungsPerHistory))
        return snapshots.withLock { shelf in
            guard !shelf.isBeingWritten else { return false }
            let isLong = tail > UInt64(max(limits.snapshotTailBytesMin, shelf.bytes / 2))
            return isLong || tail > UInt64(limits.readBytes) && now - shelf.time > rung
        }
    }

    /// Writes a copy of the ledger to a snapshot. For any thread but the one that flushes; appends and
    /// flushes go on meanwhile. A second call while one is under way does nothing.
    ///
    /// A failure leaves the journal and the former snapshots as they were; the next call may succeed.
    ///
    /// - Parameter ledger: every record in it must be durable, or a crash could leave a snapshot of records
    ///   that never were.
    package func writeSnapshot(of ledger: Ledger) throws(JournalError) {
        precondition(ledger.sequence <= durable, "a snapshot holds durable records only")
        let isMine = snapshots.withLock { shelf in
            if shelf.isBeingWritten { return false }
            shelf.isBeingWritten = true
            return true
        }
        guard isMine else { return }
        defer { snapshots.withLock { $0.isBeingWritten = false } }
        let header = SnapshotHeader(
            sequence: ledger.sequence,
            lastTime: ledger.lastTime,
            replayFrom: framePosition(atOrBefore: ledger.sequence.next),
            jobs: UInt64(ledger.jobs.count)
        )
        do {
            let bytes = try header.write(ledger, to: disk, chunkBytes: limits.snapshotChunkBytes)
            snapshots.withLock { shelf in
                shelf.sequence = header.sequence
                shelf.replayFrom = header.replayFrom
                shelf.bytes = bytes
                shelf.time = header.lastTime
            }
        } catch {
            throw JournalError(error)
        }
    }

    /// Of a frame at or before the one that a record is in; the end when it is not written yet.
    private func framePosition(atOrBefore sequence: Sequence) -> Position {
        if sequence > durable { return durableEnd }
        return catalog.withLock { catalog in
            guard let index = catalog.index(of: sequence) else { return SegmentHeader.firstPosition }
            let segment = catalog.segments[index]
            let delta = sequence.value - segment.baseSequence.value
            let mark = segment.marks?.last { UInt64($0.sequenceDelta) <= delta }
            return mark.map {
                Position(segment.base.byte + UInt64($0.offset) - UInt64(SegmentHeader.byteCount))
            }
                ?? segment.base
        }
    }
}

extension SnapshotHeader {
    /// How much may wait for the medium: a longer queue would hold up the journal's own syncs.
    private static let syncBytes = 4 << 20

    /// Writes the whole file and puts it in its place. Returns its length.
    func write(_ ledger: Ledger, to disk: any Disk, chunkBytes: Int) throws(DiskError) -> Int {
        var total = 0
        try disk.replace(Self.name(sequence)) { (draft) throws(DiskError) in
            try draft.append(bytes)
            var deflater = Deflater()
            let state = LedgerState.pack(ledger)
            try draft.append(ChunkHeader.chunk(.state, rawBytes: state.count, packed: deflater.pack(state)))
            var chunks: UInt64 = 1
            var synced = 0
            var raw: [UInt8] = []
            raw.reserveCapacity(chunkBytes + chunkBytes / 4)
            var number = 1
            while number <= ledger.jobs.count {
                let count = fillChunk(&raw, ledger, from: number, chunkBytes: chunkBytes)
                try draft.append(ChunkHeader.chunk(.jobs, rawBytes: raw.count, packed: deflater.pack(raw)))
                number += count
                chunks += 1
                if draft.byteCount - synced > Self.syncBytes {
                    try draft.datasync()
                    synced = draft.byteCount
                }
            }
            var last: [UInt8] = []
            last.append(fixed: chunks, bytes: 8)
            try draft.append(ChunkHeader.chunk(.end, rawBytes: last.count, packed: last))
            total = draft.byteCount
        }
        return total
    }

    /// Rows from job `first` on until the chunk is full. Returns how many.
    private func fillChunk(_ raw: inout [UInt8], _ ledger: Ledger, from first: Int, chunkBytes: Int) -> Int {
        raw.removeAll(keepingCapacity: true)
        raw.append(varint: UInt64(first))
        // The count has four bytes whatever it is, so that it can be filled in once it is known.
        let place = raw.count
        raw.append(contentsOf: [0x80, 0x80, 0x80, 0])
        var count = 0
        while first + count <= ledger.jobs.count, raw.count < chunkBytes {
            ledger.jobs[JobID(UInt32(first + count))].writeRow(to: &raw, base: lastTime)
            count += 1
        }
        for index in 0..<4 {
            raw[place + index] =
                UInt8(truncatingIfNeeded: count >> (7 * index)) & 0x7f | (index < 3 ? 0x80 : 0)
        }
        return count
    }
}
