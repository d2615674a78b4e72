internal import DequeModule
package import Domain

/// How many calls may be in flight, and how many may start in a period, under each key (`semantics.md` §4.3,
/// 3). Who finds no place waits in order of arrival.
package struct Limits: Sendable {
    /// Calls in flight under a key whose jobs name no number (`--target-parallel`).
    package let parallelDefault: UInt32
    private var indexOfKey: [LimitKey: UInt32] = [:]
    private var states: [State] = []

    package enum Waiter: Sendable, Hashable {
        case job(JobID)
        case retry(RunID)
    }

    private struct State {
        /// Intents stated and not concluded, calls on the wire among them.
        var intended: UInt32 = 0
        /// Calls on the wire.
        var onWire: UInt32 = 0
        /// Durable intents whose turn on the wire has not come.
        var ready = Deque<UInt64>()
        /// The number of the latest job, for calls that come from `ready`.
        var parallel: UInt32 = 0
        /// Generic cell rate: the time up to which starts are already paid for.
        var paidThrough = Timestamp.distantPast
        /// The longest period of a job so far: no more than this can be paid for ahead, unless somebody set
        /// the clock back.
        var periodMax = Span.zero
        var waiting = Deque<Waiter>()
    }

    package enum Place: Sendable, Hashable {
        case taken
        /// All places are in use; one comes free when a call ends.
        case full
        /// The rate is used up until then.
        case until(Timestamp)
    }

    package init(parallelDefault: UInt32) {
        self.parallelDefault = parallelDefault
    }

    /// A small number for a key.
    package mutating func index(of key: LimitKey) -> UInt32 {
        if let index = indexOfKey[key] { return index }
        states.append(State())
        let index = UInt32(states.count - 1)
        indexOfKey[key] = index
        return index
    }

    /// Takes a place for one call, unless others wait for one already (`jumps` is theirs when their turn has
    /// come).
    package mutating func take(_ index: UInt32, _ policy: LimitPolicy, now: Timestamp, jumps: Bool = false)
        -> Place
    {
        let parallel = policy.parallel == 0 ? parallelDefault : policy.parallel
        let state = Int(index)
        states[state].parallel = parallel
        if !jumps, !states[state].waiting.isEmpty { return .full }
        if states[state].intended >= parallel + Self.ahead(parallel) { return .full }
        if policy.rate > 0 {
            let step = Span(microseconds: max(policy.period.microseconds / Int64(policy.rate), 1))
            states[state].periodMax = max(states[state].periodMax, policy.period)
            let ahead = now + states[state].periodMax
            if states[state].paidThrough > ahead { states[state].paidThrough = ahead }
            let paid = max(states[state].paidThrough, now)
            let burst = Span(microseconds: policy.period.microseconds - step.microseconds)
            if paid - burst > now { return .until(paid - burst) }
            states[state].paidThrough = paid + step
        }
        states[state].intended += 1
        return .taken
    }

    /// Takes a place whether there is one or not: a person asked for this call now.
    package mutating func takeAnyway(_ index: UInt32, _ policy: LimitPolicy) {
        states[Int(index)].parallel = policy.parallel == 0 ? parallelDefault : policy.parallel
        states[Int(index)].intended += 1
    }

    /// How many intents may be stated beyond the calls on the wire. Where many calls run side by side, the
    /// next ones are made durable while these are under way, so that no answer waits for a disk before its
    /// successor goes out. Narrow limits (`aheadFrom`) stay exact: there a waiting slot is better undecided
    /// than decided too soon.
    private static func ahead(_ parallel: UInt32) -> UInt32 { parallel >= aheadFrom ? parallel : 0 }
    package static let aheadFrom: UInt32 = 32

    /// A durable intent wants to go out: true when it may, otherwise it is kept until `nextReady` gives it
    /// back.
    package mutating func mayStart(_ index: UInt32, _ id: UInt64) -> Bool {
        let state = Int(index)
        if states[state].onWire < max(states[state].parallel, 1), states[state].ready.isEmpty {
            states[state].onWire += 1
            return true
        }
        states[state].ready.append(id)
        return false
    }

    /// The next durable intent that may go out.
    package mutating func nextReady(_ index: UInt32) -> UInt64? {
        let state = Int(index)
        guard states[state].onWire < max(states[state].parallel, 1), let id = states[state].ready.popFirst()
        else {
            return nil
        }
        states[state].onWire += 1
        return id
    }

    /// The intent that `nextReady` gave is void: its run was cancelled meanwhile.
    package mutating func giveBack(_ index: UInt32) { states[Int(index)].onWire -= 1 }

    /// A call ended, or will never be made.
    package mutating func release(_ index: UInt32, wasOnWire: Bool) {
        states[Int(index)].intended -= 1
        if wasOnWire { states[Int(index)].onWire -= 1 }
    }

    package mutating func wait(_ index: UInt32, _ waiter: Waiter) {
        states[Int(index)].waiting.append(waiter)
    }

    /// Puts a waiter back at the head: its turn came but its own limit is narrower.
    package mutating func waitAgain(_ index: UInt32, _ waiter: Waiter) {
        states[Int(index)].waiting.prepend(waiter)
    }

    /// The next in line, taken off the line.
    package mutating func nextWaiter(_ index: UInt32) -> Waiter? {
        states[Int(index)].waiting.popFirst()
    }

    /// All keys' numbers.
    package var indices: Range<UInt32> { 0..<UInt32(states.count) }

    package func waitingCount(_ index: UInt32) -> Int { states[Int(index)].waiting.count }
    package var waitingCount: Int { states.reduce(0) { $0 + $1.waiting.count } }
}
