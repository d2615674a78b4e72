import Domain
import Effects
import Testing

@testable import Counterparts
@testable import Wire

@Suite(.timeLimit(.minutes(1)))
struct TLSTests {
    private static var names: NameLookup { NameLookup { _ in .success([.v4(0x7f00_0001)]) } }

    private static func server(_ script: @escaping RawServer.Script) async throws -> RawServer {
        try await RawServer(tls: Certificates.serverContext(), isTLSFromStart: true, script)
    }

    @Test
    func `a certificate of a trusted authority is accepted for its names and addresses`() async throws {
        let server = try await Self.server { _ in [.ok] }
        let rig = Rig(trust: try Certificates.trust(), names: Self.names)
        let outcome = await rig.outcome(of: .to(server.port, host: "good.example", isTLS: true))
        #expect(outcome.status == 200)
        #expect(outcome.timings.tls > 0)
        #expect(await rig.outcome(of: .to(server.port, host: "good.example", isTLS: true)).status == 200)
        #expect(server.connectionCount == 1)
        #expect(await rig.outcome(of: .to(server.port, isTLS: true)).status == 200)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `a certificate for another name is refused`() async throws {
        let server = try await Self.server { _ in [.ok] }
        let rig = Rig(trust: try Certificates.trust(), names: Self.names)
        let outcome = await rig.outcome(of: .to(server.port, host: "evil.example", isTLS: true))
        #expect(outcome.failure?.kind == .tls)
        #expect(outcome.failure?.message.hasSuffix("is not for evil.example") == true)
        #expect(server.requests.elements.isEmpty)
        await rig.stop()
        try await server.stop()
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let host: String
        let isCovered: Bool
        var testDescription: String { host }
        init(_ host: String, _ isCovered: Bool) {
            self.host = host
            self.isCovered = isCovered
        }
    }

    static let hosts = [
        Row("a.test", true), Row("A.TEST.", true), Row("x.b.test", true), Row("192.0.2.7", true),
        Row("::1", true),
        Row("b.test", false), Row("x.y.b.test", false), Row("x.test", false), Row("192.0.2.8", false),
        Row("::2", false), Row("", false), Row(".", false), Row("xa.test", false), Row("*.b.test", true),
        Row("f1.c.test", false), Row("9.9.9.9", false),
    ]

    @Test(arguments: hosts)
    func `a certificate covers its names and its addresses and nothing else`(_ row: Row) throws {
        let addresses = try ["192.0.2.7", "::1"].map { try #require(IPAddress($0)) }
        let names = ["a.test", "*.B.test", "*.test", "*", "f*.c.test", "9.9.9.9", ""]
        let identity = CertificateIdentity(names: names, addresses: addresses)
        #expect(identity.covers(row.host) == row.isCovered)
    }

    @Test
    func `an unknown authority is refused`() async throws {
        let server = try await Self.server { _ in [.ok] }
        let strangers = try Certificates.withFile(holding: Certificates.server) {
            try TrustRoots.load(caFile: $0, systemFiles: [])
        }
        for trust in [strangers, .nobody] {
            let rig = Rig(trust: trust, names: Self.names)
            let outcome = await rig.outcome(of: .to(server.port, host: "good.example", isTLS: true))
            #expect(outcome.failure?.kind == .tls, "\(outcome)")
            await rig.stop()
        }
        #expect(server.requests.elements.isEmpty)
        try await server.stop()
    }

    @Test
    func `a target that does not speak TLS says so`() async throws {
        let server = try await RawServer { _ in [] }
        let plain = try await RawServer { _ in [.close] }
        try await plain.stop()
        let rig = Rig(trust: try Certificates.trust(), names: Self.names)
        let refused = await rig.outcome(of: .to(plain.port, isTLS: true))
        #expect(refused.failure?.kind == .refused || refused.failure?.kind == .unreachable)
        await rig.stop()
        try await server.stop()
    }

    @Test
    func `https goes through a proxy's tunnel`() async throws {
        let proxy = try await RawServer(tls: Certificates.serverContext()) { request in
            if request.line.hasPrefix("CONNECT good.example:443 ") {
                return [.send("HTTP/1.1 200 Connection established\r\n\r\n"), .startTLS]
            }
            return request.line.hasPrefix("CONNECT")
                ? [.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")] : [.ok]
        }
        var settings = HTTPTransport.Settings()
        settings.proxy = Origin(isTLS: false, host: "127.0.0.1", port: proxy.port)
        let rig = Rig(egress: .publicOnly, trust: try Certificates.trust(), settings: settings)
        let outcome = await rig.outcome(of: .to(443, host: "good.example", isTLS: true, target: "/x"))
        #expect(outcome.status == 200)
        #expect(
            proxy.requests.elements.map(\.line) == ["CONNECT good.example:443 HTTP/1.1", "POST /x HTTP/1.1"]
        )
        let refused = await rig.outcome(of: .to(443, host: "other.example", isTLS: true))
        #expect(
            refused.failure?.message
                == "the proxy answered 403 when asked for a tunnel to other.example port 443"
        )
        await rig.stop()
        try await proxy.stop()
    }

    @Test
    func `missing and empty files are errors at start`() throws {
        #expect(throws: TrustFault.noneFound(tried: ["/nonexistent/ca.pem"])) {
            try TrustRoots.load(systemFiles: ["/nonexistent/ca.pem"])
        }
        #expect(
            throws: TrustFault.unreadable(path: "/nonexistent/own.pem", reason: "No such file or directory")
        ) {
            try TrustRoots.load(caFile: "/nonexistent/own.pem", systemFiles: [])
        }
        try Certificates.withFile(holding: "hello") { path -> Void in
            #expect(throws: TrustFault.noCertificate(path: path)) {
                try TrustRoots.load(caFile: path, systemFiles: [])
            }
        }
    }
}
