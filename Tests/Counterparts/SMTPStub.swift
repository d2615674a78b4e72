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
