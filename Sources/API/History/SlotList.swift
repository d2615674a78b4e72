internal import Cron
package import Domain
internal import Scheduling

/// The slots of a job in a range, folded in one pass over its records.
package struct SlotList {
    private var history: JobHistory
    private var window: SlotWindow
    private var queued: [Slot] = []
    private let job: JobID
    /// The cursor of the last record, and how far slots are decided for certain: all records of one group
    /// carry the same cursor, so a higher one means that the group before is complete.
    private var lastCursor = Timestamp.distantPast
    private var decidedThrough = Timestamp.distantPast

    package init(_ history: JobHistory, window: SlotWindow) {
        self.history = history
        self.window = window
        job = history.job
    }

    /// Takes the next record of the job. False: nothing that follows can change the answer.
    package mutating func add(_ entry: Entry) -> Bool {
        take(entry)
        if let cursor = entry.record.cursor, cursor > lastCursor {
            decidedThrough = lastCursor
            lastCursor = cursor
        }
        return !window.isFinal(through: decidedThrough) || queued.contains { window.admits($0) }
    }

    private mutating func take(_ entry: Entry) {
        switch entry.record {
        case .jobRegistered, .jobRevised: history.add(entry)
        case .slotDecided(let record):
            queued.removeAll { $0 == record.slot }
            var row = SlotHistory(undecided: record.slot, of: job)
            row.run = entry.sequence
            row.reason = record.reason
            row.decidedAt = entry.time
            row.sequence = entry.sequence
            window.add(row)
        case .slotsDecided(let record): add(record, entry)
        case .slotQueued(let record): queued.append(record.slot)
        case .runClosed(let record): window.close(record.run, result: record.result)
        default: break
        }
    }

    private mutating func add(_ record: SlotsDecided, _ entry: Entry) {
        if !queued.isEmpty { queued.removeAll { $0 == record.first } }
        guard window.overlaps(record.first, record.last) else { return }
        // A copy, because the closure below changes the window in place.
        var history = self.history
        history.expand(record, at: entry.sequence, from: window.from) { slot in
            guard slot.instant < window.to else { return false }
            var row = SlotHistory(undecided: slot, of: job)
            row.result = record.result
            row.reason = record.reason
            row.into = record.into
            row.blackout = record.blackout
            row.decidedAt = entry.time
            row.sequence = entry.sequence
            window.add(row)
            return !window.isPast(slot)
        }
        self.history = history
    }

    /// The answer: undecided slots up to now come last. `cursor` and `now` are the job's and the server's.
    package mutating func finish(
        cursor: Timestamp,
        now: Timestamp
    ) -> (rows: [SlotHistory], hasMore: Bool) {
        for slot in queued { window.add(SlotHistory(undecided: slot, of: job)) }
        if let revision = history.revisions.last, let times = history.times(ofRevision: revision.number) {
            let start = max(cursor, window.from - Span(microseconds: 1))
            for group in times.groups(after: start, through: now) where group.instant > cursor {
                guard group.instant < window.to else { break }
                for member in group.members { window.add(SlotHistory(undecided: member.slot, of: job)) }
                if let first = group.members.first, window.isPast(first.slot) { break }
            }
        }
        return window.finish()
    }
}

extension Record {
    /// Up to where slots are decided once the record's group is applied; nil for records that decide none.
    fileprivate var cursor: Timestamp? {
        switch self {
        case .slotDecided(let record): record.cursor
        case .slotsDecided(let record): record.cursor
        case .slotQueued(let record): record.cursor
        case .jobRevised(let record): record.cursor
        default: nil
        }
    }
}
