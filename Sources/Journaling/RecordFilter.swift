package import Domain

/// Which records of a dump are wanted.
package struct RecordFilter: Sendable, Hashable {
    /// An end of the range: a record, or a time.
    package enum Bound: Sendable, Hashable {
        case sequence(Sequence)
        case time(Timestamp)
    }

    /// Inclusive.
    package var from: Bound?
    /// Exclusive.
    package var to: Bound?
    package var job: JobID?
    /// Empty: all.
    package var kinds: Set<RecordKind> = []

    package init() {}

    /// Where a scan begins.
    package var start: Sequence {
        if case .sequence(let sequence) = from { sequence } else { Sequence(1) }
    }

    package func wants(_ entry: Entry) -> Bool {
        if let from, isBefore(entry, from) { return false }
        if let to, !isBefore(entry, to) { return false }
        if let job, entry.record.job != job { return false }
        return kinds.isEmpty || kinds.contains(entry.record.kind)
    }

    /// No later record can be wanted. A time does not say so: clocks go back.
    package func isPast(_ entry: Entry) -> Bool {
        if case .sequence(let end) = to { entry.sequence >= end } else { false }
    }

    private func isBefore(_ entry: Entry, _ bound: Bound) -> Bool {
        switch bound {
        case .sequence(let sequence): entry.sequence < sequence
        case .time(let time): entry.time < time
        }
    }
}
