import Domain
import Effects
import Testing
import WebSocket

@testable import Counterparts
@testable import Wire

/// The client's way to a stream: names, addresses, TLS, the handshake, and silence.
@Suite(.timeLimit(.minutes(1)))
struct WebSocketClientTests {
    private static var names: NameLookup { NameLookup { _ in .success([.v4(0x7f00_0001)]) } }

    /// Accepts every handshake, and then does what a test wants.
    private static func accepting(_ after: [RawServer.Action] = []) -> RawServer.Script {
        { request in
            let line = request.text.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }
            let accept = Handshake.accept(key: String(line?.dropFirst(19) ?? ""))
            let head = """
                HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Accept: \(accept)\r\n\r\n
                """
            return [.send(head)] + after
        }
    }

    /// All signals of one attempt, up to its end or to the first so many.
    private func signals(
        of port: UInt16,
        host: String = "127.0.0.1",
        isTLS: Bool = false,
        egress: EgressPolicy = .loopbackOnly,
        trust: TrustRoots = .nobody,
        first count: Int = .max,
        change: (inout WebSocketRequest) -> Void = { _ in }
    ) async -> [WebSocketSignal] {
        let client = WebSocketClient(egress: egress, trust: trust, names: Self.names)
        var request = WebSocketRequest(
            origin: Origin(isTLS: isTLS, host: host, port: port),
            target: "/v1/events"
        )
        change(&request)
        let (stream, feed) = AsyncStream<WebSocketSignal>.makeStream()
        let link = client.open(request) { signal in
            feed.yield(signal)
            if signal.isLast { feed.finish() }
        }
        var all: [WebSocketSignal] = []
        for await signal in stream {
            all.append(signal)
            if all.count == count { break }
        }
        link.close()
        await client.shutdown()
        return all
    }

    private func failure(_ signals: [WebSocketSignal]) -> FailureKind? {
        if case .failed(let failure)? = signals.last { failure.kind } else { nil }
    }

    @Test func `wss is opened with a certificate that is trusted and for the name, and with no other`()
        async throws
    {
        let server = try await RawServer(
            tls: Certificates.serverContext(),
            isTLSFromStart: true,
            Self.accepting()
        )
        let trust = try Certificates.trust()
        let good = await signals(of: server.port, host: "good.example", isTLS: true, trust: trust, first: 1)
        if case .open? = good.last {} else { Issue.record("\(good)") }
        let evil = await signals(of: server.port, host: "evil.example", isTLS: true, trust: trust)
        #expect(failure(evil) == .tls)
        let nobody = await signals(of: server.port, host: "good.example", isTLS: true)
        #expect(failure(nobody) == .tls)
        #expect(server.requests.elements.count == 1, "nothing is said to somebody else")
        try await server.stop()
    }

    @Test func `an address that the policy refuses is not connected to, whatever its name`() async throws {
        let server = try await RawServer(Self.accepting())
        let refused = await signals(of: server.port, host: "good.example", egress: .publicOnly)
        #expect(failure(refused) == .egress)
        #expect(server.connectionCount == 0)
        try await server.stop()
    }

    @Test func `a connection that breaks is told as 1006, a refused one with its status`() async throws {
        let breaking = try await RawServer(Self.accepting([.close]))
        let broken = await signals(of: breaking.port)
        guard case .closed(let code, reason: _)? = broken.last else {
            Issue.record("\(broken)")
            return
        }
        #expect(code == .abnormal)
        try await breaking.stop()
        let busy = try await RawServer { _ in [.send("HTTP/1.1 429 Slow\r\nRetry-After: 2\r\n\r\n")] }
        let answer = await signals(of: busy.port)
        guard case .refused(let status, let retryAfter)? = answer.last else {
            Issue.record("\(answer)")
            return
        }
        #expect(status == 429 && retryAfter == "2")
        try await busy.stop()
    }

    @Test func `a server that falls silent is given up`() async throws {
        let server = try await RawServer(Self.accepting())
        let silent = await signals(of: server.port) {
            $0.pingEvery = .milliseconds(50)
            $0.pongMax = .milliseconds(50)
        }
        guard case .closed(.abnormal, let reason)? = silent.last else {
            Issue.record("\(silent)")
            return
        }
        #expect(reason.contains("pings"))
        try await server.stop()
        let mute = try await RawServer { _ in [] }
        let never = await signals(of: mute.port) { $0.openingMax = .milliseconds(100) }
        #expect(failure(never) == .timeoutConnect)
        try await mute.stop()
    }
}
