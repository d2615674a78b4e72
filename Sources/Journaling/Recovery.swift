package import Domain
package import Effects
internal import Synchronization

/// A journal that is open, and what opening it found.
package struct Recovered: Sendable {
    package let journal: Journal
    package let ledger: Ledger
    package let report: RecoveryReport
}

/// What a start did, for the log and `journal check`.
package struct RecoveryReport: Sendable, Hashable {
    /// The snapshot it began with; nil: the journal alone.
    package var snapshot: String?
    package var snapshotSequence = Sequence.zero
    package var snapshotBytes = 0
    /// Snapshots passed over because they are damaged, newest first, with the reason.
    package var refusedSnapshots: [RefusedSnapshot] = []
    package var recordsReplayed: UInt64 = 0
    package var bytesReplayed: UInt64 = 0
    /// A write that never returned was found at the end and cut off.
    package var torn: TornTail?
    package var segments = 0

    package struct RefusedSnapshot: Sendable, Hashable {
        package var name: String
        package var reason: String
    }

    package struct TornTail: Sendable, Hashable {
        package var segment: String
        package var offset: Int
        package var bytes: Int
    }
}

/// How far a start has come, for a terminal.
package struct RecoveryProgress: Sendable, Hashable {
    package enum Phase: Sendable, Hashable {
        case snapshot
        case tail
    }
    package var phase: Phase
    package var bytesDone: UInt64
    package var bytesTotal: UInt64
}

extension Journal {
    /// Takes the folder's lock, reads the newest good snapshot and the tail after it, cuts a torn end, and
    /// makes ready to append. An empty folder gives an empty ledger at sequence 0.
    ///
    /// - Parameters:
    ///   - holder: what another process is told that wants the folder; the process id.
    ///   - progress: called from this thread, many times.
    package static func open(
        disk: any Disk,
        limits: JournalLimits = JournalLimits(),
        holder: String,
        progress: ((RecoveryProgress) -> Void)? = nil
    ) throws(JournalError) -> Recovered {
        precondition(limits.reserveBytes < limits.segmentBytes / 2, "a segment has room besides the reserve")
        do { try disk.lock(holder: holder) } catch { throw JournalError(error) }
        do {
            var recovery = Recovery(disk: disk, limits: limits)
            return try recovery.run(progress)
        } catch {
            disk.unlock()
            throw error
        }
    }
}

/// The steps of a start, in order.
private struct Recovery {
    let disk: any Disk
    let limits: JournalLimits
    var report = RecoveryReport()
    var ledger = Ledger()
    var shelf = SnapshotShelf()

    init(disk: any Disk, limits: JournalLimits) {
        self.disk = disk
        self.limits = limits
    }

    mutating func run(_ progress: ((RecoveryProgress) -> Void)?) throws(JournalError) -> Recovered {
        try JournalError.mapping { () throws(DiskError) in
            for name in try disk.list() where name.hasSuffix(temporarySuffix) { try disk.remove(name) }
        }
        let folder = try SegmentFolder(disk: disk)
        report.segments = folder.used.count
        try readSnapshot(progress)
        try checkReach(folder)
        let end = try replay(folder, progress)
        guard end.next > shelf.sequence else {
            throw .corrupt(
                segment: folder.used.last.map { SegmentHeader.name($0.ordinal) } ?? SegmentHeader.name(1),
                offset: end.offset,
                reason: "the journal ends at \(end.next.value - 1), before the snapshot of \(shelf.sequence)"
            )
        }
        let journal = try start(folder, end)
        return Recovered(journal: journal, ledger: ledger, report: report)
    }

    private mutating func readSnapshot(_ progress: ((RecoveryProgress) -> Void)?) throws(JournalError) {
        let names = try JournalError.mapping { () throws(DiskError) in
            try disk.list().filter { SnapshotHeader.sequence($0) != nil }
        }
        for name in names.reversed() {
            do throws(SnapshotFault) {
                let snapshot = try Snapshot.read(name, from: disk) { done, total in
                    progress?(
                        RecoveryProgress(phase: .snapshot, bytesDone: UInt64(done), bytesTotal: UInt64(total))
                    )
                }
                ledger = snapshot.ledger
                shelf.sequence = snapshot.header.sequence
                shelf.replayFrom = snapshot.header.replayFrom
                shelf.bytes = snapshot.bytes
                shelf.time = snapshot.header.lastTime
                report.snapshot = name
                report.snapshotSequence = snapshot.header.sequence
                report.snapshotBytes = snapshot.bytes
                return
            } catch {
                if case .newer(let version) = error { throw .newerFormat(file: name, version: version) }
                report.refusedSnapshots.append(.init(name: name, reason: error.sentence))
                shelf.refused.insert(name)
            }
        }
    }

