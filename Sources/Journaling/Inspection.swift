package import Domain
package import Effects

/// Looks at a folder without taking its lock or changing anything: `journal check` and `journal dump`.
package struct Inspection {
    let disk: any Disk
    let limits: JournalLimits

    package init(disk: any Disk, limits: JournalLimits = JournalLimits()) {
        self.disk = disk
        self.limits = limits
    }

    /// One thing that is not as it should be.
    package struct Finding: Sendable, Hashable {
        package enum Gravity: Sendable, Hashable {
            /// Normal after a crash, and mended by the next start.
            case note
            /// A start will refuse, or history cannot be read.
            case damage
        }
        package var gravity: Gravity
        package var file: String
        package var offset: Int
        package var what: String
        package var remedy: String
    }

    /// What `check` saw.
    package struct Report: Sendable {
        package var findings: [Finding] = []
        package var segments = 0
        package var frames: UInt64 = 0
        package var records: UInt64 = 0
        package var bytes: UInt64 = 0
        package var firstSequence = Sequence.zero
        package var lastSequence = Sequence.zero
        package var snapshots: [String] = []
        package var isSound: Bool { findings.allSatisfy { $0.gravity == .note } }
    }

    /// Whether a file of a data folder is part of the journal: a segment, a snapshot, or one of them on its
    /// way.
    package static func isJournalFile(_ name: String) -> Bool {
        let name = name.hasSuffix(temporarySuffix) ? String(name.dropLast(temporarySuffix.count)) : name
        return SegmentHeader.ordinal(name) != nil || SnapshotHeader.sequence(name) != nil
    }

    /// Reads every frame, every checksum, every record and every snapshot, follows every job's chain, and
    /// applies the records to a ledger that must agree with the snapshots.
    package func check() throws(JournalError) -> Report {
        var check = FolderCheck(disk: disk, limits: limits)
        return try check.run()
    }

    /// Hands over the records of the folder in order, as far as they are whole; a torn end ends them.
    package func scan(
        from sequence: Sequence = .zero,
        subject: JobID? = nil,
        _ body: (Entry, Position) throws(JournalError) -> ScanStep
    ) throws(JournalError) {
        let folder = try SegmentFolder(disk: disk)
        for (index, segment) in folder.used.enumerated() {
            let next = index + 1 < folder.used.count ? folder.used[index + 1].header : nil
            if let next, next.baseSequence <= sequence { continue }
            var walk = segment.walk(disk, readBytes: limits.readBytes)
            var isStopped = false
            while !isStopped, let header = try walk.peek(), let frame = try walk.take(header) {
                if header.last < sequence { continue }
                try frame.forEach { (head, number, position) throws(JournalError) in
                    if number < sequence || subject.map({ $0.number != head.subject }) == true {
                        return .next
                    }
                    let entry = try head.entry(frame.bytes, number, kinds: segment.header.kinds)
                    let step = try body(entry, position)
                    isStopped = step == .stop
                    return step
                }
            }
            if isStopped { return }
            if let next, walk.position != next.basePosition {
                throw .corrupt(
                    segment: segment.name,
                    offset: walk.offset,
                    reason: "no valid frame begins here"
                )
            }
        }
    }

    /// The folder's records as NDJSON, a line a record.
    package func dump(
        _ filter: RecordFilter = RecordFilter(),
        _ line: ([UInt8]) throws(JournalError) -> ScanStep
    ) throws(JournalError) {
        try scan(from: filter.start, subject: filter.job) { (entry, _) throws(JournalError) in
            if filter.isPast(entry) { return .stop }
            return filter.wants(entry) ? try line(entry.dumpLine) : .next
        }
    }
}

extension Entry {
    /// `json` as a line of a dump, line feed included.
    package var dumpLine: [UInt8] {
        var out: [UInt8] = []
        json.write(to: &out)
        out.append(UInt8(ascii: "\n"))
        return out
    }
}

extension SegmentFolder.Used {
    func walk(_ disk: any Disk, from offset: Int = SegmentHeader.byteCount, readBytes: Int) -> FrameWalk {
        FrameWalk(
            disk: disk,
            name: name,
            base: header.basePosition,
            from: offset,
            limit: size,
            readBytes: readBytes
        )
    }
}
