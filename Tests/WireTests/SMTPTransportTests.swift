import Domain
import Effects
import Testing
import Wire

@testable import Counterparts

@Suite(.timeLimit(.minutes(1)))
struct SMTPTransportTests {
    private static var names: NameLookup { NameLookup { _ in .success([.v4(0x7f00_0001)]) } }
    private static let login = MailServer.Login(user: "cron", password: "pa55")

    private static func mail(
        _ port: UInt16,
        id: UInt64 = 1,
        host: String = "good.example",
        _ security: MailServer.Security = .none,
        login: MailServer.Login? = nil,
        deadlines: Deadlines = .generous
    ) -> Mail {
        Mail(
            id: id,
            server: MailServer(host: host, port: port, security: security, login: login),
            clientName: "cron.example.com",
            sender: "cron@example.com",
            recipients: ["ops@example.com"],
            message: Array("Subject: letter \(id)\r\n\r\n.dot\r\n".utf8),
            deadlines: deadlines
        )
    }

    /// Sends letters and waits for what becomes of them.
    private static func outcomes(
        of mails: [Mail],
        egress: EgressPolicy = .loopbackOnly,
        trust: TrustRoots = .nobody
    ) async -> [MailOutcome] {
        let transport = SMTPTransport(egress: egress, trust: trust, names: names)
        let outcomes = Collected<MailOutcome>()
        transport.deliverOutcomes { outcomes.add($0) }
        transport.send(mails)
        let all = await outcomes.first(mails.count)
        await transport.shutdown(drain: .seconds(5))
        return all
    }

    private static func answer(_ outcome: MailOutcome?) -> MailAnswer? {
        if case .answered(let answer)? = outcome?.result { answer } else { nil }
    }

    private static func failure(_ outcome: MailOutcome?) -> Failure? {
        if case .failed(let failure)? = outcome?.result { failure } else { nil }
    }

    @Test func `letters go over the socket, more of them than connections`() async throws {
        let server = try await SMTPServer(SMTPStub())
        let all = await Self.outcomes(of: (1...20).map { Self.mail(server.port, id: $0) })
        #expect(all.allSatisfy { Self.answer($0)?.isAccepted == true && $0.address == "127.0.0.1" })
        #expect(Set(all.map(\.id)) == Set(1...20))
        #expect(Set(server.letters.elements) == Set((1...20).map { "Subject: letter \($0)\n\n.dot\n" }))
        try await server.stop()
    }

    @Test func `STARTTLS, the right certificate, then the login`() async throws {
        let stub = SMTPStub(
            extensions: ["AUTH PLAIN LOGIN"],
            needsLogin: true,
            offersTLS: true,
            needsTLS: true
        )
        let server = try await SMTPServer(stub, tls: Certificates.serverContext())
        let trust = try Certificates.trust()
        let mail = Self.mail(server.port, .startTLS, login: Self.login)
        let outcome = await Self.outcomes(of: [mail], trust: trust).first
        #expect(Self.answer(outcome)?.isAccepted == true, "\(String(describing: outcome))")
        #expect((outcome?.timings.tls ?? 0) > 0)
        try await server.stop()
    }

    @Test func `TLS from the first byte`() async throws {
        let stub = SMTPStub(extensions: ["AUTH LOGIN"], needsLogin: true)
        let server = try await SMTPServer(stub, tls: Certificates.serverContext(), isTLSFromStart: true)
        let trust = try Certificates.trust()
        let mail = Self.mail(server.port, .tls, login: Self.login)
        let outcome = await Self.outcomes(of: [mail], trust: trust).first
        #expect(Self.answer(outcome)?.isAccepted == true, "\(String(describing: outcome))")
        try await server.stop()
    }

    @Test func `a certificate for another name, or of a stranger, gets no password`() async throws {
        let stub = SMTPStub(extensions: ["AUTH PLAIN"], needsLogin: true, offersTLS: true, needsTLS: true)
        let server = try await SMTPServer(stub, tls: Certificates.serverContext())
        let evil = Self.mail(server.port, host: "evil.example", .startTLS, login: Self.login)
        let wrong = await Self.outcomes(of: [evil], trust: try Certificates.trust()).first
        #expect(Self.failure(wrong)?.kind == .tls)
        #expect(Self.failure(wrong)?.message.hasSuffix("is not for evil.example") == true)
        let good = Self.mail(server.port, .startTLS, login: Self.login)
        let strangers = try Certificates.withFile(holding: Certificates.server) {
            try TrustRoots.load(caFile: $0, systemFiles: [])
        }
        for trust in [strangers, .nobody] {
            let outcome = await Self.outcomes(of: [good], trust: trust).first
            #expect(Self.failure(outcome)?.kind == .tls, "\(String(describing: outcome))")
        }
        #expect(!server.commands.elements.contains { $0.hasPrefix("AUTH") })
        try await server.stop()
    }

    @Test func `a reply of the server comes back with its code`() async throws {
        let server = try await SMTPServer(SMTPStub(instead: ["RCPT": "550 5.1.1 nobody here\r\n"]))
        let answer = Self.answer(await Self.outcomes(of: [Self.mail(server.port)]).first)
        #expect(answer?.stage == .recipients)
        #expect(answer?.code == 550)
        #expect(answer?.text == "5.1.1 nobody here")
        try await server.stop()
    }

    @Test func `addresses are judged like those of calls`() async throws {
        let server = try await SMTPServer(SMTPStub())
        let outcome = await Self.outcomes(of: [Self.mail(server.port)], egress: .publicOnly).first
        #expect(Self.failure(outcome)?.kind == .egress)
        #expect(server.commands.elements.isEmpty)
        try await server.stop()
        let refused = await Self.outcomes(of: [Self.mail(server.port)]).first
        #expect(Self.failure(refused)?.kind == .refused, "\(String(describing: refused))")
    }

    @Test func `a silent server is given up, and one that is no mail server`() async throws {
        let silent = try await SMTPServer(SMTPStub(instead: ["greeting": ""]))
        var short = Deadlines.generous
        short.firstByte = .seconds(0)
        let outcome = await Self.outcomes(of: [Self.mail(silent.port, deadlines: short)]).first
        #expect(Self.failure(outcome)?.kind == .timeoutFirstByte)
        #expect(Self.failure(outcome)?.message.contains("its greeting") == true)
        try await silent.stop()
        let web = try await SMTPServer(SMTPStub(instead: ["greeting": "HTTP/1.1 400 Bad Request\r\n\r\n"]))
        let strange = await Self.outcomes(of: [Self.mail(web.port)]).first
        #expect(Self.failure(strange)?.message.hasSuffix("sent something that is not SMTP") == true)
        try await web.stop()
    }
}
