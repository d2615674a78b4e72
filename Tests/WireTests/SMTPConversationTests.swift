import Domain
import Effects
import Testing

@testable import Wire

/// A mail server that checks the conversation as strictly as RFC 5321 lets it, and keeps the letters.
struct SMTPStub {
    var extensions = ["PIPELINING", "SIZE 100000", "8BITMIME"]
    /// `AUTH PLAIN` or `AUTH LOGIN` is demanded.
    var needsLogin = false
    var offersTLS = false
    var needsTLS = false
    /// What a command gets instead of its normal answer: `RCPT TO:<x@y>` or just `DATA`.
    var instead: [String: String] = [:]
    var letters: [String] = []
    var commands: [String] = []
    private(set) var isSecure = false
    private var isLoggedIn = false
    private var awaitsLogin: [String] = []
    private var hasSender = false
    private var recipients: [String] = []
    private var letter: [String]?

    init(
        extensions: [String] = ["PIPELINING", "SIZE 100000", "8BITMIME"],
        needsLogin: Bool = false,
        offersTLS: Bool = false,
        needsTLS: Bool = false,
        instead: [String: String] = [:]
    ) {
        self.extensions = extensions
        self.needsLogin = needsLogin
        self.offersTLS = offersTLS
        self.needsTLS = needsTLS
        self.instead = instead
    }

    var greeting: String { instead["greeting"] ?? "220-mail.example.com\r\n220 ESMTP ready\r\n" }

    mutating func secured() {
        isSecure = true
        hasSender = false
    }

    /// The answer to one line, without its CRLF; nil within a letter.
    mutating func answer(_ line: String) -> String? {
        if letter != nil { return take(letterLine: line) }
        commands.append(line)
        guard line.utf8.allSatisfy({ (0x20...0x7e).contains($0) }), line.utf8.count <= 510 else {
            return "500 5.5.2 bad line\r\n"
        }
        for (prefix, reply) in instead where line.hasPrefix(prefix) { return reply }
        if let expected = awaitsLogin.first { return login(line, expected) }
        let verb = line.prefix { $0 != " " && $0 != ":" }.uppercased()
        switch verb {
        case "EHLO": return hello(line)
        case "HELO": return "250 mail.example.com\r\n"
        case "STARTTLS": return offersTLS && !isSecure ? "220 go ahead\r\n" : "502 5.5.1 no\r\n"
        case "AUTH": return auth(line)
        case "MAIL", "RCPT", "DATA":
            if needsTLS, !isSecure { return "530 5.7.0 must issue STARTTLS first\r\n" }
            if needsLogin, !isLoggedIn { return "530 5.7.0 authentication required\r\n" }
            return envelope(verb, line)
        case "QUIT": return "221 bye\r\n"
        default: return "502 5.5.2 unknown\r\n"
        }
    }

    private func hello(_ line: String) -> String {
        guard line.split(separator: " ").count == 2 else { return "501 5.5.4 name yourself\r\n" }
        var lines = ["mail.example.com"] + extensions
        if offersTLS, !isSecure { lines.append("STARTTLS") }
        let last = lines.removeLast()
        return lines.map { "250-\($0)\r\n" }.joined() + "250 \(last)\r\n"
    }

    /// User `cron` with password `pa55`.
    private mutating func auth(_ line: String) -> String {
        if needsTLS, !isSecure { return "538 5.7.11 encryption required\r\n" }
        let words = line.split(separator: " ")
        switch words.dropFirst().first {
        case "PLAIN":
            isLoggedIn = words.last == "AGNyb24AcGE1NQ=="
            return isLoggedIn ? "235 2.7.0 welcome\r\n" : "535 5.7.8 wrong\r\n"
        case "LOGIN":
            awaitsLogin = ["Y3Jvbg==", "cGE1NQ=="]
            return "334 VXNlcm5hbWU6\r\n"
        default: return "504 5.5.4 unknown method\r\n"
        }
    }

    private mutating func login(_ line: String, _ expected: String) -> String {
        awaitsLogin.removeFirst()
        guard line == expected else {
            awaitsLogin = []
            return "535 5.7.8 wrong\r\n"
        }
        isLoggedIn = awaitsLogin.isEmpty
        return isLoggedIn ? "235 2.7.0 welcome\r\n" : "334 UGFzc3dvcmQ6\r\n"
    }

    private mutating func envelope(_ verb: String, _ line: String) -> String {
        switch verb {
        case "MAIL":
            guard !hasSender, line.hasPrefix("MAIL FROM:<"), line.hasSuffix(">") else {
                return "503 5.5.1\r\n"
            }
            hasSender = true
            return "250 2.1.0 ok\r\n"
        case "RCPT":
            guard hasSender, line.hasPrefix("RCPT TO:<"), line.hasSuffix(">"), line.contains("@") else {
                return "503 5.5.1\r\n"
            }
            recipients.append(String(line.dropFirst(9).dropLast()))
            return "250 2.1.5 ok\r\n"
        default:
            guard !recipients.isEmpty else { return "503 5.5.1 no recipients\r\n" }
            letter = []
            return "354 go ahead\r\n"
        }
    }

    /// Undoes the doubling of dots; a line of a letter has at most 998 characters.
    private mutating func take(letterLine line: String) -> String? {
        guard line == "." else {
            letter?.append(line.hasPrefix(".") ? String(line.dropFirst()) : line)
            return nil
        }
        let isTooLong = letter?.contains { $0.utf8.count > 998 } ?? false
        letters.append((letter ?? []).map { $0 + "\n" }.joined())
        letter = nil
        return isTooLong ? "554 5.6.0 line too long\r\n" : instead["letter"] ?? "250 2.0.0 queued as 1\r\n"
    }
}

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