    /// The journal must begin at or before the first record that the snapshot lacks.
    private func checkReach(_ folder: SegmentFolder) throws(JournalError) {
        guard let oldest = folder.used.first?.header else {
            if ledger.sequence == .zero { return }
            throw .historyMissing(needed: ledger.sequence, oldest: .zero)
        }
        guard oldest.baseSequence <= ledger.sequence.next else {
            throw .historyMissing(needed: ledger.sequence.next, oldest: oldest.baseSequence)
        }
    }

    /// Where the last good frame ends.
    struct End {
        var offset = SegmentHeader.byteCount
        var position = SegmentHeader.firstPosition
        var next = Sequence(1)
        var latest = Timestamp.distantPast
        var last: SegmentInfo?
        /// Where the last good frame of the last segment begins; nil: it has none.
        var lastFrame: Int?
    }

    /// Applies every record after the snapshot, and judges what lies behind the last good frame.
    private mutating func replay(
        _ folder: SegmentFolder,
        _ progress: ((RecoveryProgress) -> Void)?
    ) throws(JournalError) -> End {
        var end = End()
        let start = folder.used.lastIndex { $0.header.basePosition <= shelf.replayFrom } ?? 0
        let total = folder.used.dropFirst(start).reduce(UInt64(0)) { $0 + UInt64($1.size) }
        for index in folder.used.indices.dropFirst(start) {
            let segment = folder.used[index]
            if index > start,
                segment.header.basePosition != end.position || segment.header.baseSequence != end.next
            {
                throw .corrupt(
                    segment: folder.used[index - 1].name,
                    offset: end.offset,
                    reason: "the frames before sequence \(segment.header.baseSequence) are damaged or missing"
                )
            }
            var reader = SegmentReplay(segment, disk: disk, limits: limits, latest: end.latest)
            let before = report.bytesReplayed
            try reader.run(from: shelf.replayFrom, &ledger, &report) { done in
                progress?(RecoveryProgress(phase: .tail, bytesDone: before + done, bytesTotal: total))
            }
            end = reader.end
            let from = max(segment.header.basePosition, shelf.replayFrom)
            report.bytesReplayed += end.position.byte - min(from, end.position).byte
        }
        return end
    }

    /// The journal as it goes on: in the last segment, unless that one's table lacks a kind that may come.
    private mutating func start(_ folder: SegmentFolder, _ end: End) throws(JournalError) -> Journal {
        let ending = try folder.ending(
            after: end.offset,
            position: end.position,
            expecting: end.next,
            disk: disk
        )
        report.torn = ending.torn
        let spare = try folder.tidy(ending, disk: disk)
        if folder.used.isEmpty { return try begin(end) }
        try secure(folder, end)
        let current = folder.used.last.map { last in
            let covers = last.header.kinds.covers(.known)
            return Journal.CurrentSegment(
                ordinal: last.ordinal,
                offset: end.offset,
                size: covers ? last.size : end.offset,
                isBegun: true
            )
        }
        return journal(end, current: current, next: spare, catalog: catalog(folder, end))
    }

    /// Brings what was read at the end, and the folder's names, to the medium before anything relies on them.
    ///
    /// The process before this one may have ended between a write and its sync, or over a sync that failed:
    /// then the system shows what the medium does not have, and may hold it for clean, so that only writing
    /// it again makes a sync bring it there. That concerns the last frame and its segment's header: nothing
    /// is ever written before what precedes it is durable.
    private func secure(_ folder: SegmentFolder, _ end: End) throws(JournalError) {
        guard let last = folder.used.last else { return }
        if let offset = end.lastFrame {
            var walk = FrameWalk(
                disk: disk,
                name: last.name,
                base: last.header.basePosition,
                from: offset,
                limit: end.offset,
                readBytes: end.offset - offset
            )
            guard let header = try walk.peek(), let frame = try walk.take(header) else {
                throw .corrupt(
                    segment: last.name,
                    offset: offset,
                    reason: "the frame changed while it was read"
                )
            }
            try JournalError.mapping { () throws(DiskError) in
                try disk.write(last.name, at: offset, frame.bytes)
            }
        }
        let block = try JournalError.mapping { () throws(DiskError) in
            try disk.read(last.name, at: 0, count: SegmentHeader.byteCount)
        }
        guard try SegmentHeader.read(block, name: last.name) == .valid(last.header) else {
            throw .corrupt(segment: last.name, offset: 0, reason: "its header changed while it was read")
        }
        try JournalError.mapping { () throws(DiskError) in
            try disk.write(last.name, at: 0, block)
            try disk.datasync(last.name)
            try disk.syncDirectory()
        }
    }

