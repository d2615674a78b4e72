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
    }

    /// At most one open stretch a line, in the order they began.
    private var open: [Stretch] = []

    /// Adds a slot; returns the line's previous stretch when this slot does not continue it.
    mutating func add(_ slot: Slot, _ result: SlotResult, _ reason: DecisionReason, into: Slot?) -> Stretch? {
        let fresh = Stretch(first: slot, last: slot, count: 1, result: result, reason: reason, into: into)
        guard let index = open.firstIndex(where: { $0.first.line == slot.line }) else {
            open.append(fresh)
            return nil
        }
        if open[index].result == result, open[index].reason == reason, open[index].into == into {
            open[index].last = slot
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
