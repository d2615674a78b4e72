import Domain
import Effects
import Testing

@testable import Counterparts
@testable import Wire

struct SMTPConversationTests {
    private static func mail(
        _ security: MailServer.Security = .none,
        login: MailServer.Login? = nil,
        recipients: [String] = ["ops@example.com", "zoe@example.org"],
        message: String = "Subject: x\r\n\r\n.one\r\n..\r\nend\r\n"
    ) -> Mail {
        Mail(
            id: 1,
            server: MailServer(host: "mail.example.com", port: 587, security: security, login: login),
            clientName: "cron.example.com",
            sender: "cron@example.com",
            recipients: recipients,
            message: Array(message.utf8),
            deadlines: .generous
        )
    }

    private static let login = MailServer.Login(user: "cron", password: "pa55")

    /// Lets the machine talk to the stub, the stub's bytes arriving in pieces of this size.
    private static func talk(_ mail: Mail, _ stub: inout SMTPStub, pieces: Int = 7) -> SMTPConversation
        .Action?
    {
        var machine = SMTPConversation(mail)
        var waiting = Array(stub.greeting.utf8)
        var line: [UInt8] = []
        for _ in 0..<10_000 where !waiting.isEmpty {
            let piece = Array(waiting.prefix(pieces))
            waiting.removeFirst(piece.count)
            var actions = machine.receive(piece)
            while !actions.isEmpty {
                switch actions.removeFirst() {
                case .startTLS:
                    stub.secured()
                    actions += machine.isSecured()
                case .send(let bytes):
                    for byte in bytes {
                        line.append(byte)
                        guard line.suffix(2) == [13, 10] else { continue }
                        let text = String(decoding: line.dropLast(2), as: UTF8.self)
                        waiting += Array((stub.answer(text) ?? "").utf8)
                        line = []
                    }
                case let end: return end
                }
            }
        }
        return machine.isClosed().first
    }

    private static func answer(_ action: SMTPConversation.Action?) -> MailAnswer? {
        if case .answered(let answer)? = action { answer } else { nil }
    }

