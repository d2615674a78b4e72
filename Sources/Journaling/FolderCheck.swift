internal import Domain
internal import Effects

/// The walk behind `Inspection.check`.
struct FolderCheck {
    private let disk: any Disk
    private let limits: JournalLimits
    private var report = Inspection.Report()
    /// What the records so far come to; nil while they cannot be applied.
    private var ledger: Ledger?
    /// Snapshots to compare with when their sequence is reached.
    private var snapshots: [Sequence: Snapshot] = [:]
    /// Where each subject's newest record is.
    private var newest: [UInt32: Position] = [:]
    private var start = Position.none
    private var expected = Sequence.zero

    init(disk: any Disk, limits: JournalLimits) {
        self.disk = disk
        self.limits = limits
    }

    mutating func run() throws(JournalError) -> Inspection.Report {
        try checkSnapshots()
        let folder: SegmentFolder
        do throws(JournalError) {
            folder = try SegmentFolder(disk: disk)
        } catch {
            guard case .corrupt(let segment, let offset, let reason) = error else { throw error }
            damage(segment, offset, reason, "Restore a backup: the segments around it no longer connect.")
            return report
        }
        report.segments = folder.used.count
        begin(folder)
        for index in folder.used.indices { try check(index, of: folder) }
        if folder.used.isEmpty { expected = Sequence(1) }
        report.lastSequence = Sequence(max(expected.value, 1) - 1)
        try checkUnused(folder)
        for sequence in snapshots.keys.sorted() where sequence > report.lastSequence {
            damage(
                SnapshotHeader.name(sequence),
                0,
                "it holds records beyond the journal's end at \(report.lastSequence)",
                "Restore a backup: the end of the journal is missing."
            )
        }
        return report
    }

    private mutating func checkSnapshots() throws(JournalError) {
        let names = try JournalError.mapping { () throws(DiskError) in try disk.list() }
        for name in names where SnapshotHeader.sequence(name) != nil {
            report.snapshots.append(name)
            do throws(SnapshotFault) {
                let snapshot = try Snapshot.read(name, from: disk)
                snapshots[snapshot.header.sequence] = snapshot
            } catch {
                if case .newer(let version) = error { throw .newerFormat(file: name, version: version) }
                let remedy =
                    "Remove the file: a start passes it over and uses an older one, or the journal alone."
                if case .damaged(let offset, let reason) = error {
                    damage(name, offset, reason, remedy)
                } else {
                    damage(name, 0, error.sentence, remedy)
                }
            }
        }
    }

    /// Records can be applied from the first one on, or from a snapshot that connects to what is left of
    /// them.
    private mutating func begin(_ folder: SegmentFolder) {
        guard let first = folder.used.first?.header else { return }
        report.firstSequence = first.baseSequence
        expected = first.baseSequence
        start = first.basePosition
        if first.baseSequence == Sequence(1) {
            ledger = Ledger()
        } else {
            let usable = snapshots.keys.filter { $0.next >= first.baseSequence }.min()
            ledger = usable.flatMap { snapshots[$0]?.ledger }
        }
    }

    private mutating func check(_ index: Int, of folder: SegmentFolder) throws(JournalError) {
        let segment = folder.used[index]
        let next = index + 1 < folder.used.count ? folder.used[index + 1].header : nil
        if segment.header.baseSequence != expected {
            damage(
                segment.name,
                0,
                "it begins with sequence \(segment.header.baseSequence), not \(expected)",
                "Restore a backup: records before it are missing."
            )
            resume(at: segment.header.basePosition, segment.header.baseSequence)
        }
        var walk = segment.walk(disk, readBytes: limits.readBytes)
        while true {
            let offset = walk.offset
            if let header = try walk.peek(), let frame = try walk.take(header) {
                check(frame, in: segment)
                continue
            }
            if let next, walk.position == next.basePosition { return }
            guard let later = try judge(segment, offset, hasNext: next != nil) else { return }
            walk = segment.walk(disk, from: later, readBytes: limits.readBytes)
            if let header = try walk.peek() { resume(at: walk.position, header.first) }
        }
    }

    /// Goes on after a gap: nothing from before it can be counted on.
    private mutating func resume(at position: Position, _ sequence: Sequence) {
        expected = sequence
        ledger = nil
        start = position
        newest.removeAll()
    }

