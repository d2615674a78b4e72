import Domain
import Effects
import Integrations
import Synchronization
import Testing

@testable import chronatog

/// `stream tail` against a server that speaks as Tutum's did.
@Suite(.timeLimit(.minutes(1)))
struct StreamFollowerTests {
    private static let container = """
        {"type":"container","action":"update","parents":["/api/v1/service/5/"],\
        "resource_uri":"/api/v1/container/9/","state":"Running"}
        """
    private static func run(_ sequence: Int) -> String {
        #"{"type":"run","action":"create","parents":[],"resource_uri":"/r","state":"s","seq":\#(sequence)}"#
    }

    /// What was shown, as `stream tail` would print it.
    private func follow(
        _ stub: TutumStub,
        limit: Int,
        login: TutumLogin? = .key(username: "username", token: "apikey")
    ) async throws -> (shown: [String], waits: [Span]) {
        let shown = Mutex<[String]>([])
        let waits = Mutex<[Span]>([])
        let source = try StreamSource("ws://127.0.0.1:\(stub.port)", login: login)
        var follower = StreamFollower(source: source) { news in
            let line: String? =
                switch news {
                case .connected: "Connected"
                case .authenticated: "Auth completed"
                case .event(let event): event.line
                case .lost: "lost"
                case .notifications, .trace: nil
                }
            if let line { shown.withLock { $0.append(line) } }
        }
        follower.pause = { span in waits.withLock { $0.append(span) } }
        do {
            try await follower.run(limit: limit)
        } catch {
            shown.withLock { $0.append("\(error.text)") }
        }
        return (shown.withLock { $0 }, waits.withLock { $0 })
    }

    @Test func `it prints what the tutorial's client prints, and sends the credentials`() async throws {
        try await TutumStub.with([
            [
                .accept, .say(#"{"type":"auth"}"#), .say(#"{"type":"user-notifications"}"#),
                .say(Self.container),
            ]
        ]) { stub in
            let (shown, _) = try await follow(stub, limit: 1)
            #expect(
                shown == [
                    "Connected", "Auth completed",
                    "container:update:Running:/api/v1/container/9/:/api/v1/service/5/",
                ]
            )
            let request = try #require(stub.requests.first)
            #expect(request.hasPrefix("GET /v1/events HTTP/1.1\r\n"))
            #expect(request.contains("\r\nAuthorization: Basic dXNlcm5hbWU6YXBpa2V5\r\n"))
        }
    }

    @Test func `a drop in the middle of a message and a 429 are waited out`() async throws {
        let whole = Array(Self.container.utf8)
        try await TutumStub.with([
            [
                .accept, .say(#"{"type":"auth"}"#), .bytes([0x81, 0x7e, 0x01, 0x6d] + whole.prefix(20)),
                .hangUp,
            ],
            [.bytes(Array("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\n\r\n".utf8)), .hangUp],
            [.accept, .say(#"{"type":"auth"}"#), .say(Self.container)],
        ]) { stub in
            let (shown, waits) = try await follow(stub, limit: 1)
            #expect(
                shown.prefix(5) == ["Connected", "Auth completed", "lost", "lost", "Connected"],
                "\(shown)"
            )
            #expect(shown.last?.hasPrefix("container:update:") == true)
            #expect(waits.count == 2)
            #expect(waits[0] <= .seconds(1))
            #expect(waits[1] >= .seconds(2), "Retry-After counts")
        }
    }

    @Test func `bad credentials end it at once, by message or by status`() async throws {
        let error = #"{"type":"error","data":{"errorMessage":"UNAUTHORIZED"}}"#
        for script: [TutumStub.Step] in [
            [.accept, .say(error), .hangUp],
            [.bytes(Array("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".utf8)), .hangUp],
        ] {
            try await TutumStub.with([script, script]) { stub in
                let (shown, waits) = try await follow(stub, limit: 1)
                #expect(shown.last?.contains("does not know these credentials") == true, "\(shown)")
                #expect(waits.isEmpty)
                #expect(stub.requests.count == 1, "it does not come back")
            }
        }
    }

    @Test func `it goes on after the last sequence it saw`() async throws {
        try await TutumStub.with([
            [.accept, .say(#"{"type":"auth","seq":4}"#), .say(Self.run(5)), .say(Self.run(7)), .hangUp],
            [.accept, .say(#"{"type":"auth","seq":9}"#), .say(Self.run(8))],
        ]) { stub in
            let (shown, _) = try await follow(stub, limit: 3)
            #expect(shown.filter { $0.hasPrefix("run:") }.count == 3)
            #expect(
                stub.requests.map { $0.prefix { $0 != "\r\n" } } == [
                    "GET /v1/events HTTP/1.1", "GET /v1/events?since=7 HTTP/1.1",
                ]
            )
        }
    }

    @Test func `an address without a path means Tutum's`() throws {
        let rows = [
            ("ws://h", "/v1/events", false), ("wss://h/x/", "/x/", true),
            ("ws://h?a=b", "/v1/events?a=b", false), ("https://h:1/v1/events", "/v1/events", true),
        ]
        for (address, target, isTLS) in rows {
            let source = try StreamSource(address, login: nil)
            #expect(source.target == target && source.origin.isTLS == isTLS && source.origin.host == "h")
        }
    }

    @Test func `what is no address is refused`() {
        for address in ["h", "ftp://h", "ws://", "ws://a b"] {
            #expect(throws: CommandFailure.self) { try StreamSource(address, login: nil) }
        }
    }
}