    @Test(arguments: [1, 2, 7, 10_000])
    func `a letter is handed over, dots and all`(_ pieces: Int) {
        var stub = SMTPStub()
        let answer = Self.answer(Self.talk(Self.mail(), &stub, pieces: pieces))
        #expect(answer == MailAnswer(stage: .message, code: 250, text: "2.0.0 queued as 1"))
        #expect(stub.letters == ["Subject: x\n\n.one\n..\nend\n"])
        #expect(
            stub.commands == [
                "EHLO cron.example.com", "MAIL FROM:<cron@example.com>", "RCPT TO:<ops@example.com>",
                "RCPT TO:<zoe@example.org>", "DATA",
            ]
        )
    }

    @Test func `no line end of a letter ends it early`() {
        #expect(
            SMTPConversation.stuffed(Array("a\n.\nb\r.\rc".utf8))
                == Array("a\r\n..\r\nb\r\n..\r\nc\r\n.\r\n".utf8)
        )
        #expect(SMTPConversation.stuffed([]) == Array(".\r\n".utf8))
        var stub = SMTPStub()
        let trick = "Subject: x\r\n\r\na\n.\nMAIL FROM:<evil@example.com>\r\n"
        _ = Self.talk(Self.mail(message: trick), &stub)
        #expect(stub.letters == ["Subject: x\n\na\n.\nMAIL FROM:<evil@example.com>\n"])
    }

    @Test func `TLS comes first, then the login`() {
        for method in ["AUTH PLAIN LOGIN", "AUTH LOGIN CRAM-MD5", "AUTH=LOGIN"] {
            var stub = SMTPStub(extensions: [method], needsLogin: true, offersTLS: true, needsTLS: true)
            let answer = Self.answer(Self.talk(Self.mail(.startTLS, login: Self.login), &stub))
            #expect(answer?.isAccepted == true, "\(method) \(stub.commands)")
            #expect(
                stub.commands.prefix(3) == ["EHLO cron.example.com", "STARTTLS", "EHLO cron.example.com"]
            )
        }
    }

    @Test func `without TLS nothing is said where TLS is asked for`() {
        var stub = SMTPStub(extensions: ["AUTH PLAIN"], needsLogin: true)
        let answer = Self.answer(Self.talk(Self.mail(.startTLS, login: Self.login), &stub))
        #expect(answer?.stage == .security)
        #expect(answer?.code == 502)
        #expect(stub.commands == ["EHLO cron.example.com"])
    }

    @Test func `what was sent ahead of TLS ends the session`() {
        for extra in ["250 injected\r\n", "25"] {
            var stub = SMTPStub(offersTLS: true, instead: ["STARTTLS": "220 go ahead\r\n\(extra)"])
            let end = Self.talk(Self.mail(.startTLS), &stub, pieces: 10_000)
            guard case .failed(let failure)? = end else {
                Issue.record("\(String(describing: end))")
                return
            }
            #expect(failure.kind == .tls)
        }
    }

    @Test func `a wrong password and a method nobody knows are told`() {
        var stub = SMTPStub(extensions: ["AUTH PLAIN"], needsLogin: true)
        let wrong = MailServer.Login(user: "cron", password: "wrong")
        #expect(Self.answer(Self.talk(Self.mail(.tls, login: wrong), &stub))?.code == 535)
        var strange = SMTPStub(extensions: ["AUTH GSSAPI"], needsLogin: true)
        let answer = Self.answer(Self.talk(Self.mail(.tls, login: Self.login), &strange))
        #expect(answer?.stage == .login)
        #expect(answer?.code == 504)
    }

    @Test func `an old server is greeted in the old way`() {
        var stub = SMTPStub(instead: ["EHLO": "500 what?\r\n"])
        #expect(Self.answer(Self.talk(Self.mail(), &stub))?.isAccepted == true)
    }

    @Test func `refused recipients do not keep the letter from the others`() {
        var stub = SMTPStub(instead: ["RCPT TO:<zoe": "550-5.1.1 no\r\n550 such user\r\n"])
        let answer = Self.answer(Self.talk(Self.mail(), &stub))
        #expect(answer?.isAccepted == true)
        #expect(
            answer?.refused == [.init(recipient: "zoe@example.org", code: 550, text: "5.1.1 no such user")]
        )
        var none = SMTPStub(instead: ["RCPT TO:<zoe": "550 no\r\n", "RCPT TO:<ops": "450 later\r\n"])
        let refusal = Self.answer(Self.talk(Self.mail(), &none))
        #expect(refusal?.stage == .recipients)
        #expect(refusal?.code == 450)
        #expect(none.letters.isEmpty)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var command: String
        var reply: String
        var stage: MailAnswer.Stage
        var code: UInt16
        var testDescription: String { "\(command) \(reply)" }
        init(_ command: String, _ reply: String, _ stage: MailAnswer.Stage, _ code: UInt16) {
            self.command = command
            self.reply = reply
            self.stage = stage
            self.code = code
        }
    }

    static let refusals = [
        Row("greeting", "554 no service", .greeting, 554), Row("greeting", "421 busy", .greeting, 421),
        Row("MAIL", "552 5.3.4 too big", .sender, 552), Row("DATA", "451 later", .message, 451),
        Row("DATA", "250 what", .message, 503), Row("letter", "552 full", .message, 552),
        Row("RCPT TO:<ops", "421 closing", .recipients, 421), Row("letter", "354 again", .message, 503),
    ]

    @Test(arguments: refusals)
    func `a refusal ends it with its code`(_ row: Row) {
        var stub = SMTPStub(instead: [row.command: row.reply + "\r\n"])
        let answer = Self.answer(Self.talk(Self.mail(), &stub))
        #expect(answer?.stage == row.stage)
        #expect(answer?.code == row.code)
        #expect(answer?.isAccepted == false)
    }

    @Test func `a letter larger than the server takes is not begun`() {
        var stub = SMTPStub(extensions: ["SIZE 10"])
        #expect(Self.answer(Self.talk(Self.mail(), &stub))?.code == 552)
        #expect(stub.commands.count == 1)
    }

    @Test func `no bytes trap the machine`() {
        var state: UInt64 = 42
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        let words = [
            "220 a\r\n", "250", "-", " ", "\r\n", "334 x\r\n", "354 y\r\n", "\u{0}", "999 z\n", "221",
        ]
        for _ in 0..<20_000 {
            var machine = SMTPConversation(Self.mail(random(2) == 0 ? .none : .startTLS, login: Self.login))
            for _ in 0..<random(12) {
                let actions = machine.receive(Array(words[Int(random(UInt64(words.count)))].utf8))
                if actions.contains(.startTLS) { _ = machine.isSecured() }
            }
            _ = machine.isClosed()
            #expect(machine.isOver)
        }
    }
}
