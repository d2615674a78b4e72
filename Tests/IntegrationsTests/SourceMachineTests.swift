import Domain
import Effects
import Testing

@testable import Integrations

@Suite struct SourceMachineTests {
    private static let start = Timestamp(seconds: 1_767_225_600)
    private static let auth = Array(#"{"type":"auth"}"#.utf8)
    private static let event = Array(
        #"{"type":"service","action":"update","state":"Running","resource_uri":"/x/","parents":[]}"#.utf8
    )

    /// A machine, its clock, and what it has done, in words.
    private struct Story {
        var machine: SourceMachine
        var now = SourceMachineTests.start
        var done: [String] = []
        var chance = 1.0

        init(
            alertAfter: Span? = .seconds(10),
            silentAfter: Span? = nil,
            notifications: Bool = false,
            change: (inout WatchedSource) -> Void = { _ in }
        ) {
            let set = SourceSet(
                name: "tutum",
                settings: Sealed(keyID: 1, bytes: []),
                address: "",
                alertAfter: alertAfter,
                silentAfter: silentAfter,
                takesNotifications: notifications
            )
            var source = WatchedSource(set, since: now)
            change(&source)
            machine = SourceMachine(source)
            note(machine.start(now: now))
        }

        mutating func hear(_ signal: StreamSignal) {
            note(machine.receive(signal, now: now, chance: chance))
        }

        mutating func hear(_ text: String) { hear(.text(Array(text.utf8))) }

        /// Lets time pass, and wakes the machine whenever it wants it.
        mutating func pass(_ span: Span) {
            let end = now + span
            while machine.wakeAt <= end {
                now = max(now, machine.wakeAt)
                note(machine.wake(now: now, chance: chance))
            }
            now = end
        }

        mutating func authenticate() {
            hear(.open)
            hear(.text(SourceMachineTests.auth))
        }

        private mutating func note(_ actions: [SourceMachine.Action]) {
            for action in actions {
                switch action {
                case .connect: done.append("connect")
                case .disconnect: done.append("disconnect")
                case .connected: done.append("connected")
                case .opened: done.append("opened \(machine.outages)")
                case .lost: done.append("lost \(machine.outages)")
                case .refused: done.append("refused \(machine.outages)")
                case .alert: done.append("alert")
                case .silent: done.append("silent")
                case .heard: done.append("heard")
                case .happened(let kind, let message, _):
                    done.append(kind.rawValue + (message.isEmpty ? "" : " \(message.count)"))
                }
            }
        }

        mutating func take() -> [String] {
            defer { done = [] }
            return done
        }
    }

    @Test func `a stream is healthy once it said auth, not before`() {
        var story = Story()
        story.hear(.open)
        story.hear(.text(Self.event))
        #expect(story.take() == ["connect", "connected"])
        story.hear(.text(Self.auth))
        story.hear(.text(Self.event))
        story.hear(.text(Self.auth))
        #expect(story.take() == ["opened 0", "open", "message \(Self.event.count)"])
    }

    @Test func `notices are left out unless they are asked for`() {
        let notices = #"{"type":"user-notifications","data":[]}"#
        var story = Story()
        story.authenticate()
        _ = story.take()
        story.hear(notices)
        #expect(story.take().isEmpty)
        var curious = Story(notifications: true)
        curious.authenticate()
        _ = curious.take()
        curious.hear(notices)
        #expect(curious.take() == ["message \(notices.utf8.count)"])
    }

    @Test func `an outage has one close, one alert after its grace, and one open with its number`() {
        var story = Story()
        story.authenticate()
        _ = story.take()
        story.hear(.closed(code: 1001, reason: "going away"))
        #expect(story.take() == ["lost 1", "close"])
        story.pass(.seconds(1))
        story.hear(.failed(Failure(.refused, "nobody listens")))
        story.pass(.milliseconds(2500))
        #expect(story.take() == ["connect", "error", "connect"])
        story.hear(.failed(Failure(.refused, "nobody listens")))
        story.pass(.seconds(60))
        #expect(story.take() == ["error", "connect", "alert"])
        story.authenticate()
        #expect(story.take() == ["connected", "opened 1", "open"])
        #expect(story.machine.wakeAt == .distantFuture)
    }

    @Test func `a short break is nobody's business`() {
        var story = Story()
        story.authenticate()
        story.hear(.closed(code: 1006, reason: ""))
        story.pass(.seconds(2))
        story.authenticate()
        story.pass(.hours(1))
        #expect(!story.done.contains("alert"))
    }

    @Test func `attempts wait twice as long each, up to a minute, and begin anew after a minute of health`() {
        var story = Story(alertAfter: nil)
        var waits: [Int64] = []
        func lose(_ story: inout Story) {
            story.hear(.failed(Failure(.refused, "nobody listens")))
            waits.append((story.machine.wakeAt - story.now).microseconds / 1_000_000)
            story.pass(story.machine.wakeAt - story.now)
        }
        for _ in 0..<8 { lose(&story) }
        story.authenticate()
        story.pass(.seconds(61))
        story.hear(.closed(code: 1000, reason: ""))
        waits.append((story.machine.wakeAt - story.now).microseconds / 1_000_000)
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 1])
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var status: Int
        var retryAfter: String?
        /// nil: never again by itself.
        var wait: Span?
        var testDescription: String { "\(status) \(retryAfter ?? "")" }
    }

    @Test(arguments: [
        Refusal(status: 429, retryAfter: "7", wait: .seconds(7)),
        Refusal(status: 503, retryAfter: "Thu, 01 Jan 2026 00:00:30 GMT", wait: .seconds(30)),
        Refusal(status: 503, retryAfter: "9999999999", wait: .days(1)),
        Refusal(status: 500, retryAfter: nil, wait: .seconds(1)),
        Refusal(status: 302, retryAfter: nil, wait: .seconds(1)),
        Refusal(status: 401, retryAfter: "7", wait: nil),
        Refusal(status: 403, retryAfter: nil, wait: nil),
    ])
    func `what a server answers the handshake with decides when it is asked again`(_ row: Refusal) {
        var story = Story()
        story.hear(.refused(status: row.status, retryAfter: row.retryAfter))
        if let wait = row.wait {
            #expect(story.machine.state == .waiting(until: Self.start + wait))
        } else {
            #expect(story.machine.state == .unauthorized)
            #expect(story.machine.wakeAt == .distantFuture)
        }
    }

    @Test func `redirects are refused with a sentence`() {
        var story = Story()
        story.hear(.refused(status: 301, retryAfter: nil))
        #expect(story.machine.reason.contains("redirects are not followed"))
    }

    @Test(arguments: [
        StreamSignal.text(Array(#"{"type":"error","data":{"errorMessage":"UNAUTHORIZED"}}"#.utf8)),
        .closed(code: 1008, reason: "bad credentials"),
    ])
    func `bad credentials end the attempts, however they are told`(_ signal: StreamSignal) {
        var story = Story()
        story.hear(.open)
        _ = story.take()
        story.hear(signal)
        #expect(story.take().contains("refused 1"))
        story.pass(.days(1))
        #expect(story.take().isEmpty)
        #expect(story.machine.state == .unauthorized)
    }

    @Test func `refused credentials do not end an outage, and do not begin a second one`() {
        var story = Story()
        story.authenticate()
        story.hear(.closed(code: 1006, reason: ""))
        story.pass(.seconds(5))
        story.hear(.refused(status: 401, retryAfter: nil))
        #expect(story.done.suffix(2) == ["refused 1", "error"])
        #expect(!story.done.contains("opened 1"))
    }

    @Test func `a server that never says auth is left`() {
        var story = Story()
        story.hear(.open)
        story.pass(.seconds(30))
        #expect(story.done == ["connect", "connected", "disconnect", "lost 1", "error"])
    }

    @Test func `an open stream that says nothing is told of once, until it says something`() {
        var story = Story(silentAfter: .minutes(5))
        story.authenticate()
        _ = story.take()
        story.pass(.minutes(4))
        story.hear(.text(Self.event))
        story.pass(.minutes(4))
        #expect(story.take() == ["message \(Self.event.count)"])
        story.pass(.hours(1))
        #expect(story.take() == ["silent"])
        story.hear(.text(Self.event))
        #expect(story.take() == ["heard", "message \(Self.event.count)"])
        story.pass(.minutes(5))
        #expect(story.take() == ["silent"])
        story.hear(.closed(code: 1006, reason: ""))
        story.pass(.milliseconds(1500))
        story.authenticate()
        story.pass(.minutes(4))
        #expect(!story.take().contains("silent"))
    }

    @Test func `what is no event is an error, and the stream goes on`() {
        var story = Story()
        story.authenticate()
        _ = story.take()
        for text in ["", "no JSON", "[]", #"{"action":"create"}"#] { story.hear(text) }
        story.hear(#"{"type":"error","data":{"errorMessage":"slow down"}}"#)
        story.hear(.text(Self.event))
        #expect(story.take() == Array(repeating: "error", count: 5) + ["message \(Self.event.count)"])
    }

    @Test func `an outage that began before a restart is the same one after it, with a grace of its own`() {
        var story = Story {
            $0.outages = 4
            $0.lostSince = Self.start - .hours(1)
        }
        story.hear(.failed(Failure(.refused, "nobody listens")))
        #expect(story.take() == ["connect", "error"])
        story.pass(.seconds(10))
        #expect(story.take().contains("alert"))
        story.authenticate()
        #expect(story.take().contains("opened 4"))
    }

    @Test func `a stream that was open before a restart is closed by the first failure after it`() {
        var story = Story { $0.isOpen = true }
        story.hear(.failed(Failure(.refused, "nobody listens")))
        #expect(story.take() == ["connect", "lost 1", "close"])
    }

    @Test func `an unauthorized stream is not tried by a restart`() {
        var story = Story { $0.isRefused = true }
        #expect(story.take().isEmpty)
        story.pass(.days(1))
        #expect(story.take().isEmpty)
    }
}

@Suite struct TutumSourceTests {
    private func read(_ json: String, keeping known: TutumSource? = nil) throws -> TutumSource {
        try TutumSource.read(try JSONReader.value(of: json), keeping: known)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var json: String
        var target: String
        var authorization: String?
        var shown: String
        var testDescription: String { json }
    }

    @Test(arguments: [
        Row(
            json: #"{"url":"wss://stream.tutum.co","username":"me","token":"k"}"#,
            target: "/v1/events",
            authorization: "Basic bWU6aw==",
            shown: "wss://stream.tutum.co/v1/events"
        ),
        Row(
            json: #"{"url":"ws://h:81/v1/events/","username":"a b","token":"k&=","auth_in":"query"}"#,
            target: "/v1/events/?token=k%26%3D&user=a%20b",
            authorization: nil,
            shown: "ws://h:81/v1/events/"
        ),
        Row(
            json: #"{"url":"wss://h/e?type=node","authorization":"ApiKey me:k+/","auth_in":"query"}"#,
            target: "/e?type=node&auth=ApiKey%20me%3Ak%2B%2F",
            authorization: nil,
            shown: "wss://h/e?***"
        ),
        Row(
            json: #"{"url":"wss://me:secret@h/e"}"#,
            target: "/e",
            authorization: "Basic bWU6c2VjcmV0",
            shown: "wss://h/e"
        ),
        Row(
            json: #"{"url":"wss://h/e","bearer":"t"}"#,
            target: "/e",
            authorization: "Bearer t",
            shown: "wss://h/e"
        ),
    ])
    func `an address and a login become a handshake, and read back as they are`(_ row: Row) throws {
        let source = try read(row.json)
        #expect(source.target == row.target)
        let head = String(decoding: source.headerLines(userAgent: "c"), as: UTF8.self)
        let line = row.authorization.map { "Authorization: \($0)\r\n" } ?? ""
        #expect(head == "User-Agent: c\r\n\(line)")
        #expect(source.shown == row.shown)
        #expect(try TutumSource.read(source.json) == source)
    }

    @Test(arguments: [
        #"{"url":"ftp://h"}"#, #"{"username":"a","token":"b"}"#, #"{"url":"wss://h","username":"a"}"#,
        #"{"url":"wss://h","token":"a"}"#, #"{"url":"wss://h","username":"a:b","token":"c"}"#,
        #"{"url":"wss://h","bearer":"a","authorization":"b"}"#, #"{"url":"wss://h","auth_in":"cookie"}"#,
        #"{"url":"wss://h","bearer":"a\r\nX: y"}"#,
    ])
    func `half a login, two of them, and what is no address are refused`(_ json: String) {
        #expect(throws: ChannelSettingsError.self) { try read(json) }
    }

    @Test func `a change without a login keeps the known one, for the same server only`() throws {
        let known = try read(#"{"url":"wss://h/e","bearer":"t"}"#)
        #expect(try read(#"{"url":"wss://h/other"}"#, keeping: known).login == .bearer("t"))
        #expect(try read(#"{"url":"wss://elsewhere/e"}"#, keeping: known).login == nil)
    }
}
