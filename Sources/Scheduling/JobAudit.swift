internal import Cron
internal import Domain

/// One job's part of a `SlotAudit`: what its records have decided, until it is held against the schedule.
struct JobAudit {
    let id: JobID
    let registeredAt: Timestamp
    /// nil: the definition does not compile.
    var lines: [Recurrence]?
    var start: Timestamp?
    var end: Timestamp?
    /// Every slot up to here is decided or waits.
    var cursor: Timestamp
    /// Every slot up to here has been judged.
    var checked: Timestamp
    var isFinished = false
    /// Slots that wait behind a run, by the record that says so.
    var waiting: [Slot: Sequence] = [:]
    /// What was decided since, in order of record.
    private var covers: [Cover] = []

    /// Slots of one line that one record decides, or says are waiting.
    private struct Cover {
        var first: Slot
        var last: Slot
        var count: UInt32
        var record: Sequence
    }

    /// Decisions kept before they are judged.
    private static let coversMax = 256

    init(_ id: JobID, registeredAt: Timestamp, cursor: Timestamp) {
        self.id = id
        self.registeredAt = registeredAt
        self.cursor = cursor
        checked = cursor
    }

    /// A record leads further: everything up to the former cursor is complete.
    mutating func advance(to cursor: Timestamp, _ window: Range<Timestamp>, _ report: inout SlotAudit.Report)
    {
        guard cursor > self.cursor else { return }
        if covers.count >= Self.coversMax { check(through: self.cursor, window, &report) }
        self.cursor = cursor
    }

    mutating func queue(_ slot: Slot, by record: Sequence) {
        waiting[slot] = record
        covers.append(Cover(first: slot, last: slot, count: 1, record: record))
    }

    mutating func decide(
        _ first: Slot,
        _ last: Slot,
        count: UInt32,
        by record: Sequence,
        _ report: inout SlotAudit.Report
    ) {
        // It was counted when it began to wait.
        if count == 1, waiting.removeValue(forKey: first) != nil { return }
        if first.instant <= checked {
            return report.add(
                SlotAudit.Finding(
                    kind: .decidedTwice,
                    job: id,
                    slot: first,
                    record: record,
                    detail: "it lies before what was decided already"
                )
            )
        }
        covers.append(Cover(first: first, last: last, count: count, record: record))
    }

    /// Recomputes the slots up to an instant and holds the records against them.
    mutating func check(
        through: Timestamp,
        _ window: Range<Timestamp>,
        _ report: inout SlotAudit.Report
    ) {
        guard through > checked, let lines else { return }
        defer {
            checked = through
            covers.removeAll { $0.last.instant <= through }
        }
        for (number, line) in lines.enumerated() {
            let mine = covers.filter { Int($0.first.line) == number && $0.first.instant <= through }
                .sorted { $0.first.place < $1.first.place }
            var match = LineMatch(job: id, covers: mine.map { ($0.first, $0.last, $0.count, $0.record) })
            let before = Instant(seconds: through.seconds + 1)
            for occurrence in line.occurrences(after: Instant(seconds: checked.seconds), before: before) {
                let slot = Slot(
                    line: UInt8(number),
                    instant: Timestamp(seconds: occurrence.instant.seconds),
                    local: occurrence.local,
                    fold: UInt8(occurrence.fold)
                )
                if let start, slot.instant < start { continue }
                if let end, slot.instant >= end { break }
                match.meet(slot, isJudged: window.contains(slot.instant), &report)
            }
            match.finish(window, &report)
        }
    }
}

/// Goes along the slots of a line and the records about them, both in order.
private struct LineMatch {
    let job: JobID
    let covers: [(first: Slot, last: Slot, count: UInt32, record: Sequence)]
    private var index = 0
    /// Slots met so far in the stretch at `index`.
    private var met: UInt32 = 0

    init(job: JobID, covers: [(first: Slot, last: Slot, count: UInt32, record: Sequence)]) {
        self.job = job
        self.covers = covers
    }

    mutating func meet(_ slot: Slot, isJudged: Bool, _ report: inout SlotAudit.Report) {
        if isJudged { report.slots += 1 }
        while index < covers.count, covers[index].first.place < slot.place, met == 0 {
            if isJudged { say(.notASlot, covers[index].first, "the schedule has no such slot", &report) }
            index += 1
        }
        guard index < covers.count, covers[index].first.place <= slot.place else {
            guard isJudged else { return }
            return report.add(
                SlotAudit.Finding(
                    kind: .undecided,
                    job: job,
                    slot: slot,
                    record: nil,
                    detail: "no record decides it, and the job's cursor has passed it"
                )
            )
        }
        met += 1
        guard slot.place >= covers[index].last.place else { return }
        if isJudged, slot.place > covers[index].last.place {
            say(.notASlot, covers[index].last, "the schedule has no such slot", &report)
        } else if isJudged, met != covers[index].count {
            say(.wrongCount, slot, "it counts \(covers[index].count) slots, and \(met) lie in it", &report)
        }
        let done = covers[index].last.place
        index += 1
        met = 0
        while index < covers.count, covers[index].first.place <= done {
            if isJudged { say(.decidedTwice, covers[index].first, "another record decided it", &report) }
            index += 1
        }
    }

    /// Records about what the schedule does not have.
    mutating func finish(_ window: Range<Timestamp>, _ report: inout SlotAudit.Report) {
        while index < covers.count {
            if window.contains(covers[index].last.instant) {
                say(.notASlot, covers[index].last, "the schedule has no such slot", &report)
            }
            index += 1
        }
    }

    private func say(
        _ kind: SlotAudit.Finding.Kind,
        _ slot: Slot,
        _ detail: String,
        _ report: inout SlotAudit.Report
    ) {
        report.add(
            SlotAudit.Finding(kind: kind, job: job, slot: slot, record: covers[index].record, detail: detail)
        )
    }
}

/// The order of a line's slots.
private struct SlotOrder: Comparable {
    var instant: Timestamp
    var local: Int64
    var fold: UInt8

    static func < (a: SlotOrder, b: SlotOrder) -> Bool {
        if a.instant != b.instant { return a.instant < b.instant }
        return a.local == b.local ? a.fold < b.fold : a.local < b.local
    }
}

extension Slot {
    fileprivate var place: SlotOrder { SlotOrder(instant: instant, local: local.seconds, fold: fold) }
}
