package import Cron
package import Domain
internal import Streaming

/// A slot as history tells it.
package struct SlotHistory: Sendable, Hashable {
    package var job: JobID
    package var slot: Slot
    package var run: RunID?
    /// nil while undecided, or while its run is open.
    package var result: SlotResult?
    package var reason: DecisionReason?
    package var into: Slot?
    /// What left it out.
    package var blackout: String?
    package var decidedAt: Timestamp?
    package var sequence: Sequence?

    package init(undecided slot: Slot, of job: JobID) {
        self.job = job
        self.slot = slot
    }

    package var json: JSON {
        .object([
            JSON.Member("id", .string(slot.name(of: job))),
            JSON.Member("slot", slot.instant.json),
            JSON.Member("local", .string(slot.local.text)),
            JSON.Member("fold", .number(Int64(slot.fold))),
            JSON.Member("line", .number(Int64(slot.line))),
            JSON.Member("run", run.map { .string("\($0)") } ?? .null),
            JSON.Member("result", result.map { .string($0.word) } ?? .null),
            JSON.Member("reason", reason.map { .string($0.word) } ?? .null),
            JSON.Member("into", into.map { .string($0.name(of: job)) } ?? .null),
            JSON.Member("blackout", blackout.map { .string($0) } ?? .null),
            JSON.Member("decided_at", decidedAt?.json ?? .null),
            JSON.Member("sequence", sequence.map { .number(Int64(clamping: $0.value)) } ?? .null),
        ])
    }
}

/// The place of a slot in the order of a job's slots (`semantics.md` §4.1).
package struct SlotPlace: Sendable, Hashable, Comparable {
    package var instant: Timestamp
    package var line: UInt8
    package var local: LocalDateTime
    package var fold: UInt8

    package init(_ slot: Slot) {
        instant = slot.instant
        line = slot.line
        local = slot.local
        fold = slot.fold
    }

    package static func < (a: SlotPlace, b: SlotPlace) -> Bool {
        (a.instant, a.line, a.local, a.fold) < (b.instant, b.line, b.local, b.fold)
    }
}

/// The first slots of a range, in order, gathered from records in any order. Never holds more than twice its
/// limit.
package struct SlotWindow: Sendable {
    /// Inclusive.
    package let from: Timestamp
    /// Exclusive.
    package let to: Timestamp
    /// Slots up to here were shown before.
    private let after: SlotPlace?
    private let limit: Int
    private var rows: [SlotHistory] = []
    /// The highest place that can still be among the first: falls as the window fills.
    private var ceiling: SlotPlace?
    private var dropped = false
    /// Runs of the rows whose end has not been seen, and the ends that have.
    private var awaited: Set<RunID> = []
    private var results: [RunID: SlotResult] = [:]

    package init(from: Timestamp, to: Timestamp, after: SlotPlace? = nil, limit: Int) {
        self.from = from
        self.to = to
        self.after = after
        self.limit = limit
    }

    /// Whether a slot can be among the answer.
    package func admits(_ slot: Slot) -> Bool {
        guard slot.instant >= from, slot.instant < to else { return false }
        let place = SlotPlace(slot)
        if let after, place <= after { return false }
        return ceiling.map { place < $0 } ?? true
    }

    /// Whether anything between two slots can be.
    func overlaps(_ first: Slot, _ last: Slot) -> Bool {
        guard last.instant >= from, first.instant < to else { return false }
        if let after, SlotPlace(last) <= after { return false }
        return ceiling.map { SlotPlace(first) < $0 } ?? true
    }

    /// This slot, and so all later ones, come after everything that will be answered.
    func isPast(_ slot: Slot) -> Bool {
        ceiling.map { $0 <= SlotPlace(slot) } ?? false
    }

    /// Nothing can change the answer any more, when every slot up to that instant is decided.
    func isFinal(through instant: Timestamp) -> Bool {
        awaited.isEmpty && ceiling.map { $0.instant <= instant } ?? false
    }

    package mutating func add(_ row: SlotHistory) {
        guard admits(row.slot) else { return }
        rows.append(row)
        if let run = row.run { awaited.insert(run) }
        if rows.count >= limit * 2 + 2 { settle() }
    }

    /// The results of runs come later than their slots.
    package mutating func close(_ run: RunID, result: SlotResult) {
        if awaited.remove(run) != nil { results[run] = result }
    }

    private mutating func settle() {
        rows.sort { SlotPlace($0.slot) < SlotPlace($1.slot) }
        guard rows.count > limit else { return }
        ceiling = SlotPlace(rows[limit].slot)
        for run in rows[limit...].compactMap(\.run) {
            awaited.remove(run)
            results[run] = nil
        }
        rows.removeLast(rows.count - limit)
        dropped = true
    }

    /// The answer, and whether there is more.
    package mutating func finish() -> (rows: [SlotHistory], hasMore: Bool) {
        settle()
        for index in rows.indices {
            if let run = rows[index].run, let result = results[run] { rows[index].result = result }
        }
        return (rows, dropped)
    }
}
