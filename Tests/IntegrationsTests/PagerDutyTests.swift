import Domain
import Effects
import Integrations
import Testing

@testable import Counterparts

struct PagerDutyTests {
    private static let key = "R0123456789ABCDEFGHIJKLMNOPQRSTU"
    private static let oldKey = "0123456789abcdef0123456789abcdef"
    private static let v2 = #"{"kind":"pagerduty","key":"\#(key)"}"#
    private static let v1 = #"{"kind":"pagerduty","version":"v1","key":"\#(oldKey)"}"#

    @Test func `v2 hears of open, acknowledge and resolve under one key`() throws {
        var stub = PagerDutyStub(key: Self.key)
        var story = try Story(Self.v2)
        #expect(story.tell(.open) { stub.answer($0) }.isDelivered)
        #expect(stub.incidents == ["job/12": "triggered"])
        #expect(story.tell(.remind) { stub.answer($0) }.isDelivered)
        #expect(story.tell(.acknowledge) { stub.answer($0) }.isDelivered)
        #expect(stub.incidents == ["job/12": "acknowledged"])
        #expect(story.tell(.resolve) { stub.answer($0) }.isDelivered)
        #expect(stub.incidents.isEmpty)
        for (request, name) in zip(story.requests, ["open", "remind", "acknowledge", "resolve"]) {
            try Golden.expect(request.text, "pagerduty", "v2-\(name).txt")
        }
    }

    @Test func `v1 hears of open, acknowledge and resolve under one key`() throws {
        var stub = PagerDutyStub(key: Self.oldKey, isV1: true)
        var story = try Story(Self.v1)
        for kind in [AlertMessage.Kind.open, .acknowledge, .resolve] {
            #expect(story.tell(kind) { stub.answer($0) }.isDelivered)
            try Golden.expect(story.requests.last?.text ?? "", "pagerduty", "v1-\(kind.word).txt")
        }
        #expect(stub.log == ["trigger job/12", "acknowledge job/12", "resolve job/12"])
    }

    @Test func `a test leaves no incident behind`() throws {
        var stub = PagerDutyStub(key: Self.key)
        var story = try Story(Self.v2)
        #expect(story.tell(.test, severity: .info) { stub.answer($0) }.isDelivered)
        #expect(stub.log.count == 2)
        #expect(stub.incidents.isEmpty)
    }

    @Test func `long texts are cut to what PagerDuty takes, and a long key stays unique`() throws {
        var stub = PagerDutyStub(key: Self.key)
        var story = try Story(Self.v2)
        var message = Story.message(
            .open,
            title: String(repeating: "é", count: 5000),
            details: (0..<3000).map { "\($0) " + String(repeating: "\u{1}\u{1F600}", count: 2000) }
        )
        message.key = String(repeating: "k", count: 300) + "1"
        let first = story.attempt(message) { .answered(stub.answer($0)) }
        message.key = String(repeating: "k", count: 300) + "2"
        // Another alert.
        story.memory = ChannelMemory()
        let second = story.attempt(message) { .answered(stub.answer($0)) }
        #expect(first.isDelivered && second.isDelivered, "\(first) \(second)")
        #expect(stub.incidents.count == 2)
    }

    @Test func `a key that PagerDuty gave is used from then on`() throws {
        var story = try Story(Self.v2)
        let given = #"{"status":"success","message":"Event processed","dedup_key":"theirs"}"#
        #expect(story.tell(.open) { _ in .text(202, given) }.isDelivered)
        _ = story.tell(.resolve) { _ in .text(202, given) }
        #expect(story.requests.last?.json?["dedup_key"]?.string == "theirs")
    }

    @Test func `an invalid event is not sent again, and the errors are told`() throws {
        var story = try Story(Self.v2)
        let body =
            #"{"status":"invalid event","message":"Event object is invalid","#
            + #""errors":["'payload.summary' x"]}"#
        let verdict = story.opened(answer: .text(400, body))
        #expect(
            verdict.ending
                == .dead(reason: "PagerDuty answered 400: Event object is invalid; 'payload.summary' x")
        )
    }

    @Test func `an unknown key breaks the channel, and is not quoted`() throws {
        var story = try Story(Self.v2)
        var stub = PagerDutyStub(key: "another")
        let verdict = story.attempt(Story.message(.open)) { .answered(stub.answer($0)) }
        #expect(verdict.isBroken)
        let echo = story.opened(answer: .text(403, "no such key \(Self.key)"))
        #expect(echo.isBroken)
        #expect(echo.reason?.contains(Self.key) == false)
    }

    @Test func `too many events rest the destination, 403 on v1 and 429 on v2`() throws {
        var old = try Story(Self.v1)
        let limited = old.opened(answer: .text(403, ""))
        #expect(limited.isRetry)
        #expect(limited.pausedUntil == old.now + .seconds(30))
        var new = try Story(Self.v2)
        #expect(new.opened(answer: .text(429, "")).pausedUntil == new.now + .seconds(120))
        let asked = new.opened(answer: .text(429, "", retryAfter: "7"))
        #expect(asked.pausedUntil == new.now + .seconds(7))
    }

    @Test func `a server error or none at all is tried again after half a minute`() throws {
        var story = try Story(Self.v2)
        let verdict = story.opened(answer: .text(502, "bad gateway"))
        #expect(
            verdict.ending
                == .retry(atLeast: .seconds(30), reason: #"PagerDuty answered 502: "bad gateway""#)
        )
        #expect(story.attempt(Story.message(.open)).isRetry)
        let refused = story.attempt(Story.message(.open)) { _ in .failed(Failure(.egress, "not allowed")) }
        #expect(refused.ending == .dead(reason: "not allowed"))
        #expect(story.opened(answer: .text(302, "")).isDead)
    }
}
