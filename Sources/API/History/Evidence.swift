package import Domain
package import Streaming

/// What the journal says about one slot, gathered in one pass over the job's records.
package struct Evidence: Sendable {
    /// Events shown with an explanation.
    package static let recordsMax = 50

    package let slot: Slot
    package let job: JobID
    /// The slot as the list would show it.
    package private(set) var row: SlotHistory
    /// The record that decided it, when it was not a run.
    package private(set) var stretch: SlotsDecided?
    /// Its run.
    package private(set) var run: RunHistory?
    /// Runs that were open when it was decided otherwise.
    package private(set) var blockers: [RunHistory] = []
    /// The run of the slot it went into.
    package private(set) var intoRun: RunHistory?
    /// The pause it fell into.
    package private(set) var pause:
        (since: Timestamp, until: Timestamp?, reason: String, endedAt: Timestamp?)?
    /// It waits, or waited, behind an open run.
    package private(set) var queuedAt: Timestamp?
    package private(set) var records: [EventView] = []

    private var open: [RunID: (RunHistory, EventView)] = [:]
    private var waitsForInto = false

    package init(_ slot: Slot, of job: JobID) {
        self.slot = slot
        self.job = job
        row = SlotHistory(undecided: slot, of: job)
    }

    /// Nothing that follows can say more.
    package var isComplete: Bool {
        guard row.sequence != nil, !waitsForInto else { return false }
        // The record that ends a pause comes after those that settle its slots.
        if row.result == .paused, pause?.endedAt == nil { return false }
        let runs = [run, intoRun].compactMap(\.self) + blockers
        return runs.allSatisfy { !$0.isOpen }
    }

    package mutating func add(_ entry: Entry) {
        switch entry.record {
        case .slotDecided(let record) where record.slot == slot: decide(record, entry)
        case .slotDecided, .runOpened: noteOpened(entry)
        case .slotsDecided(let record) where covers(record): decide(record, entry)
        case .slotQueued(let record) where record.slot == slot:
            queuedAt = entry.time
            blockers = open.values.map { $0.0 }.sorted { $0.id < $1.id }
            show(entry)
        case .jobPaused(let record) where record.since <= slot.instant:
            pause = (record.since, record.until, record.reason, nil)
        case .jobResumed where pause != nil && pause?.endedAt == nil:
            pause?.endedAt = entry.time
            if entry.time < slot.instant { pause = nil }
        case .attemptFailed, .attemptIntended, .runClosed: follow(entry)
        default: break
        }
    }

    private func covers(_ record: SlotsDecided) -> Bool {
        guard row.sequence == nil, record.first.line == slot.line else { return false }
        let place = SlotPlace(slot)
        return SlotPlace(record.first) <= place && place <= SlotPlace(record.last)
    }

    private mutating func decide(_ record: SlotDecided, _ entry: Entry) {
        row.run = entry.sequence
        row.reason = record.reason
        row.decidedAt = entry.time
        row.sequence = entry.sequence
        run = RunHistory(opening: entry)
        show(entry)
    }

    private mutating func decide(_ record: SlotsDecided, _ entry: Entry) {
        row.result = record.result
        row.reason = record.reason
        row.into = record.into
        row.blackout = record.blackout
        row.decidedAt = entry.time
        row.sequence = entry.sequence
        stretch = record
        switch record.reason {
        case .runOpen, .slotWaiting, .queueFull, .tooManyOpen:
            let others = open.values.sorted { $0.0.id < $1.0.id }
            blockers = others.map { $0.0 }
            for (_, event) in others.prefix(Self.recordsMax / 2) { records.append(event) }
        default: break
        }
        if let into = record.into {
            intoRun = open.values.first { $0.0.slot == into }?.0
            waitsForInto = intoRun == nil
        }
        show(entry)
    }

    private mutating func noteOpened(_ entry: Entry) {
        guard let opened = RunHistory(opening: entry) else { return }
        open[opened.id] = (opened, EventView(entry))
        if waitsForInto, opened.slot == row.into {
            intoRun = opened
            waitsForInto = false
            show(entry)
        }
    }

    private mutating func follow(_ entry: Entry) {
        guard let id = RunHistory.run(of: entry) else { return }
        if run?.id == id {
            run?.add(entry)
            show(entry)
            if let run { row.result = run.result }
        }
        if intoRun?.id == id { intoRun?.add(entry) }
        if let index = blockers.firstIndex(where: { $0.id == id }) {
            blockers[index].add(entry)
            if !blockers[index].isOpen { show(entry) }
        }
        open[id]?.0.add(entry)
        if case .runClosed = entry.record { open[id] = nil }
    }

    private mutating func show(_ entry: Entry) {
        if records.count < Self.recordsMax { records.append(EventView(entry)) }
    }
}
