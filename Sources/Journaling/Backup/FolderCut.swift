package import Domain
package import Effects

/// A moment in a folder's history: between two frames, for what is in one frame became true together.
package struct FolderCut: Sendable, Hashable {
    package enum Moment: Sendable, Hashable {
        /// Everything there is.
        case end
        /// Up to this record, or the last whole frame before it.
        case sequence(Sequence)
        /// Everything recorded up to this time.
        case time(Timestamp)
    }

    struct File: Sendable, Hashable {
        var name: String
        var bytes: Int
    }

    /// The last record before the moment, and its time.
    package var sequence: Sequence
    package var time: Timestamp
    /// The oldest record that a cut may end with: older states cannot be rebuilt.
    package var oldest: Sequence
    /// Segments and snapshots as far as they belong to the state, segments last.
    var files: [File]
    /// The whole folder's, where the cut removes some.
    private var gone: [String] = []

    init(sequence: Sequence, time: Timestamp, oldest: Sequence, files: [File], gone: [String]) {
        self.sequence = sequence
        self.time = time
        self.oldest = oldest
        self.files = files
        self.gone = gone
    }

    /// Copies what belongs to the state into another folder.
    package func copy(from disk: any Disk, to other: any Disk) throws(JournalError) {
        try JournalError.mapping { () throws(DiskError) in
            for file in files {
                try other.create(file.name, allocating: 0)
                try other.write(file.name, at: 0, disk.read(file.name, at: 0, count: file.bytes))
                try other.datasync(file.name)
            }
            try other.syncDirectory()
        }
    }

    /// Makes a folder, which nobody may be using, end at the moment. What came after is removed from it.
    package func apply(to disk: any Disk) throws(JournalError) {
        try JournalError.mapping { () throws(DiskError) in
            for name in gone {
                try disk.remove(name)
                try disk.syncDirectory()
            }
            if let last = files.last(where: { SegmentHeader.ordinal($0.name) != nil }),
                try disk.size(of: last.name) > last.bytes
            {
                try disk.replace(last.name, with: disk.read(last.name, at: 0, count: last.bytes))
            }
        }
    }
}

extension Inspection {
    /// Finds a moment in the folder.
    ///
    /// - Throws: `.historyMissing` for one that is older than what can be rebuilt.
    package func cut(at moment: FolderCut.Moment) throws(JournalError) -> FolderCut {
        let folder = try SegmentFolder(disk: disk)
        let snapshots = try snapshotHeaders()
        let oldest = oldestState(folder, snapshots)
        var last = (sequence: Sequence.zero, time: Timestamp.distantPast, segment: -1, offset: 0)
        // From the last segment that can hold the moment back: the history before it need not be read.
        let reached = folder.used.lastIndex { segment in
            switch moment {
            case .end: true
            case .sequence(let wanted): segment.header.baseSequence <= wanted
            case .time(let wanted): segment.header.baseTime <= wanted
            }
        }
        for index in (0..<(reached.map { $0 + 1 } ?? 0)).reversed() {
            if let frame = try lastFrame(of: folder.used[index], folder, before: moment) {
                last = (frame.sequence, frame.time, index, frame.end)
                break
            }
        }
        guard last.segment >= 0, last.sequence >= oldest else {
            let wanted: Sequence
            if case .sequence(let sequence) = moment { wanted = sequence } else { wanted = last.sequence }
            throw .historyMissing(needed: wanted, oldest: oldest)
        }
        return files(folder, snapshots, last.segment, last.offset, last.sequence, last.time, oldest)
    }

