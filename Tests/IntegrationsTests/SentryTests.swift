import Crypto
import Domain
import Effects
import Testing

@testable import Counterparts
@testable import Integrations

struct SentryTests {
    private static let key = "b70a31b3510c4cf793964a185cfe1fd0"
    private static let dsn = "https://\(key)@o4504.ingest.us.sentry.io/42"
    private static let settings =
        #"{"kind":"sentry","dsn":"\#(dsn)","environment":"production","monitor":"nightly"}"#

    @Test func `a DSN leads to the project's envelope address`() throws {
        let dsn = try SentryDSN("https://\(Self.key)@o4504.ingest.us.sentry.io/sub/path/42")
        #expect(dsn.publicKey == Self.key)
        #expect(dsn.project == "42")
        #expect(dsn.envelopes.text == "https://o4504.ingest.us.sentry.io/sub/path/api/42/envelope/")
        let old = try SentryDSN("http://public:secret@sentry.local:9000/7")
        #expect(old.secretKey == "secret")
        #expect(old.envelopes.text == "http://sentry.local:9000/api/7/envelope/")
        for bad in ["https://o4504.ingest.us.sentry.io/42", "https://key@host/", "key@host/1", ""] {
            #expect(throws: WebAddress.Fault.self) { try SentryDSN(bad) }
        }
    }

