import Domain
import Effects
import Integrations

/// A mail server's and a mail reader's view of a letter: refuses what RFC 5321 and 5322 forbid, and reads
/// what a person would see.
struct MailStub {
    struct Letter {
        var headers: [(name: String, value: String)]
        var body: String

        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    var letters: [Letter] = []
    var unknown: Set<String> = []
    var busy: Set<String> = []

    mutating func answer(_ mail: Mail) -> MailOutcome.Result {
        guard let letter = Self.read(mail.message) else {
            return .answered(MailAnswer(stage: .message, code: 550, text: "5.6.0 not a letter"))
        }
        let refused = mail.recipients.compactMap { recipient -> MailAnswer.Refusal? in
            if unknown.contains(recipient) {
                return .init(recipient: recipient, code: 550, text: "5.1.1 no such user")
            }
            return busy.contains(recipient)
                ? .init(recipient: recipient, code: 451, text: "4.7.1 greylisted") : nil
        }
        guard refused.count < mail.recipients.count else {
            return .answered(
                MailAnswer(stage: .recipients, code: refused[0].code, text: refused[0].text, refused: refused)
            )
        }
        letters.append(letter)
        return .answered(MailAnswer(stage: .message, code: 250, text: "2.0.0 queued", refused: refused))
    }

    /// Nil when it is not a well-formed letter.
    static func read(_ bytes: [UInt8]) -> Letter? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard bytes.allSatisfy({ (0x20...0x7e).contains($0) || [9, 10, 13].contains($0) }) else { return nil }
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map { String($0) }
        // Neither CR nor LF stands alone, and no line is too long.
        guard lines.allSatisfy({ $0.utf8.count <= 998 && !$0.utf8.contains(10) && !$0.utf8.contains(13) }),
            lines.last == "", let empty = lines.firstIndex(of: "")
        else { return nil }
        var headers: [(name: String, value: String)] = []
        for line in lines[..<empty] {
            if line.first == " " {
                guard !headers.isEmpty, line.contains(where: { $0 != " " }) else { return nil }
                headers[headers.count - 1].value += line
            } else {
                guard let colon = line.firstIndex(of: ":"), line.utf8.count <= 998 else { return nil }
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                headers.append((String(line[..<colon]), String(value)))
            }
        }
        for needed in ["Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"] {
            guard headers.filter({ $0.name == needed }).count == 1 else { return nil }
        }
        for index in headers.indices { headers[index].value = decodeWords(headers[index].value) }
        var letter = Letter(headers: headers, body: "")
        let body = lines[(empty + 1)...].dropLast()
        switch letter.header("Content-Transfer-Encoding") {
        case "7bit": letter.body = body.joined(separator: "\n")
        case "quoted-printable":
            guard body.allSatisfy({ $0.utf8.count <= 76 && $0.last != " " }),
                let text = unquote(body.joined(separator: "\n"))
            else { return nil }
            letter.body = text
        default: return nil
        }
        return letter
    }

    /// RFC 2047: blanks between two encoded words do not count.
    private static func decodeWords(_ text: String) -> String {
        var out = ""
        var wasEncoded = false
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "?", omittingEmptySubsequences: false)
            let isEncoded =
                parts.count == 5 && parts[0] == "=" && parts[4] == "=" && parts[1] == "UTF-8"
                && parts[2] == "B" && word.utf8.count <= 75
            let decoded =
                isEncoded
                ? String(decoding: Base64.decode(String(parts[3])) ?? [], as: UTF8.self) : String(word)
            if !out.isEmpty, !(wasEncoded && isEncoded) { out += " " }
            out += decoded
            wasEncoded = isEncoded
        }
        return out
    }

    private static func unquote(_ text: String) -> String? {
        var out: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                out.append(byte)
                continue
            }
            if rest.first == 0x0a {
                rest.removeFirst()
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            out.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: out, as: UTF8.self)
    }
}
