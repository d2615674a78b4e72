internal import Domain

/// Settled slots on their way to records: consecutive slots of one line with the same fate become one
/// stretch.
struct Stretches {
    struct Stretch {
        var first: Slot
        var last: Slot
        var count: UInt32
        var result: SlotResult
        var reason: DecisionReason
        var into: Slot?
        var blackout: String?

        /// Of one slot.
        init(_ slot: Slot, _ result: SlotResult, _ reason: DecisionReason, into: Slot?, blackout: String?) {
            (first, last, count) = (slot, slot, 1)
            (self.result, self.reason, self.into, self.blackout) = (result, reason, into, blackout)
        }

        func isContinued(by other: Stretch) -> Bool {
            result == other.result && reason == other.reason && into == other.into
                && blackout == other.blackout
        }
    }

    /// At most one open stretch a line, in the order they began.
    private var open: [Stretch] = []

    /// Adds a slot; returns the line's previous stretch when this slot does not continue it.
    mutating func add(_ fresh: Stretch) -> Stretch? {
        guard let index = open.firstIndex(where: { $0.first.line == fresh.first.line }) else {
            open.append(fresh)
            return nil
        }
        if open[index].isContinued(by: fresh) {
            open[index].last = fresh.last
            open[index].count += 1
            return nil
        }
        let full = open.remove(at: index)
        open.append(fresh)
        return full
    }

    mutating func takeAll() -> [Stretch] {
        guard !open.isEmpty else { return [] }
        defer { open.removeAll(keepingCapacity: true) }
        return open
    }
}
