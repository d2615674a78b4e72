package import Domain
package import Effects
private import Synchronization

/// A network and the receivers behind it, by seed: calls succeed, fail, take their time, are answered twice,
/// arrive although nobody hears of it, or find nobody.
///
/// Everything a receiver saw is kept, over any number of crashes of the sender.
package final class ScriptedTransport: Transport {
    private let state: Mutex<State>
    private let time: SimulatedTime

    fileprivate struct State {
        var dice: Dice
        var weather: [String: Weather] = [:]
        var receive: (@Sendable ([Outcome]) -> Void)?
        var underWay: [UnderWay] = []
        var received: [ReceivedCall] = []
        var sent = 0
    }

    fileprivate struct UnderWay {
        var at: Span
        var outcome: Outcome
    }

    /// What the receivers and the network are like.
    package enum Weather: Sendable, CaseIterable {
        /// Answers within a second.
        case fair
        /// Every second call fails somehow.
        case rough
        /// Everything is answered late.
        case slow
        /// Nobody listens.
        case down
        /// Most calls are too many (429).
        case strict
    }

    package init(seed: UInt64, time: SimulatedTime) {
        self.time = time
        state = Mutex(State(dice: Dice(seed: seed, stream: "network")))
    }

    private init(_ state: State, time: SimulatedTime) {
        self.time = time
        self.state = Mutex(state)
    }

    /// The same network, with the same receivers and the same future, in another time; nobody sends.
    package func copy(in time: SimulatedTime) -> ScriptedTransport {
        var state = state.withLock { $0 }
        (state.receive, state.underWay) = (nil, [])
        return ScriptedTransport(state, time: time)
    }

    /// The receivers, those of alerts among them.
    package static let hosts = ["a.example", "b.example", "c.example"] + SimulatedChannels.hosts

    /// - Parameter host: nil for all.
    package func set(_ weather: Weather, at host: String? = nil) {
        state.withLock { state in
            for each in host.map({ [$0] }) ?? Self.hosts { state.weather[each] = weather }
        }
    }

    /// Calls that a receiver saw, in order.
    package var received: [ReceivedCall] { state.withLock { $0.received } }
    package var receivedCount: Int { state.withLock { $0.received.count } }
    /// Calls made, seen by a receiver or not.
    package var sentCount: Int { state.withLock { $0.sent } }

    /// Those after the first `count`.
    package func received(after count: Int) -> ArraySlice<ReceivedCall> {
        state.withLock { $0.received[count...] }
    }

    /// When the next outcome arrives, on the steady clock; `forever` when none is under way.
    package var nextArrival: Span { state.withLock { $0.underWay.first?.at ?? .forever } }

    /// Hands over the outcomes whose time has come.
    package func deliver() {
        let now = time.uptime
        let (outcomes, receive) = state.withLock { state in
            let due = state.underWay.prefix { $0.at <= now }.map(\.outcome)
            state.underWay.removeFirst(due.count)
            return (due, state.receive)
        }
        if !outcomes.isEmpty { receive?(outcomes) }
    }

    /// The sender is gone. What it sent has been seen; the answers reach nobody.
    package func forgetSender() {
        state.withLock { state in
            state.receive = nil
            state.underWay = []
        }
    }

    // MARK: Transport

    package func send(_ calls: [Call]) {
        let now = time.uptime
        state.withLock { state in
            for call in calls { state.send(call, now) }
        }
    }

    package func abort(_ ids: [UInt64]) {
        state.withLock { state in
            for id in ids where state.dice.chance(3, in: 4) {
                state.underWay.removeAll { $0.outcome.id == id }
            }
        }
    }

    package func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {
        state.withLock { $0.receive = receive }
    }

    package func shutdown(drain: Span) async {}
}

/// A call as its receiver saw it.
package struct ReceivedCall: Sendable, Hashable {
    /// The sequence of the record that states its intent, as the sender has it.
    package var intent: Sequence
    /// `Idempotency-Key`.
    package var key: String
    package var host: String
    /// Path and query.
    package var target: String
    package var body: [UInt8]
    /// On the steady clock.
    package var at: Span

    package init(intent: Sequence, key: String, host: String, target: String, body: [UInt8], at: Span) {
        self.intent = intent
        self.key = key
        self.host = host
        self.target = target
        self.body = body
        self.at = at
    }
}

