internal import Domain

/// Header fields as RFC 5322 wants them: ASCII, folded; anything else in encoded words (RFC 2047).
enum HeaderText {
    /// Folding aims at this; only a single longer word may pass it.
    private static let columnsMax = 76
    /// A whole encoded word has at most 75 characters, so this much of it is Base64 of 45 bytes.
    private static let wordBytesMax = 45

    /// `Name: value` with CRLF, folded at blanks.
    static func field(_ name: String, _ value: String) -> String {
        var lines: [String] = []
        var line = "\(name):"
        for word in value.split(separator: " ") {
            if line.utf8.count + 1 + word.utf8.count > columnsMax, !line.isEmpty, line != "\(name):" {
                lines.append(line)
                line = ""
            }
            line += " \(word)"
        }
        return (lines + [line]).joined(separator: "\r\n") + "\r\n"
    }

    /// Free text, as in a subject.
    static func unstructured(_ text: String) -> String {
        let line = OneLine.of(text)
        let isPlain = line.utf8.allSatisfy { (0x20...0x7e).contains($0) } && !line.contains("=?")
        return isPlain ? line : encodedWords(line)
    }

    /// A name before an address: bare or quoted when it is ASCII.
    static func phrase(_ name: String) -> String {
        guard name.utf8.allSatisfy({ (0x20...0x7e).contains($0) }), !name.contains("=?") else {
            return encodedWords(name)
        }
        if name.utf8.allSatisfy({ Mailbox.isAtomText($0) || $0 == 0x20 }) { return name }
        let escaped = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        return "\"\(escaped)\""
    }

    static func mailbox(_ mailbox: Mailbox) -> String {
        mailbox.name.isEmpty ? mailbox.address : "\(phrase(mailbox.name)) <\(mailbox.address)>"
    }

    /// Words of Base64, never split inside a character; the blanks between them are not part of the text.
    private static func encodedWords(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for character in text.unicodeScalars {
            let bytes = Array(String(character).utf8)
            if (words.last?.count ?? 0) + bytes.count > wordBytesMax { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(Base64.encode($0))?=" }.joined(separator: " ")
    }
}
