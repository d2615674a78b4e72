import Domain
import Effects
import Synchronization
import Testing
import Wire

@testable import Counterparts

@Suite(.timeLimit(.minutes(1)))
struct DeadlineTests {
    private static func deadlines(
        name: Span = .seconds(20),
        connect: Span = .seconds(20),
        firstByte: Span = .seconds(20),
        total: Span = .seconds(20)
    ) -> Deadlines {
        Deadlines(name: name, connect: connect, firstByte: firstByte, total: total)
    }

    @Test
    func `a target that answers nothing runs into the first-byte deadline`() async throws {
        let server = try await RawServer { _ in [] }
        let rig = Rig()
        let outcome = await rig.outcome(
            of: .to(server.port, deadlines: Self.deadlines(firstByte: .milliseconds(60)))
        )
        #expect(
            outcome.failure
                == Failure(
                    .timeoutFirstByte,
                    "127.0.0.1 port \(server.port) sent no byte of an answer within 60ms"
                )
        )
        // Late by a tick or two, by seconds never.
        #expect((60_000..<5_000_000).contains(outcome.timings.total))
        #expect(outcome.address == "127.0.0.1")
        #expect(await server.ended.first(1) == [0])
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `an answer without end runs into the total deadline`() async throws {
        let server = try await RawServer { _ in [.send("HTTP/1.1 200 OK\r\n\r\n"), .sendForever] }
        let rig = Rig()
        let outcome = await rig.outcome(
            of: .to(
                server.port,
                deadlines: Self.deadlines(firstByte: .milliseconds(50), total: .milliseconds(120))
            )
        )
        #expect(outcome.failure?.kind == .timeoutTotal)
        #expect((120_000..<5_000_000).contains(outcome.timings.total))
        #expect(await server.ended.first(1) == [0])
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `waiting for a free connection counts as waiting`() async throws {
        let server = try await RawServer { _ in [] }
        var settings = HTTPTransport.Settings()
        settings.connectionsPerOriginMax = 1
        let rig = Rig(settings: settings)
        rig.transport.send([
            .to(server.port, id: 1),
            .to(server.port, id: 2, deadlines: Self.deadlines(total: .milliseconds(60))),
        ])
        let outcome = await rig.outcomes.first(1)[0]
        #expect(outcome.id == 2)
        #expect(outcome.failure?.kind == .timeoutTotal)
        #expect(outcome.failure?.message.contains("at most 1 are open") == true)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a TLS handshake that does not come counts as connecting`() async throws {
        let server = try await RawServer { _ in [] }
        let rig = Rig(trust: try Certificates.trust())
        let outcome = await rig.outcome(
            of: .to(server.port, isTLS: true, deadlines: Self.deadlines(connect: .milliseconds(60)))
        )
        #expect(outcome.failure?.kind == .timeoutConnect)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a name server that does not answer runs into the name deadline`() async throws {
        let isOver = Atomic(false)
        let names = NameLookup { _ in
            while !isOver.load(ordering: .acquiring) {}
            return .failure(.init(reason: "too late"))
        }
        let rig = Rig(names: names)
        let outcome = await rig.outcome(
            of: .to(80, host: "slow.example", deadlines: Self.deadlines(name: .milliseconds(60)))
        )
        isOver.store(true, ordering: .releasing)
        #expect(
            outcome.failure
                == Failure(.timeoutConnect, "the address of slow.example was not found within 60ms")
        )
        await rig.stop()
    }

    @Test
    func `an aborted call has no outcome and its connection ends`() async throws {
        let server = try await RawServer { request in request.line.contains("/hang") ? [] : [.ok] }
        let rig = Rig()
        rig.transport.send([
            .to(server.port, id: 1, target: "/hang"), .to(server.port, id: 2, target: "/hang"),
        ])
        _ = await server.requests.first(2)
        rig.transport.abort([1, 2, 99])
        _ = await server.ended.first(2)
        let outcome = await rig.outcome(of: .to(server.port, id: 3))
        #expect(outcome.id == 3)
        await rig.stop()
        #expect(rig.outcomes.elements.map(\.id) == [3])
        try await server.stop()
    }

    @Test
    func `shutdown lets calls finish`() async throws {
        let server = try await RawServer { _ in [.ok] }
        let rig = Rig()
        rig.transport.send((0..<100).map { .to(server.port, id: $0) })
        await rig.transport.shutdown(drain: .seconds(20))
        #expect(rig.outcomes.elements.count == 100)
        #expect(rig.outcomes.elements.allSatisfy { $0.status == 200 })
        try await server.stop()
    }

    @Test
    func `shutdown says of a call that was sent that nobody knows`() async throws {
        let server = try await RawServer { _ in [] }
        let rig = Rig()
        rig.transport.send([.to(server.port)])
        _ = await server.requests.first(1)
        await rig.stop()
        #expect(rig.outcomes.elements.map(\.failure?.kind) == [.unknown])
        try await server.stop()
    }
}
