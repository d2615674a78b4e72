package import Cron
package import Domain
internal import Scheduling

/// The occurrences of a definition's lines, for reading history: with the zone rules that were in force, and
/// with the same reading of each line as the scheduler's.
package struct LineTimes: Sendable {
    package let definition: JobDefinition
    package let lines: [Recurrence]
    package let zone: Zone
    let plan: Plan

    package init(
        _ definition: JobDefinition,
        job: JobID,
        registeredAt: Timestamp,
        zone: Zone
    ) throws {
        self.definition = definition
        self.zone = zone
        lines = try Plans.recurrences(of: definition, job: job, registeredAt: registeredAt, zone: zone)
        plan = Plan(definition, lines: lines, account: 0)
    }

    /// The slots of a line from one to another, both included, whatever becomes of them; those before `start`
    /// are left out without being computed.
    func slots(
        ofLine line: UInt8,
        from first: Slot,
        through last: Slot,
        startingAt start: Timestamp = .distantPast
    ) -> some Swift.Sequence<(Slot, Occurrence.Disposition)> {
        let (low, high) = (SlotPlace(first), SlotPlace(last))
        let from = max(first.instant, start)
        return lines[min(Int(line), lines.count - 1)]
            .occurrences(
                after: Instant(seconds: from.seconds - 1),
                before: Instant(seconds: last.instant.seconds + 1)
            )
            .lazy
            .map { (Slot($0, line: line), $0.disposition) }
            .filter { low <= SlotPlace($0.0) && SlotPlace($0.0) <= high }
    }

    /// The groups of slots after one instant, up to another inclusive.
    func groups(after: Timestamp, through last: Timestamp) -> some Swift.Sequence<SlotGroup> {
        var cursor = after
        return AnyIterator<SlotGroup> {
            guard let group = plan.group(after: cursor), group.instant <= last else { return nil }
            cursor = group.instant
            return group
        }
    }
}

extension Slot {
    init(_ occurrence: Occurrence, line: UInt8) {
        self.init(
            line: line,
            instant: Timestamp(seconds: occurrence.instant.seconds),
            local: occurrence.local,
            fold: UInt8(occurrence.fold)
        )
    }
}

extension SlotGroup {
    /// All members, the one that runs first, with what they are to end as; nil: it runs.
    var members: [(slot: Slot, result: SlotResult?, reason: DecisionReason)] {
        var all = settled.map { (slot: $0.slot, result: SlotResult?.some($0.result), reason: $0.reason) }
        if let runs { all.append((slot: runs, result: nil, reason: .due)) }
        return all.sorted { SlotPlace($0.slot) < SlotPlace($1.slot) }
    }
}
