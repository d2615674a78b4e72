import Domain
import Effects
import Testing
import Wire

@testable import Counterparts

/// The policy at work: names, several addresses, redirects, own listener, proxy.
@Suite(.timeLimit(.minutes(1)))
struct EgressTests {
    private static func names(_ table: [String: [String]]) -> NameLookup {
        NameLookup { host in
            let addresses = (table[host] ?? []).compactMap { IPAddress($0) }
            return addresses.isEmpty ? .failure(.init(reason: "no such name")) : .success(addresses)
        }
    }

    @Test
    func `a name that does not resolve fails as such`() async {
        let rig = Rig(names: Self.names([:]))
        let outcome = await rig.outcome(of: .to(80, host: "missing.example", target: "/secret"))
        #expect(outcome.failure == Failure(.name, "missing.example did not resolve: no such name"))
        await rig.stop()
    }

    @Test
    func `the system knows localhost`() throws {
        let addresses = try NameLookup.askSystem("localhost").get()
        #expect(addresses.allSatisfy { EgressPolicy.loopbackOnly.judge(address: $0, port: 80) == nil })
        #expect(throws: NameLookup.Fault.self) { try NameLookup.askSystem("").get() }
    }

    @Test
    func `refused addresses of a name are passed over and dead ones too`() async throws {
        let server = try await RawServer { _ in [.ok] }
        let rig = Rig(names: Self.names(["mixed.example": ["10.0.0.1", "127.0.0.9", "127.0.0.1"]]))
        let outcome = await rig.outcome(of: .to(server.port, host: "mixed.example"))
        #expect(outcome.status == 200)
        #expect(outcome.address == "127.0.0.1")
        #expect(
            server.requests.elements.first?.text.contains("Host: mixed.example:\(server.port)\r\n") == true
        )
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a name whose addresses are all refused is never connected to`() async throws {
        let server = try await RawServer { _ in [.ok] }
        let rig = Rig(egress: .publicOnly, names: Self.names(["rebound.example": ["127.0.0.1", "::1"]]))
        let outcome = await rig.outcome(of: .to(server.port, host: "rebound.example"))
        #expect(outcome.failure?.kind == .egress)
        #expect(outcome.failure?.message.contains("127.0.0.0/8") == true)
        #expect(await rig.outcome(of: .to(server.port, host: "0x7f.1")).failure?.kind == .egress)
        #expect(server.connectionCount == 0)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `an answer of the resolver is shared and kept`() async throws {
        let server = try await RawServer { _ in [.ok] }
        let asked = Collected<String>()
        let names = NameLookup { host in
            asked.add([host])
            return .success([.v4(0x7f00_0001)])
        }
        let rig = Rig(names: names)
        rig.transport.send((0..<50).map { .to(server.port, host: "many.example", id: $0) })
        #expect(await rig.outcomes.first(50).allSatisfy { $0.status == 200 })
        #expect(asked.elements == ["many.example"])
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `redirects are taken as the answer unless they are asked for`() async throws {
        let server = try await RawServer { request in
            request.line.contains("/end")
                ? [.ok] : [.send("HTTP/1.1 302 F\r\nLocation: /end\r\nContent-Length: 0\r\n\r\n")]
        }
        let rig = Rig()
        #expect(await rig.outcome(of: .to(server.port)).status == 302)
        #expect(await rig.outcome(of: .to(server.port, body: "x", redirectsMax: 1)).status == 200)
        #expect(server.requests.elements.map(\.line).last == "GET /end HTTP/1.1")
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `every redirect is judged again and the hops are counted`() async throws {
        let server = try await RawServer { request in
            let location = request.line.contains("/away") ? "http://10.0.0.1:81/x?token=1" : "/again"
            return [.send("HTTP/1.1 307 F\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n")]
        }
        let rig = Rig()
        let away = await rig.outcome(of: .to(server.port, target: "/away", redirectsMax: 5))
        #expect(away.failure?.kind == .egress)
        #expect(away.failure?.message.contains("token") == false)
        #expect(await rig.outcome(of: .to(server.port, redirectsMax: 3)).status == 307)
        #expect(server.requests.elements.count == 5)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `the own listener is refused and its sink is not`() async throws {
        let server = try await RawServer { _ in [.ok] }
        var settings = HTTPTransport.Settings()
        settings.sinkPrefix = "/_sink/"
        let rig = Rig(settings: settings)
        let own = EgressPolicy.Listener(address: .v4(0x7f00_0001), port: server.port)
        rig.transport.adopt(.loopbackOnly.refusing(ownListeners: [own]))
        #expect(
            await rig.outcome(of: .to(server.port, target: "/_sink/200?x=..%2f")).failure?.kind == .egress
        )
        #expect(await rig.outcome(of: .to(server.port, target: "/_sink/200?x=1")).status == 200)
        for target in ["/chronatogapi/1/jobs", "/_sink", "/_sink/../x", "/_sink/%2e%2e/x"] {
            #expect(
                await rig.outcome(of: .to(server.port, target: target)).failure?.kind == .egress,
                "\(target)"
            )
        }
        #expect(server.requests.elements.count == 1)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a proxy gets whole URLs and the policy still judges literals`() async throws {
        let proxy = try await RawServer { _ in [.ok] }
        var settings = HTTPTransport.Settings()
        settings.proxy = Origin(isTLS: false, host: "127.0.0.1", port: proxy.port)
        let rig = Rig(egress: .publicOnly, settings: settings)
        #expect(await rig.outcome(of: .to(80, host: "far.example", target: "/x")).status == 200)
        #expect(proxy.requests.elements.first?.line == "POST http://far.example/x HTTP/1.1")
        #expect(await rig.outcome(of: .to(80, host: "10.0.0.1")).failure?.kind == .egress)
        #expect(proxy.requests.elements.count == 1)
        await rig.stop()
        try await proxy.stop()
    }
}