    /// Says what is wrong at `offset`, where no good frame begins, and where to go on.
    private mutating func judge(
        _ segment: SegmentFolder.Used,
        _ offset: Int,
        hasNext: Bool
    ) throws(JournalError) -> Int? {
        let rest = try SegmentRest(
            disk: disk,
            name: segment.name,
            base: segment.header.basePosition,
            from: offset,
            expecting: expected
        )
        if rest.laterFrame != nil || hasNext {
            let end = rest.laterFrame.map { "byte \($0)" } ?? "the segment's end"
            damage(
                segment.name,
                offset,
                "no valid frame begins here; everything up to \(end) is lost (sequence \(expected) and on)",
                "Restore a backup, up to this sequence or with what is whole after it."
            )
        } else if rest.end > offset {
            report.findings.append(
                Inspection.Finding(
                    gravity: .note,
                    file: segment.name,
                    offset: offset,
                    what:
                        "a torn end of \(rest.end - offset) bytes: a write never finished, or one under way",
                    remedy: "Nothing: nobody was told of it, and the next start cuts it off."
                )
            )
        }
        return rest.laterFrame
    }

    private mutating func check(_ frame: LoadedFrame, in segment: SegmentFolder.Used) {
        let offset = Int(frame.position.byte - segment.header.basePosition.byte) + SegmentHeader.byteCount
        report.frames += 1
        report.bytes += UInt64(frame.header.frameBytes)
        if frame.header.first != expected {
            damage(
                segment.name,
                offset,
                "sequence \(frame.header.first) follows where \(expected) belongs",
                Self.restore
            )
            ledger = nil
        }
        expected = frame.header.last.next
        do throws(JournalError) {
            try frame.forEach { (head, sequence, position) throws(JournalError) in
                checkChain(head, sequence, position, segment, offset)
                let entry = try head.entry(frame.bytes, sequence, kinds: segment.header.kinds)
                report.records += 1
                apply(entry, at: position, segment, offset)
                return .next
            }
        } catch {
            damage(segment.name, offset, error.description, error.hint)
            ledger = nil
        }
    }

    private static let restore = "Restore a backup, and keep a copy of the folder."

    /// A job's records point back at each other, as far as they are still there.
    private mutating func checkChain(
        _ head: EntryHead,
        _ sequence: Sequence,
        _ position: Position,
        _ segment: SegmentFolder.Used,
        _ offset: Int
    ) {
        guard head.subject != 0 else { return }
        let previous = head.previous(of: position)
        let known = newest.updateValue(position, forKey: head.subject)
        if previous != (known ?? .none), known != nil || previous >= start {
            damage(
                segment.name,
                offset,
                "record \(sequence) does not point back at the one before it about job \(head.subject)",
                "Runs and slots of this job may be listed in part; report it with this output."
            )
        }
    }

    private mutating func apply(
        _ entry: Entry,
        at position: Position,
        _ segment: SegmentFolder.Used,
        _ offset: Int
    ) {
        guard ledger != nil, entry.sequence > (ledger?.sequence ?? .zero) else { return }
        do throws(LedgerError) {
            try ledger?.apply(entry, at: position)
        } catch {
            damage(segment.name, offset, JournalError.ledger(error).description, Self.restore)
            ledger = nil
            return
        }
        if let snapshot = snapshots[entry.sequence],
            let difference = ledger?.difference(from: snapshot.ledger)
        {
            damage(
                SnapshotHeader.name(entry.sequence),
                0,
                "it differs from the records before it: \(difference)",
                "Remove the file: a start then uses an older one, or the journal alone."
            )
        }
    }

    private mutating func checkUnused(_ folder: SegmentFolder) throws(JournalError) {
        for segment in folder.unused {
            let rest = try SegmentRest(
                disk: disk,
                name: segment.name,
                base: folder.used.last == nil ? SegmentHeader.firstPosition : end(of: folder),
                from: 0,
                expecting: expected
            )
            if rest.laterFrame != nil {
                damage(segment.name, 0, "its header is damaged, but frames follow it", Self.restore)
            } else if rest.end > 0 {
                report.findings.append(
                    Inspection.Finding(
                        gravity: .note,
                        file: segment.name,
                        offset: 0,
                        what: "it was begun, but nothing was written to it",
                        remedy: "Nothing: the next start removes it."
                    )
                )
            }
        }
    }

    private func end(of folder: SegmentFolder) -> Position {
        guard let last = folder.used.last else { return SegmentHeader.firstPosition }
        var walk = last.walk(disk, readBytes: limits.readBytes)
        while let header = try? walk.peek() { walk.skip(header) }
        return walk.position
    }

    private mutating func damage(_ file: String, _ offset: Int, _ what: String, _ remedy: String) {
        report.findings.append(
            Inspection.Finding(gravity: .damage, file: file, offset: offset, what: what, remedy: remedy)
        )
    }
}