    /// The last frame of a segment that belongs to the moment, and where it ends.
    private func lastFrame(
        of segment: SegmentFolder.Used,
        _ folder: SegmentFolder,
        before moment: FolderCut.Moment
    ) throws(JournalError) -> (sequence: Sequence, time: Timestamp, end: Int)? {
        var found: (sequence: Sequence, time: Timestamp, end: Int)?
        var walk = segment.walk(disk, readBytes: limits.readBytes)
        while let header = try walk.peek() {
            if case .sequence(let wanted) = moment, header.last > wanted { return found }
            if case .time(let wanted) = moment, header.base > wanted { return found }
            guard let frame = try walk.take(header) else { break }
            let time = try frame.lastTime()
            if case .time(let wanted) = moment, time > wanted { return found }
            found = (header.last, time, walk.offset)
        }
        if let next = folder.used.first(where: { $0.ordinal == segment.ordinal + 1 }),
            walk.position != next.header.basePosition
        {
            throw .corrupt(segment: segment.name, offset: walk.offset, reason: "no valid frame begins here")
        }
        return found
    }

    private func files(
        _ folder: SegmentFolder,
        _ snapshots: [(name: String, header: SnapshotHeader)],
        _ segment: Int,
        _ offset: Int,
        _ sequence: Sequence,
        _ time: Timestamp,
        _ oldest: Sequence
    ) -> FolderCut {
        var files: [FolderCut.File] = []
        var gone = snapshots.filter { $0.header.sequence > sequence }.map(\.name)
        for (name, header) in snapshots where header.sequence <= sequence {
            files.append(FolderCut.File(name: name, bytes: (try? disk.size(of: name)) ?? 0))
        }
        gone += folder.unused.reversed().map(\.name)
        gone += folder.used[(segment + 1)...].reversed().map(\.name)
        for index in 0...segment {
            let part = folder.used[index]
            var bytes = offset
            if index < segment {
                let length = folder.used[index + 1].header.basePosition.byte - part.header.basePosition.byte
                bytes = Int(length) + SegmentHeader.byteCount
            }
            files.append(FolderCut.File(name: part.name, bytes: bytes))
        }
        return FolderCut(sequence: sequence, time: time, oldest: oldest, files: files, gone: gone)
    }

    /// Snapshots whose header can be read, oldest first.
    private func snapshotHeaders() throws(JournalError) -> [(name: String, header: SnapshotHeader)] {
        var found: [(name: String, header: SnapshotHeader)] = []
        let names = try JournalError.mapping { () throws(DiskError) in try disk.list() }
        for name in names where SnapshotHeader.sequence(name) != nil {
            let bytes = try JournalError.mapping { () throws(DiskError) in
                try disk.read(name, at: 0, count: SnapshotHeader.byteCount)
            }
            if let header = try? SnapshotHeader(bytes) { found.append((name, header)) }
        }
        return found
    }

    private func oldestState(
        _ folder: SegmentFolder,
        _ snapshots: [(name: String, header: SnapshotHeader)]
    ) -> Sequence {
        guard let first = folder.used.first?.header.baseSequence, first > Sequence(1) else {
            return Sequence(1)
        }
        return snapshots.first { $0.header.sequence.next >= first }?.header.sequence ?? Sequence(.max)
    }

    /// The key that the folder was founded with.
    package func keyID() throws(JournalError) -> UInt32 {
        let base = try base()
        if base.sequence > .zero { return base.keyID }
        var found: UInt32 = 0
        try scan { (entry, _) throws(JournalError) in
            if case .folderFounded(let record) = entry.record { found = record.keyID }
            return .stop
        }
        return found
    }

    /// The state before the first record that can be verified: nothing, or the oldest snapshot that connects.
    /// Damaged snapshots are passed over.
    package func base() throws(JournalError) -> Ledger {
        let folder = try SegmentFolder(disk: disk)
        guard let first = folder.used.first?.header.baseSequence, first > Sequence(1) else { return Ledger() }
        for (name, header) in try snapshotHeaders() where header.sequence.next >= first {
            if let snapshot = try? Snapshot.read(name, from: disk) { return snapshot.ledger }
        }
        throw .historyMissing(needed: first, oldest: first)
    }
}

extension LoadedFrame {
    /// The time of its last record.
    fileprivate func lastTime() throws(JournalError) -> Timestamp {
        var time = header.base
        try forEach { (head, _, _) throws(JournalError) in
            time = max(time, head.time)
            return .next
        }
        return time
    }
}