extension ScriptedTransport.State {
    /// What becomes of one call.
    private enum Fate {
        case answered(UInt16, retryAfter: String?)
        case failed(FailureKind, isSeen: Bool)
    }

    fileprivate mutating func send(_ call: Call, _ now: Span) {
        sent += 1
        var (fate, delay) = draw(weather[call.origin.host] ?? .fair)
        if delay >= call.deadlines.total {
            (fate, delay) = (.failed(.timeoutTotal, isSeen: true), call.deadlines.total)
        } else if delay >= call.deadlines.firstByte {
            (fate, delay) = (.failed(.timeoutFirstByte, isSeen: true), call.deadlines.firstByte)
        }
        var isSeen = true
        if case .failed(_, let seen) = fate { isSeen = seen }
        if isSeen {
            received.append(
                ReceivedCall(
                    intent: Sequence(call.id),
                    key: Self.key(of: call.headerLines),
                    host: call.origin.host,
                    target: call.target,
                    body: call.body,
                    at: now
                )
            )
        }
        let outcome = Outcome(
            id: call.id,
            result: Self.result(of: fate),
            timings: Timings(),
            address: "192.0.2.1"
        )
        insert(ScriptedTransport.UnderWay(at: now + delay, outcome: outcome))
        // No transport of ours does this; the engine must not mind.
        if dice.chance(1, in: 40) {
            let later = dice.span(.zero, .seconds(5))
            insert(ScriptedTransport.UnderWay(at: now + delay + later, outcome: outcome))
        }
    }

    private mutating func insert(_ arrival: ScriptedTransport.UnderWay) {
        let index = underWay.firstIndex { $0.at > arrival.at } ?? underWay.count
        underWay.insert(arrival, at: index)
    }

    private mutating func draw(_ weather: ScriptedTransport.Weather) -> (Fate, Span) {
        let quick = dice.span(.milliseconds(1), .seconds(1))
        switch weather {
        case .fair:
            if dice.chance(1, in: 30) { return (misfortune(), quick) }
            return (.answered(200, retryAfter: nil), quick)
        case .rough:
            if dice.chance(1, in: 2) { return (misfortune(), dice.magnitude(.milliseconds(1), .seconds(90))) }
            return (.answered(200, retryAfter: nil), quick)
        case .slow:
            return (.answered(200, retryAfter: nil), dice.magnitude(.seconds(1), .minutes(10)))
        case .down:
            return (.failed(.refused, isSeen: false), quick)
        case .strict:
            if dice.chance(1, in: 4) { return (.answered(200, retryAfter: nil), quick) }
            return (.answered(429, retryAfter: dice.chance(1, in: 4) ? nil : "\(dice.below(900))"), quick)
        }
    }

    private mutating func misfortune() -> Fate {
        switch dice.below(9) {
        case 0: .answered(500, retryAfter: nil)
        case 1: .answered(503, retryAfter: "\(dice.below(120))")
        case 2: .answered(429, retryAfter: "7")
        case 3: .answered(404, retryAfter: nil)
        case 4: dice.chance(1, in: 4) ? .answered(410, retryAfter: nil) : .answered(408, retryAfter: nil)
        case 5: .failed(.closed, isSeen: true)
        case 6: .failed(.timeoutFirstByte, isSeen: true)
        case 7: .failed(.name, isSeen: false)
        default: .failed(.unreachable, isSeen: false)
        }
    }

    private static func result(of fate: Fate) -> Outcome.Result {
        switch fate {
        case .answered(let status, let retryAfter): .answered(Answer(status: status, retryAfter: retryAfter))
        case .failed(let kind, _): .failed(Failure(kind, "scripted"))
        }
    }

    private static func key(of lines: [UInt8]) -> String {
        for line in lines.split(separator: 10) {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("Idempotency-Key: ") { return String(text.dropFirst(17).filter { $0 != "\r" }) }
        }
        return ""
    }
}
