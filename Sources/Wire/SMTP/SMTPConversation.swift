import Domain
import Effects

/// The client's side of one mail submission (RFC 5321, 3207, 4954) as a machine without I/O: replies in,
/// commands out, one answer at the end.
///
/// Not pipelined: one letter a connection is rare enough that a few round trips do not matter. Nothing but
/// EHLO is said in the clear where TLS is asked for, and what a server had sent ahead of its TLS handshake is
/// an attack on the session and ends it.
struct SMTPConversation: Sendable, Equatable {
    enum Action: Sendable, Equatable {
        case send([UInt8])
        /// Begin the handshake; `isSecured()` when it is done.
        case startTLS
        /// Say good-bye and close.
        case answered(MailAnswer)
        case failed(Failure)
    }

    private enum State: Equatable {
        case greeting
        case hello
        /// EHLO was not understood: RFC 5321 §3.2 falls back.
        case oldHello
        case startingTLS
        case handshake
        case plain
        case loginUser
        case loginPassword
        case loginEnd
        case sender
        case recipient(Int)
        case data
        case message
        case over
    }

    private let mail: Mail
    private var state: State
    private var reader = SMTPReplyReader()
    private var isSecure: Bool
    private var refused: [MailAnswer.Refusal] = []
    private var extensions: [String] = []

    init(_ mail: Mail) {
        self.mail = mail
        state = .greeting
        isSecure = mail.server.security == .tls
    }

    var isOver: Bool { state == .over }

    /// What the conversation waits for, for a deadline's sentence.
    var waitsFor: String {
        switch state {
        case .greeting: "its greeting"
        case .hello, .oldHello: "an answer to EHLO"
        case .startingTLS, .handshake: "TLS"
        case .plain, .loginUser, .loginPassword, .loginEnd: "an answer to the login"
        case .sender, .recipient, .data: "an answer to the envelope"
        case .message, .over: "an answer to the letter"
        }
    }

    /// The letter has been given whole: whether it was taken is unknown until the answer.
    var isUndecided: Bool { state == .message }

    mutating func receive(_ bytes: [UInt8]) -> [Action] {
        guard state != .over else { return [] }
        guard state != .handshake else { return [] }
        let replies: [SMTPReplyReader.Reply]
        do {
            replies = try reader.read(bytes)
        } catch {
            return fail(.closed, "sent something that is not SMTP")
        }
        var actions: [Action] = []
        for (index, reply) in replies.enumerated() where state != .over {
            let next = take(reply)
            actions += next
            let isLast = index == replies.count - 1
            if next == [.startTLS], !isLast || reader.isInsideReply {
                return fail(.tls, "sent more before TLS had begun, as somebody in between would")
            }
        }
        return actions
    }

    /// TLS is there, and the certificate is the right one. RFC 3207 §4.2: everything begins anew.
    mutating func isSecured() -> [Action] {
        precondition(state == .handshake, "a handshake that nobody asked for")
        isSecure = true
        extensions = []
        return hello()
    }

    /// The connection is at its end.
    mutating func isClosed() -> [Action] {
        state == .over ? [] : fail(.closed, "closed the connection before \(waitsFor)")
    }

    private mutating func take(_ reply: SMTPReplyReader.Reply) -> [Action] {
        switch state {
        case .greeting:
            return reply.code == 220 ? hello() : end(.greeting, reply)
        case .hello where reply.code == 250:
            extensions = reply.lines.dropFirst().map { $0.uppercased() }
            return afterHello()
        case .hello where reply.code >= 500 && mail.server.security == .none && mail.server.login == nil:
            state = .oldHello
            return [command("HELO \(clientName)")]
        case .oldHello where reply.code == 250: return afterHello()
        case .hello, .oldHello: return end(.greeting, reply)
        case .startingTLS:
            guard reply.code == 220 else { return end(.security, reply) }
            state = .handshake
            return [.startTLS]
        case .plain where reply.code == 334:
            // A server that wants to be asked first (RFC 4954 §4).
            return [command(plainCredentials)]
        case .plain, .loginEnd: return reply.code == 235 ? sender() : end(.login, reply)
        case .loginUser, .loginPassword: return login(reply)
        case .sender: return reply.isPositive ? recipient(0) : end(.sender, reply)
        case .recipient(let index): return recipient(index, reply)
        case .data:
            guard reply.code == 354 else { return end(.message, reply) }
            state = .message
            return [.send(Self.stuffed(mail.message))]
        case .message: return end(.message, reply)
        case .handshake, .over: return []
        }
    }

    // MARK: - Before the letter

    private mutating func hello() -> [Action] {
        state = .hello
        return [command("EHLO \(clientName)")]
    }

