/// Local times laid over a zone's changes under a policy: where wall clock and real time meet.
///
/// A zone is a row of segments with one offset each. Within a segment a local time L is the instant L −
/// offset. Only the segment's beginning is special: if the clock jumped ahead there, the local times in the
/// gap have their occurrences at the change itself (`shift`: up to a gap's length after it); if it went back,
/// the segment's first part repeats local times of the one before.
struct LocalTimes: Sendable {
    let pattern: LocalPattern
    let zone: Zone
    let dst: DSTPolicy
    private let isWildcard: Bool

    init(pattern: LocalPattern, zone: Zone, dst: DSTPolicy) {
        self.pattern = pattern
        self.zone = zone
        self.dst = dst
        isWildcard = pattern.isWildcard
    }

    /// An occurrence, bare.
    struct Slot {
        var instant: Int64
        var local: Int64
        var fold: Int
        var disposition: Occurrence.Disposition

        var position: Position { Position(instant: instant, local: local) }
    }

    /// No offset is as large (RFC 9636), so a local time's instants lie within this of it.
    private static let offsetMax: Int64 = 26 * 3600

    func next(after position: Position) -> Slot? {
        var position = position
        if position.instant < Horizon.first - Self.offsetMax {
            position = Position(instant: Horizon.first - Self.offsetMax, local: .max)
        }
        guard position.instant < Horizon.last + Self.offsetMax else { return nil }
        // All occurrences at an instant have lower local times than `.max`, so nothing is left at this one.
        let start = position.local == .max ? position.instant + 1 : position.instant
        var segment = zone.table.segment(at: start)
        while true {
            let regular = regularSlot(in: segment, after: position)
            let inGap = segment.gap > 0 ? gapSlot(in: segment, after: position) : nil
            if let inGap, inGap.instant <= regular.slot?.instant ?? .max { return inGap }
            if let slot = regular.slot { return slot }
            guard segment.end < ZoneTable.end else { return nil }
            let next = zone.table.segment(at: segment.end)
            guard segment.end + next.offset >= regular.searchedFrom else {
                // The clock goes back to before what was searched.
                segment = next
                continue
            }
            // Nothing matches before the next match on the wall clock, so changes until then do not matter.
            guard let local = regular.nextLocal else { return nil }
            let earliest = local - Self.offsetMax
            segment = earliest > segment.end ? zone.table.segment(at: earliest) : next
        }
    }

    /// The first occurrence in a segment's own time; without one, the next matching local time, and from
    /// where on.
    private func regularSlot(
        in segment: Segment,
        after position: Position
    ) -> (slot: Slot?, nextLocal: Int64?, searchedFrom: Int64) {
        let showing = position.instant + segment.offset
        let from = max(segment.start + segment.offset, showing > position.local ? showing : showing + 1)
        guard let local = pattern.first(from: from) else { return (nil, nil, from) }
        guard local - segment.offset < segment.end else { return (nil, local, from) }
        var slot = Slot(instant: local - segment.offset, local: local, fold: 0, disposition: .run)
        if slot.instant < segment.start + segment.fold {
            slot.fold = 1
            let runsTwice = dst == .literal || dst == .vixie && isWildcard
            slot.disposition = runsTwice ? .run : .dstFoldSkipped
        } else if segment.gap > 0, isMerged(slot, in: segment) {
            slot.disposition = .dstGapMerged
        }
        return (slot, local, from)
    }

    /// Whether an occurrence from the gap, whose local time is lower, runs at this instant.
    private func isMerged(_ slot: Slot, in segment: Segment) -> Bool {
        switch dst {
        case .vixie:
            return !isWildcard && slot.instant == segment.start && pattern.first(in: segment.gapLocals) != nil
        case .shift:
            guard slot.instant < segment.start + segment.gap else { return false }
            let moved = slot.instant + segment.previousOffset
            return pattern.first(in: moved..<moved + 1) != nil
        case .literal, .once, .utc:
            return false
        }
    }

    /// The first occurrence of a local time in the gap before a segment.
    private func gapSlot(in segment: Segment, after position: Position) -> Slot? {
        if dst == .vixie && isWildcard { return nil }
        if dst == .shift { return movedSlot(in: segment, after: position) }
        guard position.instant <= segment.start else { return nil }
        var locals = segment.gapLocals
        if position.instant == segment.start {
            guard position.local < locals.upperBound - 1 else { return nil }
            locals = max(locals.lowerBound, position.local + 1)..<locals.upperBound
        }
        guard let local = pattern.first(in: locals) else { return nil }
        var slot = Slot(instant: segment.start, local: local, fold: 0, disposition: .dstGapSkipped)
        if dst == .vixie {
            slot.disposition = pattern.first(in: segment.gapLocals) == local ? .run : .dstGapMerged
        }
        return slot
    }

    /// `shift`: the gap's local times continue by the offset before it, so they follow one another as if it
    /// were not there. A segment shorter than its gap (no real zone has one) gathers the rest in its last
    /// second.
    private func movedSlot(in segment: Segment, after position: Position) -> Slot? {
        let lastInstant = segment.end - 1
        guard position.instant <= lastInstant else { return nil }
        let locals = segment.gapLocals
        let showing = position.instant + segment.previousOffset
        var from = max(locals.lowerBound, showing > position.local ? showing : showing + 1)
        if position.instant == lastInstant {
            guard position.local < locals.upperBound - 1 else { return nil }
            from = max(locals.lowerBound, showing, position.local + 1)
        }
        guard from < locals.upperBound, let local = pattern.first(in: from..<locals.upperBound) else {
            return nil
        }
        let instant = min(local - segment.previousOffset, lastInstant)
        var slot = Slot(instant: instant, local: local, fold: 0, disposition: .run)
        if local - segment.previousOffset > lastInstant,
            pattern.first(in: lastInstant + segment.previousOffset..<local) != nil
        {
            slot.disposition = .dstGapMerged
        }
        return slot
    }

    func nextRun(after instant: Int64) -> Int64? {
        var position = Position(instant: instant, local: .max)
        while let slot = next(after: position) {
            switch slot.disposition {
            case .run:
                return slot.instant
            case .dstFoldSkipped:
                // The rest of the second pass is skipped with it.
                let segment = zone.table.segment(at: slot.instant)
                position = Position(instant: min(segment.start + segment.fold, segment.end) - 1, local: .max)
            case .dstGapSkipped:
                let segment = zone.table.segment(at: slot.instant)
                position = Position(instant: slot.instant, local: segment.gapLocals.upperBound - 1)
            case .dstGapMerged:
                // The lowest one at this instant runs, and it was not after where the search began.
                position = Position(instant: slot.instant, local: .max)
            }
        }
        return nil
    }
}

extension Segment {
    /// The local times that the change at `start` skipped.
    var gapLocals: Range<Int64> { start + previousOffset..<start + max(offset, previousOffset) }
}