    @Test func `the worked envelope comes out to the byte`() throws {
        let event = SentryEvent(
            id: "9ec79c33ec9942ab8353589fcb2e04dc",
            at: Timestamp(seconds: 1_767_323_045),
            level: .error,
            logger: "hub.jobs",
            message: "Job 7 failed: HTTP 503",
            tags: [.init("job", .string("7"))]
        )
        let dsn = try SentryDSN("https://\(Self.key)@o4504.ingest.us.sentry.io/sub/path/42")
        let bytes = SentryEnvelope.event(event, to: dsn, sentAt: Timestamp(seconds: 1_767_323_046))
        #expect(bytes.count == 438)
        #expect(
            hexadecimal(SHA256.hash(data: bytes))
                == "f66ce9804799d7346e68d34b720a8a4797279b8706442d455b916268cbc1641f"
        )
    }

    @Test func `the worked check-in comes out to the byte`() {
        let checkIn = SentryCheckIn(
            id: "83a7c03ed0a04e1b97e2e3b18d38f244",
            monitor: "nightly",
            status: .inProgress,
            schedule: WatchedSchedule(
                when: .crontab("0 * * * *"),
                zone: "UTC",
                marginMinutes: 5,
                runtimeMinutesMax: 30
            )
        )
        #expect(checkIn.json.text.utf8.count == 220)
        #expect(
            checkIn.json.text
                == #"{"check_in_id":"83a7c03ed0a04e1b97e2e3b18d38f244","monitor_slug":"nightly","#
                + #""status":"in_progress","monitor_config":{"#
                + #""schedule":{"type":"crontab","value":"0 * * * *"},"#
                + #""checkin_margin":5,"max_runtime":30,"timezone":"UTC"}}"#
        )
    }

    @Test func `an open alert is an event and a bad check-in, a resolved one a good check-in`() throws {
        var stub = SentryStub(project: "42", key: Self.key)
        var story = try Story(Self.settings)
        for kind in [AlertMessage.Kind.open, .acknowledge, .resolve] {
            let before = story.requests.count
            #expect(story.tell(kind) { stub.answer($0) }.isDelivered)
            for (index, request) in story.requests[before...].enumerated() {
                try Golden.expect(request.text, "sentry", "\(kind.word)-\(index + 1).txt")
            }
        }
        #expect(stub.events.count == 1)
        #expect(stub.events.values.first?["level"]?.string == "fatal")
        #expect(stub.checkIns.map(\.status) == ["error", "ok"])
    }

    @Test func `a refused event is never sent again, not even when the check-in has to be`() throws {
        var story = try Story(Self.settings)
        let message = Story.message(.open)
        var sent: [String] = []
        func once(_ request: ChannelRequest, _ isDown: Bool) -> Outcome.Result {
            let text = String(decoding: request.body, as: UTF8.self)
            let isEvent = text.contains(#""type":"event""#)
            sent.append(isEvent ? "event" : "check-in")
            if isEvent { return .answered(.text(400, #"{"detail":"invalid event"}"#)) }
            return isDown ? .failed(Failure(.refused, "down")) : .answered(.text(200, "{}"))
        }
        #expect(story.attempt(message) { once($0, true) }.isRetry)
        #expect(story.attempt(message) { once($0, false) }.isDelivered)
        #expect(sent == ["event", "check-in", "check-in"])
    }

    @Test func `what was refused is a dead letter, what was not looked at is repeated with the same id`()
        throws
    {
        let only = #"{"kind":"sentry","dsn":"\#(Self.dsn)"}"#
        for status: UInt16 in [400, 413, 500] {
            var story = try Story(only)
            #expect(story.opened(answer: .text(status, "no")).isDead)
        }
        var story = try Story(only)
        #expect(story.opened(answer: .text(403, "")).isBroken)
        #expect(story.opened(answer: .text(503, "")).isRetry)
        var stub = SentryStub(project: "42", key: Self.key)
        #expect(story.attempt(Story.message(.open)) { .answered(stub.answer($0)) }.isDelivered)
        #expect(stub.events.count == 1)
        let ids = story.requests.map { SentryStub.parse($0.body)?.header["event_id"]?.string }
        #expect(Set(ids).count == 1)
    }

    @Test func `limits concern their categories, whatever the status`() throws {
        var stub = SentryStub(project: "42", key: Self.key, limits: ["429 60:error:project, 3:bananas"])
        var story = try Story(Self.settings)
        let verdict = story.tell(.open) { stub.answer($0) }
        #expect(verdict.isDead)
        #expect(verdict.limits == ["error": story.now + .seconds(60)])
        #expect(verdict.pausedUntil == nil)
        // The check-in went through all the same.
        #expect(stub.checkIns.map(\.status) == ["error"])
        let before = stub.requestCount
        story.now = story.now - .seconds(30)
        #expect(story.attempt(Story.message(.remind, sequence: 5000)) { .answered(stub.answer($0)) }.isDead)
        #expect(stub.requestCount == before)
        story.now = story.now + .seconds(91)
        #expect(
            story.attempt(Story.message(.remind, sequence: 5001)) { .answered(stub.answer($0)) }.isDelivered
        )
    }

    @Test func `limits are read as Sentry writes them`() {
        let now = Timestamp(seconds: 1000)
        func read(_ header: String?, _ status: UInt16 = 200, _ retryAfter: String? = nil) -> [String: Int64] {
            let answer = Answer(status: status, retryAfter: retryAfter, keptHeader: header)
            return SentryLimits.read(answer, now: now).mapValues { $0.seconds - 1000 }
        }
        #expect(read("60::organization") == ["": 60])
        #expect(read("60:error;monitor:key:reason:ns, 90:monitor") == ["error": 60, "monitor": 90])
        #expect(read("5:transaction;bananas") == [:])
        #expect(read("nonsense, -4:error, 2.5:default") == ["default": 3])
        #expect(read(nil, 429, "17") == ["": 17])
        #expect(read(nil, 429) == ["": 60])
        #expect(read(nil, 200, "17") == [:])
        #expect(read("60:transaction", 429) == [:])
    }
}

struct SentryReporterTests {
    @Test func `own errors are reported, but not in a flood, not twice and not against a limit`() throws {
        let key = "b70a31b3510c4cf793964a185cfe1fd0"
        var stub = SentryStub(project: "42", key: key)
        var reporter = SentryReporter(
            try SentryDSN("https://\(key)@o4504.ingest.us.sentry.io/42"),
            from: Story.sender
        )
        func report(_ number: Int, at second: Int64) -> Bool {
            let now = Story.openedAt + .seconds(second)
            let request = reporter.report(
                id: stableIdentifier("test", "\(number) \(second)"),
                level: .error,
                logger: "chronatog.journal",
                message: "error \(number)",
                fingerprint: ["\(number)"],
                now: now
            )
            guard let request else { return false }
            reporter.receive(stub.answer(request), now: now)
            return true
        }
        #expect(report(1, at: 0))
        #expect(!report(1, at: 59))
        #expect(report(1, at: 60))
        let flood = (100..<200).filter { report($0, at: 60) }
        #expect(flood.count == SentryReporter.reportsPerMinuteMax - 1)
        stub.limits = ["300:error"]
        #expect(report(2, at: 200))
        #expect(!report(3, at: 400))
        #expect(report(3, at: 500))
        #expect(stub.events.count == SentryReporter.reportsPerMinuteMax + 3)
    }
}
