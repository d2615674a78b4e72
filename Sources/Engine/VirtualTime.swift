internal import Domain
internal import Effects

/// What happens in time that somebody drives: calls to the built-in sink that are still under way, outcomes
/// held back until an instant is complete, and how far time is to advance.
struct VirtualTime: Sendable {
    private let sink: SinkService?
    /// Answers of the sink that lie in the future, by arrival and then by order of sending.
    private var arrivals: [Arrival] = []
    private var held: [Outcome] = []
    private(set) var target: Timestamp?
    private var isRunningAfter: Int64?
    private var replies: [Reply] = []

    private struct Arrival: Sendable {
        var at: Timestamp
        var outcome: Outcome
    }

    init(sink: SinkService?) {
        self.sink = sink
    }

    /// Calls whose outcome is known and waits for its time.
    var callsOut: Int { arrivals.count }
    /// When the next of them arrives.
    var next: Timestamp { arrivals.first?.at ?? .distantFuture }
    var isAdvancing: Bool { target != nil }

    /// Answers a call to the sink in virtual time; false when the call goes elsewhere.
    mutating func take(_ call: Call, now: Timestamp) -> Bool {
        guard let sink, call.target.hasPrefix(SinkTarget.prefix) else { return false }
        let reply = sink.receive(
            method: call.method,
            target: call.target,
            headers: Self.headers(call.headerLines),
            body: call.body,
            now: now
        )
        let (outcome, lasts) = Self.outcome(of: reply, call)
        let arrival = Arrival(at: now + lasts, outcome: outcome)
        let index = arrivals.firstIndex { $0.at > arrival.at } ?? arrivals.count
        arrivals.insert(arrival, at: index)
        return true
    }

    /// Forgets a call to the sink that the engine no longer waits for; false when it went elsewhere.
    mutating func giveUp(_ id: UInt64) -> Bool {
        guard let index = arrivals.firstIndex(where: { $0.outcome.id == id }) else { return false }
        arrivals.remove(at: index)
        return true
    }

    /// Outcomes to apply now. At a barrier (frozen clock) they wait for each other, so that their order is
    /// the engine's and not the network's.
    mutating func ready(_ fresh: [Outcome], isBarrier: Bool, callsOut out: Int, now: Timestamp) -> [Outcome] {
        var ready: [Outcome] = []
        let due = arrivals.prefix { $0.at <= now }
        ready.append(contentsOf: due.map(\.outcome))
        arrivals.removeFirst(due.count)
        guard isBarrier else { return ready + fresh }
        held.append(contentsOf: fresh.map(Self.withoutRealTime))
        if !held.isEmpty, held.count + ready.count + arrivals.count >= out {
            ready.append(contentsOf: held)
            held.removeAll()
        }
        return ready
    }

    /// Lets time pass up to `target`; frozen meanwhile, so that every instant is completed.
    mutating func begin(to target: Timestamp, _ clock: inout EngineClock) {
        if self.target == nil, !clock.isFrozen { isRunningAfter = clock.state.speed }
        clock.freeze(true)
        self.target = target
    }

    mutating func whenArrived(_ reply: @escaping Reply) { replies.append(reply) }

    /// The target is reached: the clock goes on as it did before.
    mutating func arrive(_ clock: inout EngineClock) -> [Reply] {
        target = nil
        if let speed = isRunningAfter { clock.run(speed: speed) }
        isRunningAfter = nil
        defer { replies.removeAll() }
        return replies
    }

    private static func outcome(of reply: SinkReply, _ call: Call) -> (Outcome, Span) {
        let limits = call.deadlines
        let total = reply.delay + reply.after
        func failed(_ kind: FailureKind, _ after: Span, _ message: String) -> (Outcome, Span) {
            let failure = Failure(kind, message)
            let timings = timings(after, after)
            return (Outcome(id: call.id, result: .failed(failure), timings: timings, address: "sink"), after)
        }
        if reply.hangs || reply.delay >= min(limits.firstByte, limits.total) {
            if limits.total <= limits.firstByte {
                return failed(
                    .timeoutTotal,
                    limits.total,
                    "no whole answer from the sink within \(limits.total.text)"
                )
            }
            return failed(
                .timeoutFirstByte,
                limits.firstByte,
                "no answer from the sink within \(limits.firstByte.text)"
            )
        }
        if total >= limits.total {
            return failed(
                .timeoutTotal,
                limits.total,
                "no whole answer from the sink within \(limits.total.text)"
            )
        }
        let answer = Answer(
            status: reply.status,
            body: Array(reply.body.prefix(call.keepBodyBytesMax)),
            isTruncated: reply.body.count > call.keepBodyBytesMax
        )
        let outcome = Outcome(
            id: call.id,
            result: .answered(answer),
            timings: timings(reply.delay, total),
            address: "sink"
        )
        return (outcome, total)
    }

    private static func timings(_ firstByte: Span, _ total: Span) -> Timings {
        var timings = Timings()
        timings.firstByte = UInt32(clamping: firstByte.microseconds)
        timings.total = UInt32(clamping: total.microseconds)
        return timings
    }

    /// A real call in frozen time took no time.
    private static func withoutRealTime(_ outcome: Outcome) -> Outcome {
        var outcome = outcome
        outcome.timings = Timings()
        return outcome
    }

    private static func headers(_ lines: [UInt8]) -> [(name: String, value: String)] {
        lines.split(separator: 10).compactMap { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let value = line[(colon + 1)...].drop { $0 == 32 }.filter { $0 != 13 }
            return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }
}
