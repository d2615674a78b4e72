import Domain
import Effects
import Testing

@testable import Engine

/// When a beat leaves, and when there is none.
struct HeartbeatTests {
    private func heartbeat() -> Heartbeat {
        Heartbeat(
            HeartbeatSettings(
                origin: Origin(isTLS: true, host: "hc-ping.com", port: 443),
                target: "/uuid",
                headerLines: [],
                every: .minutes(1)
            )
        )
    }

    private func signs(
        at uptime: Span,
        appended: UInt64 = 10,
        durable: UInt64 = 10,
        hasRoom: Bool = true,
        behind: Span = .zero
    ) -> Heartbeat.Signs {
        Heartbeat.Signs(
            uptime: uptime,
            appended: Sequence(appended),
            durable: Sequence(durable),
            hasRoom: hasRoom,
            behind: behind
        )
    }

    private let fine = Outcome.Result.answered(Answer(status: 200))

    @Test func `one beat an interval, and none before the last was answered`() {
        var heartbeat = heartbeat()
        #expect(heartbeat.beat(signs(at: .zero))?.target == "/uuid")
        #expect(heartbeat.beat(signs(at: .minutes(5))) == nil)
        #expect(heartbeat.hear(fine) == nil)
        #expect(heartbeat.beat(signs(at: .minutes(5))) != nil)
        #expect(heartbeat.hear(fine) == nil)
        #expect(heartbeat.beat(signs(at: .minutes(6) - .milliseconds(1))) == nil)
        #expect(heartbeat.beat(signs(at: .minutes(6))) != nil)
    }

    @Test func `what was recorded when it fell due has to be durable first`() {
        var heartbeat = heartbeat()
        #expect(heartbeat.beat(signs(at: .zero, appended: 10, durable: 9)) == nil)
        // More is recorded all the time; what counts is what was there then.
        #expect(heartbeat.beat(signs(at: .seconds(1), appended: 50, durable: 9)) == nil)
        #expect(heartbeat.beat(signs(at: .seconds(2), appended: 90, durable: 10)) != nil)
    }

    @Test func `a full disk and a backlog are silence`() {
        var heartbeat = heartbeat()
        #expect(heartbeat.beat(signs(at: .zero, hasRoom: false)) == nil)
        #expect(heartbeat.beat(signs(at: .zero, behind: .minutes(2))) == nil)
        #expect(heartbeat.beat(signs(at: .zero, behind: .minutes(1))) != nil)
    }

    @Test func `what was lost is counted, and the next one comes all the same`() {
        var heartbeat = heartbeat()
        _ = heartbeat.beat(signs(at: .zero))
        #expect(heartbeat.hear(.answered(Answer(status: 404))) == "it was answered 404")
        _ = heartbeat.beat(signs(at: .minutes(1)))
        #expect(heartbeat.hear(.failed(Failure(.refused, "nobody there"))) == "nobody there")
        #expect(heartbeat.counts == HeartbeatCounts(heard: 0, lost: 2))
        #expect(heartbeat.beat(signs(at: .minutes(2))) != nil)
    }
}
