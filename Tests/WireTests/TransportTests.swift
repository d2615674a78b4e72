import Domain
import Effects
import Testing
import Wire

@testable import Counterparts

@Suite(.timeLimit(.minutes(1)))
struct TransportTests {
    @Test
    func `a call is written as it should be and its answer comes back`() async throws {
        let server = try await RawServer { _ in
            [.send("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 5\r\n\r\nlater")]
        }
        let rig = Rig()
        let outcome = await rig.outcome(
            of: .to(server.port, id: 77, target: "/a?b=c", headerLines: "X-A: 1\r\n", body: "hey")
        )
        #expect(outcome.id == 77)
        #expect(outcome.status == 503)
        #expect(outcome.body == "later")
        #expect(outcome.address == "127.0.0.1")
        if case .answered(let answer) = outcome.result { #expect(answer.retryAfter == "7") }
        #expect(outcome.timings.total >= outcome.timings.firstByte)
        let seen = server.requests.elements.first?.text
        #expect(
            seen
                == "POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"
                + "Content-Length: 3\r\nX-A: 1\r\n\r\nhey"
        )
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `connections are used again`() async throws {
        let server = try await RawServer { _ in [.ok] }
        let rig = Rig()
        for _ in 0..<5 { #expect(await rig.outcome(of: .to(server.port)).status == 200) }
        #expect(server.connectionCount == 1)
        let last = await rig.outcome(of: .to(server.port))
        #expect(last.timings.connect == 0)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a batch never opens more connections than allowed and all of it is answered`() async throws {
        let server = try await RawServer { _ in [.ok] }
        var settings = HTTPTransport.Settings()
        settings.connectionsPerOriginMax = 3
        let rig = Rig(settings: settings)
        rig.transport.send((0..<500).map { .to(server.port, id: $0) })
        let outcomes = await rig.outcomes.first(500)
        #expect(Set(outcomes.map(\.id)).count == 500)
        #expect(outcomes.allSatisfy { $0.status == 200 })
        #expect(server.connectionCount <= 3)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `several loops share a batch`() async throws {
        let server = try await RawServer { _ in [.ok] }
        var settings = HTTPTransport.Settings()
        settings.threadCount = 2
        let rig = Rig(settings: settings)
        rig.transport.send((0..<1000).map { .to(server.port, id: $0) })
        let outcomes = await rig.outcomes.first(1000)
        #expect(Set(outcomes.map(\.id)).count == 1000)
        #expect(outcomes.allSatisfy { $0.status == 200 })
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `one connection in all is passed on between origins`() async throws {
        let one = try await RawServer { _ in [.ok] }
        let other = try await RawServer { _ in [.ok] }
        var settings = HTTPTransport.Settings()
        settings.connectionsMax = 1
        let rig = Rig(settings: settings)
        rig.transport.send((0..<40).map { .to($0 % 2 == 0 ? one.port : other.port, id: $0) })
        let outcomes = await rig.outcomes.first(40)
        #expect(outcomes.allSatisfy { $0.status == 200 })
        await rig.stop()
        try await one.stop()
        try await other.stop()
    }

    @Test
    func `a port where nobody listens is refused`() async throws {
        let deaf = try DeafPort()
        let port = deaf.port
        let rig = Rig()
        rig.transport.send((0..<50).map { .to(port, id: $0, target: "/secret?token=x") })
        for outcome in await rig.outcomes.first(50) {
            #expect(outcome.failure == Failure(.refused, "127.0.0.1 port \(port) refused the connection"))
            #expect(outcome.address.isEmpty)
        }
        await rig.stop()
        deaf.close()
    }

    @Test
    func `a kept-alive connection found closed is replaced once`() async throws {
        let server = try await RawServer { request in
            request.connection == 0 && request.index == 1 ? [.close] : [.ok]
        }
        let rig = Rig()
        #expect(await rig.outcome(of: .to(server.port)).status == 200)
        #expect(await rig.outcome(of: .to(server.port)).status == 200)
        #expect(server.connectionCount == 2)
        #expect(server.requests.elements.count == 3)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a fresh connection that closes is not tried again`() async throws {
        let server = try await RawServer { request in
            request.index == 0 && request.connection == 0 ? [.ok] : [.close]
        }
        let rig = Rig()
        #expect(await rig.outcome(of: .to(server.port)).status == 200)
        let outcome = await rig.outcome(of: .to(server.port))
        #expect(outcome.failure?.kind == .closed)
        #expect(
            outcome.failure?.message
                == "127.0.0.1 port \(server.port) closed the connection without answering"
        )
        #expect(server.requests.elements.count == 3)
        await rig.stop()
        try await server.stop()
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let actions: [RawServer.Action]
        let predicate: String
    }

    static let bad: [Row] = [
        Row(
            testDescription: "garbage",
            actions: [.send("220 mail.test ESMTP\r\n")],
            predicate: "answered with something that is not HTTP/1.1"
        ),
        Row(
            testDescription: "half a header",
            actions: [.send("HTTP/1.1 200 OK\r\nConte"), .close],
            predicate: "closed the connection in the middle of the answer's header"
        ),
        Row(
            testDescription: "half a body",
            actions: [.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"), .close],
            predicate: "closed the connection before the answer's body was whole"
        ),
        Row(
            testDescription: "endless header",
            actions: [.send("HTTP/1.1 200 OK\r\nX: "), .sendForever],
            predicate: "answered with more than 65536 bytes of header lines"
        ),
        Row(
            testDescription: "endless status line",
            actions: [.send("HTTP/1.1 200 "), .sendForever],
            predicate: "answered with a status line longer than 8192 bytes"
        ),
    ]

    @Test(arguments: bad)
    func `a broken answer is a failure with its reason`(_ row: Row) async throws {
        let server = try await RawServer { _ in row.actions }
        let rig = Rig()
        let outcome = await rig.outcome(of: .to(server.port))
        #expect(outcome.failure == Failure(.closed, "127.0.0.1 port \(server.port) \(row.predicate)"))
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a long body is cut, never failed`() async throws {
        let server = try await RawServer { _ in
            [
                .send(
                    "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"
                        + String(repeating: "y", count: 3_000_000)
                )
            ]
        }
        let rig = Rig()
        for _ in 0..<2 {
            let outcome = await rig.outcome(of: .to(server.port, keep: 10))
            #expect(outcome.body == "yyyyyyyyyy")
            if case .answered(let answer) = outcome.result { #expect(answer.isTruncated) }
        }
        #expect(server.connectionCount == 1)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a chunked answer and one that ends with the connection are read`() async throws {
        let server = try await RawServer { request in
            request.text.hasPrefix("GET /chunked")
                ? [
                    .send(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
                    )
                ]
                : [.send("HTTP/1.0 200 OK\r\n\r\nabc"), .close]
        }
        let rig = Rig()
        #expect(await rig.outcome(of: .to(server.port, method: "GET", target: "/chunked")).body == "abc")
        #expect(await rig.outcome(of: .to(server.port, method: "GET", target: "/close")).body == "abc")
        #expect(server.requests.elements.first?.text.contains("Content-Length") == false)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `bytes that nobody asked for end the connection`() async throws {
        let server = try await RawServer { _ in
            [.ok, .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")]
        }
        let rig = Rig()
        for _ in 0..<3 { #expect(await rig.outcome(of: .to(server.port)).body == "ok") }
        #expect(server.requests.elements.allSatisfy { $0.index == 0 })
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a call that would split the request is not sent`() async throws {
        let server = try await RawServer { _ in [.ok] }
        let rig = Rig()
        for target in ["/a b", "/a\r\nX: y", "a", "", "/\u{7f}"] {
            #expect(await rig.outcome(of: .to(server.port, target: target)).failure?.kind == .template)
        }
        #expect(await rig.outcome(of: .to(server.port, method: "GET /x")).failure?.kind == .template)
        #expect(await rig.outcome(of: .to(server.port, host: "a\r\nb")).failure?.kind == .name)
        #expect(await rig.outcome(of: .to(server.port)).status == 200)
        #expect(server.requests.elements.count == 1)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a large request reaches the target whole`() async throws {
        let server = try await RawServer { request in
            let body = "\(request.text.utf8.count)"
            return [.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")]
        }
        let rig = Rig()
        let small = await rig.outcome(of: .to(server.port, body: String(repeating: "z", count: 1_000_000)))
        let large = await rig.outcome(of: .to(server.port, body: String(repeating: "z", count: 5_000_000)))
        #expect(try #require(Int(large.body ?? "")) - #require(Int(small.body ?? "")) == 4_000_000)
        await rig.stop()
        try await server.stop()
    }
}