    private mutating func afterHello() -> [Action] {
        if mail.server.security == .startTLS, !isSecure {
            guard has("STARTTLS") else {
                return end(.security, 502, "does not offer STARTTLS; without it nothing is sent")
            }
            state = .startingTLS
            return [command("STARTTLS")]
        }
        if let limit = sizeMax, mail.message.count > limit {
            return end(.message, 552, "takes letters of at most \(limit) bytes")
        }
        guard mail.server.login != nil else { return sender() }
        let methods =
            extensions.first { $0.hasPrefix("AUTH ") || $0.hasPrefix("AUTH=") }?.dropFirst(5)
            .split(separator: " ") ?? []
        if methods.contains("PLAIN") {
            state = .plain
            return [command("AUTH PLAIN \(plainCredentials)")]
        }
        guard methods.contains("LOGIN") else {
            return end(.login, 504, "offers neither AUTH PLAIN nor AUTH LOGIN")
        }
        state = .loginUser
        return [command("AUTH LOGIN")]
    }

    private var plainCredentials: String {
        guard let login = mail.server.login else { return "=" }
        return Base64.encode([0] + Array(login.user.utf8) + [0] + Array(login.password.utf8))
    }

    /// The server asks for the user, then for the password, each with a 334.
    private mutating func login(_ reply: SMTPReplyReader.Reply) -> [Action] {
        guard reply.code == 334, let login = mail.server.login else { return end(.login, reply) }
        if state == .loginUser {
            state = .loginPassword
            return [command(Base64.encode(Array(login.user.utf8)))]
        }
        state = .loginEnd
        return [command(Base64.encode(Array(login.password.utf8)))]
    }

    private func has(_ word: String) -> Bool {
        extensions.contains { $0 == word || $0.hasPrefix(word + " ") }
    }

    /// RFC 1870; 0 and nothing both stand for no limit.
    private var sizeMax: Int? {
        extensions.first { $0.hasPrefix("SIZE ") }.flatMap { Int($0.dropFirst(5)) }.flatMap {
            $0 > 0 ? $0 : nil
        }
    }

    // MARK: - The letter

    private mutating func sender() -> [Action] {
        state = .sender
        return [command("MAIL FROM:<\(mail.sender)>")]
    }

    private mutating func recipient(_ index: Int) -> [Action] {
        if index < mail.recipients.count {
            state = .recipient(index)
            return [command("RCPT TO:<\(mail.recipients[index])>")]
        }
        if refused.count == mail.recipients.count {
            // One that may work later is worth a later attempt.
            let worst = refused.first { $0.code < 500 } ?? refused.first
            return end(.recipients, worst?.code ?? 554, worst?.text ?? "no recipients")
        }
        state = .data
        return [command("DATA")]
    }

    private mutating func recipient(_ index: Int, _ reply: SMTPReplyReader.Reply) -> [Action] {
        if !(200...299).contains(reply.code) {
            if reply.code == 421 { return end(.recipients, reply) }
            refused.append(.init(recipient: mail.recipients[index], code: reply.code, text: reply.text))
        }
        return recipient(index + 1)
    }

    /// The letter with every leading dot doubled (§4.5.2), a line end at its end, and the dot that ends it. A
    /// bare CR or LF becomes CRLF: what ends a line must not depend on who reads it.
    static func stuffed(_ message: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(message.count + 64)
        var isAtLineStart = true
        var index = 0
        while index < message.count {
            let byte = message[index]
            index += 1
            if byte == 0x0d || byte == 0x0a {
                if byte == 0x0d, index < message.count, message[index] == 0x0a { index += 1 }
                out.append(contentsOf: [0x0d, 0x0a])
                isAtLineStart = true
                continue
            }
            if isAtLineStart, byte == UInt8(ascii: ".") { out.append(byte) }
            out.append(byte)
            isAtLineStart = false
        }
        if !isAtLineStart { out.append(contentsOf: [0x0d, 0x0a]) }
        out.append(contentsOf: ".\r\n".utf8)
        return out
    }

    // MARK: - Ends

    private mutating func end(_ stage: MailAnswer.Stage, _ reply: SMTPReplyReader.Reply) -> [Action] {
        end(stage, reply.code, reply.text)
    }

    private mutating func end(_ stage: MailAnswer.Stage, _ code: UInt16, _ text: String) -> [Action] {
        let isTaken = state == .message && (200...299).contains(code)
        state = .over
        // A reply that fits no state is no success, and no temporary refusal either.
        let code = code < 400 && !isTaken ? 503 : code
        return [.answered(MailAnswer(stage: stage, code: code, text: text, refused: refused))]
    }

    private mutating func fail(_ kind: FailureKind, _ what: String) -> [Action] {
        state = .over
        return [
            .failed(Failure(kind, "the mail server \(mail.server.host) port \(mail.server.port) \(what)"))
        ]
    }

    private var clientName: String {
        // RFC 5321 §4.1.3: a name, or an address in brackets.
        let name = mail.clientName.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) }
        return name.isEmpty || name != mail.clientName ? "[127.0.0.1]" : name
    }

    private func command(_ line: String) -> Action {
        // No text of ours may begin a second command.
        .send(Array(line.utf8.filter { $0 >= 0x20 && $0 != 0x7f }) + [0x0d, 0x0a])
    }
}