    /// A new folder: a small first segment, and the next one ahead.
    private func begin(_ end: End) throws(JournalError) -> Journal {
        let next = Journal.SpareSegment(ordinal: 2, size: limits.segmentBytes)
        let current = Journal.CurrentSegment(
            ordinal: 1,
            offset: SegmentHeader.byteCount,
            size: limits.firstSegmentBytes,
            isBegun: false
        )
        try JournalError.mapping { () throws(DiskError) in
            for (name, size) in [(current.name, current.size), (next.name, next.size)] {
                try disk.create(name, allocating: size)
                try disk.datasync(name)
            }
            try disk.syncDirectory()
            try disk.settle(current.name, at: 0, count: current.size)
        }
        return journal(end, current: current, next: next, catalog: Catalog())
    }

    private func journal(
        _ end: End,
        current: Journal.CurrentSegment?,
        next: Journal.SpareSegment?,
        catalog: Catalog
    ) -> Journal {
        let start = Journal.Start(
            durable: Sequence(end.next.value - 1),
            end: end.position,
            current: current,
            next: next,
            latest: end.latest,
            catalog: catalog,
            shelf: shelf
        )
        return Journal(disk: disk, limits: limits, start: start)
    }

    private func catalog(_ folder: SegmentFolder, _ end: End) -> Catalog {
        var catalog = Catalog()
        for (segment, next) in zip(folder.used, folder.used.dropFirst()) {
            let length = Int(next.header.basePosition.byte - segment.header.basePosition.byte)
            catalog.segments.append(
                SegmentInfo(
                    ordinal: segment.ordinal,
                    header: segment.header,
                    end: length + SegmentHeader.byteCount
                )
            )
        }
        if let last = end.last { catalog.segments.append(last) }
        return catalog
    }
}

/// One segment of the tail.
private struct SegmentReplay {
    let segment: SegmentFolder.Used
    let limits: JournalLimits
    private var walk: FrameWalk
    private(set) var end: Recovery.End
    private var info: SegmentInfo

    init(_ segment: SegmentFolder.Used, disk: any Disk, limits: JournalLimits, latest: Timestamp) {
        self.segment = segment
        self.limits = limits
        info = SegmentInfo(ordinal: segment.ordinal, header: segment.header)
        info.marks = []
        walk = FrameWalk(
            disk: disk,
            name: segment.name,
            base: segment.header.basePosition,
            from: SegmentHeader.byteCount,
            limit: segment.size,
            readBytes: limits.readBytes
        )
        end = Recovery.End()
        end.latest = max(latest, segment.header.baseTime)
        end.position = segment.header.basePosition
        end.next = segment.header.baseSequence
    }

    /// Applies the frames from `replayFrom` on, until one is not good.
    mutating func run(
        from replayFrom: Position,
        _ ledger: inout Ledger,
        _ report: inout RecoveryReport,
        _ progress: (UInt64) -> Void
    ) throws(JournalError) {
        var told = 0
        while let header = try walk.peek() {
            let (offset, position) = (walk.offset, walk.position)
            guard header.first == end.next else {
                throw .corrupt(
                    segment: segment.name,
                    offset: offset,
                    reason: "the frame begins with sequence \(header.first), not \(end.next)"
                )
            }
            if position >= replayFrom {
                guard let frame = try walk.take(header) else { break }
                try apply(frame, &ledger, &report)
            } else {
                walk.skip(header)
            }
            info.add(header, at: offset, spacing: limits.indexSpacingBytes)
            end.lastFrame = offset
            end.offset = walk.offset
            end.position = walk.position
            end.next = header.last.next
            end.latest = max(end.latest, header.base)
            if walk.offset - told >= limits.readBytes {
                told = walk.offset
                progress(UInt64(walk.offset))
            }
        }
        info.end = end.offset
        end.last = info
    }

    private func apply(
        _ frame: LoadedFrame,
        _ ledger: inout Ledger,
        _ report: inout RecoveryReport
    ) throws(JournalError) {
        if frame.header.last <= ledger.sequence { return }
        try frame.forEach { (head, sequence, position) throws(JournalError) in
            if sequence <= ledger.sequence { return .next }
            let entry = try head.entry(frame.bytes, sequence, kinds: segment.header.kinds)
            do throws(LedgerError) { try ledger.apply(entry, at: position) } catch { throw .ledger(error) }
            report.recordsReplayed += 1
            return .next
        }
    }
}
