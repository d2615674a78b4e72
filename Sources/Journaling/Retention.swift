package import Domain
internal import Effects
internal import Synchronization

/// Which segments and snapshots may go. A pure decision: oldest first, whole files, and always so that the
/// two newest snapshots can both be started from.
struct Retention {
    /// A segment as the decision sees it.
    struct Part {
        var base: Position
        var baseSequence: Sequence
        /// No record in it is older than this, none of the segment before it younger.
        var baseTime: Timestamp
    }

    /// A readable snapshot.
    struct Rung {
        var name: String
        var sequence: Sequence
        var time: Timestamp
        var replayFrom: Position
    }

    struct Removal: Equatable {
        /// How many of the oldest segments go.
        var segments = 0
        /// Names of snapshots that go.
        var snapshots: [String] = []
    }

    /// Oldest first, the one being written last.
    var parts: [Part]
    var end: Position
    /// Oldest first.
    var rungs: [Rung]
    var limits: JournalLimits

    func removal(now: Timestamp) -> Removal {
        var removal = Removal()
        guard rungs.count > 1 else { return removal }
        let wanted = firstWanted(now: now)
        var base: Int?
        if wanted > 0 {
            // History begins at the oldest snapshot that connects to what stays; the newest is never alone.
            let connected = rungs.firstIndex { $0.sequence.next >= parts[wanted].baseSequence }
            let chosen = min(connected ?? rungs.count, rungs.count - 2)
            let reached = parts.lastIndex { $0.baseSequence <= rungs[chosen].sequence.next } ?? 0
            removal.segments = min(wanted, reached)
            if removal.segments > 0 { base = chosen }
        }
        removal.snapshots = thin(from: base)
        return removal
    }

    /// The first segment that neither age nor size lets go.
    private func firstWanted(now: Timestamp) -> Int {
        var first = 0
        while first + 1 < parts.count {
            let isLong = end.byte - parts[first].base.byte > UInt64(limits.historyBytesMax)
            let isOld = now - parts[first + 1].baseTime > limits.historyAgeMax
            guard isLong || isOld else { break }
            first += 1
        }
        return first
    }

    /// Snapshots stay a quarter of the history apart: each is a moment from which a restore can begin.
    private func thin(from base: Int?) -> [String] {
        var gone: [String] = []
        var last = base.map { rungs[$0] }
        for (index, rung) in rungs.enumerated().dropLast(limits.snapshotsKept) {
            if let base, index < base {
                gone.append(rung.name)
            } else if index != base, !isFar(rung, from: last) {
                gone.append(rung.name)
            } else {
                last = rung
            }
        }
        return gone
    }

    private func isFar(_ rung: Rung, from last: Rung?) -> Bool {
        let bytes = rung.replayFrom.byte - min(rung.replayFrom.byte, (last?.replayFrom ?? parts[0].base).byte)
        let span = rung.time - (last?.time ?? parts[0].baseTime)
        return bytes >= UInt64(limits.historyBytesMax / Self.rungsPerHistory)
            || span >= Span(microseconds: limits.historyAgeMax.microseconds / Int64(Self.rungsPerHistory))
    }

    static let rungsPerHistory = 4
}

extension Journal {
    /// Where history begins now.
    package var historyStart: HistoryStart {
        let first = catalog.withLock { $0.segments.first }
        guard let first, first.baseSequence > Sequence(1) else {
            return HistoryStart(sequence: Sequence(1), time: .distantPast)
        }
        return HistoryStart(sequence: first.baseSequence, time: first.baseTime)
    }

    /// Keeps every segment and snapshot that is there now until the matching `releaseHistory`: a backup reads
    /// them.
    package func holdHistory() { snapshots.withLock { $0.holds += 1 } }
    package func releaseHistory() { snapshots.withLock { $0.holds -= 1 } }

    /// The folder as a whole, for what reads all of it.
    package var inspection: Inspection { Inspection(disk: disk, limits: limits) }

    /// Removes segments beyond `historyAgeMax` and `historyBytesMax`, and the snapshots that nothing can
    /// begin at. For any thread but the one that flushes; a crash in between leaves a folder that opens.
    /// - Returns: how many segments went.
    @discardableResult
    package func removeHistory(now: Timestamp) throws(JournalError) -> Int {
        guard snapshots.withLock({ $0.holds == 0 }) else { return 0 }
        return try JournalError.mapping { () throws(DiskError) in
            try removeRefusedSnapshots()
            let parts = catalog.withLock { $0.segments }.map {
                Retention.Part(base: $0.base, baseSequence: $0.baseSequence, baseTime: $0.baseTime)
            }
            guard !parts.isEmpty else { return 0 }
            let retention = Retention(parts: parts, end: durableEnd, rungs: try rungs(), limits: limits)
            let removal = retention.removal(now: now)
            for name in removal.snapshots { try disk.remove(name) }
            if !removal.snapshots.isEmpty { try disk.syncDirectory() }
            // Out of the catalog first: readers look there.
            let first = catalog.withLock { catalog in
                catalog.segments.removeFirst(removal.segments)
                return catalog.segments.first?.ordinal ?? 0
            }
            try removeSegments(before: first)
            return removal.segments
        }
    }

    /// One at a time, each on the medium before the next, for a gap in the numbers would be damage: also what
    /// an earlier attempt left behind when the disk failed it.
    private func removeSegments(before first: UInt64) throws(DiskError) {
        let gone = try disk.list().filter { SegmentHeader.ordinal($0).map { $0 < first } ?? false }
        guard !gone.isEmpty else { return }
        try disk.syncDirectory()
        for name in gone.sorted() {
            try disk.remove(name)
            try disk.syncDirectory()
        }
    }

    private func removeRefusedSnapshots() throws(DiskError) {
        let refused = snapshots.withLock { $0.refused }
        for name in refused where try disk.exists(name) { try disk.remove(name) }
        snapshots.withLock { $0.refused = [] }
    }

    private func rungs() throws(DiskError) -> [Retention.Rung] {
        var rungs: [Retention.Rung] = []
        for name in try disk.list() where SnapshotHeader.sequence(name) != nil {
            let bytes = try disk.read(name, at: 0, count: SnapshotHeader.byteCount)
            guard let header = try? SnapshotHeader(bytes) else { continue }
            rungs.append(
                Retention.Rung(
                    name: name,
                    sequence: header.sequence,
                    time: header.lastTime,
                    replayFrom: header.replayFrom
                )
            )
        }
        return rungs.sorted { $0.sequence < $1.sequence }
    }
}
