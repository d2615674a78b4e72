package import Domain
private import Synchronization

/// The built-in target of `--ephemeral`: answers calls as their URL says and remembers them.
///
/// A pure machine, because it serves twice: over HTTP in real time (`API/Routes/SinkRoutes`), and inside the
/// engine while the clock is driven, where its waits pass in virtual time.
package struct Sink: Sendable {
    /// Calls remembered; the oldest give way.
    package static let capturedMax = 1000
    /// Bytes of a call's body remembered.
    package static let capturedBodyBytesMax = 4096
    /// Counters of `fail_first` kept; the oldest give way.
    package static let countersMax = 10_000

    private var kept: [SinkCall] = []
    /// Calls ever received.
    package private(set) var received = 0
    private var calls: [CounterKey: Int] = [:]
    private var counterOrder: [CounterKey] = []

    /// `fail_first` counts by target and by run (`webhook-id`, which all attempts of a run share), so that
    /// the first attempts of *every* run fail; calls without the header count by target alone.
    private struct CounterKey: Hashable {
        var target: String
        var webhookID: String
    }

    package init() {}

    /// The last `capturedMax` calls, oldest first.
    package var captured: [SinkCall] { kept.suffix(Self.capturedMax) }

    /// Takes a call and says how to answer it. A target that is not understood is answered 400.
    package mutating func receive(
        method: String,
        target: String,
        headers: [(name: String, value: String)],
        body: [UInt8],
        now: Timestamp
    ) -> SinkReply {
        let reply = reply(to: target, headers: headers)
        received += 1
        if kept.count == Self.capturedMax * 2 { kept.removeFirst(Self.capturedMax) }
        kept.append(
            SinkCall(
                number: received,
                at: now,
                method: method,
                target: target,
                headers: headers.map { SinkCall.Header(name: $0.name, value: $0.value) },
                body: Array(body.prefix(Self.capturedBodyBytesMax)),
                bodyBytes: body.count,
                status: reply.hangs ? nil : reply.status
            )
        )
        return reply
    }

    /// Forgets calls and counters.
    package mutating func clear() {
        kept.removeAll()
        calls.removeAll()
        counterOrder.removeAll()
    }

    private mutating func reply(to text: String, headers: [(name: String, value: String)]) -> SinkReply {
        let target: SinkTarget
        do {
            target = try SinkTarget(text)
        } catch {
            return SinkReply(status: 400, body: Array("\(error)\n".utf8))
        }
        var status = target.status
        if target.failFirst > 0 {
            let id = headers.first { $0.name.lowercased() == "webhook-id" }?.value ?? ""
            if count(CounterKey(target: text, webhookID: id)) <= target.failFirst { status = 503 }
        }
        let body =
            target.bytes.map { [UInt8](repeating: UInt8(ascii: "x"), count: $0) }
            ?? Array("sink \(status)\n".utf8)
        return SinkReply(
            status: status,
            body: status == 204 || status == 304 ? [] : body,
            delay: target.delay,
            after: target.after,
            hangs: target.hangs
        )
    }

    /// This call's number under its key, from 1.
    private mutating func count(_ key: CounterKey) -> Int {
        if let known = calls[key] {
            calls[key] = known + 1
            return known + 1
        }
        if counterOrder.count == Self.countersMax {
            // Half at a time, so that the array is not shifted on every call.
            for old in counterOrder.prefix(Self.countersMax / 2) { calls[old] = nil }
            counterOrder.removeFirst(Self.countersMax / 2)
        }
        calls[key] = 1
        counterOrder.append(key)
        return 1
    }
}

/// How the sink answers one call.
package struct SinkReply: Sendable, Hashable {
    package var status: UInt16
    package var body: [UInt8]
    /// The wait before the head of the answer.
    package var delay: Span
    /// The wait between the head and the body.
    package var after: Span
    /// No answer, ever.
    package var hangs: Bool

    package init(status: UInt16, body: [UInt8], delay: Span = .zero, after: Span = .zero, hangs: Bool = false)
    {
        self.status = status
        self.body = body
        self.delay = delay
        self.after = after
        self.hangs = hangs
    }

    /// The answer's headers.
    package var headers: [(name: String, value: String)] {
        [("Content-Type", "text/plain; charset=utf-8")]
    }
}

/// A call as the sink remembers it.
package struct SinkCall: Sendable, Hashable {
    /// Counts from 1.
    package var number: Int
    package var at: Timestamp
    package var method: String
    /// Path and query.
    package var target: String
    package var headers: [Header]
    /// The first `Sink.capturedBodyBytesMax` bytes.
    package var body: [UInt8]
    package var bodyBytes: Int
    /// nil when it was left without an answer.
    package var status: UInt16?

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String
    }
}

/// The one sink of a server, shared by its route and its engine.
package final class SinkService: Sendable {
    private let sink = Mutex(Sink())

    package init() {}

    package func receive(
        method: String,
        target: String,
        headers: [(name: String, value: String)],
        body: [UInt8],
        now: Timestamp
    ) -> SinkReply {
        sink.withLock { $0.receive(method: method, target: target, headers: headers, body: body, now: now) }
    }

    package var captured: [SinkCall] { sink.withLock { $0.captured } }

    package func clear() { sink.withLock { $0.clear() } }
}
