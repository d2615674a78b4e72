/// A letter's body as seven-bit lines.
enum BodyText {
    /// RFC 5322 §2.1.1 allows 998; nobody needs more than this unencoded.
    private static let plainColumnsMax = 200
    /// RFC 2045 §6.7.
    private static let encodedColumnsMax = 76

    /// The transfer encoding's name and the lines in it, CRLF at every end.
    static func encode(_ lines: [String]) -> (encoding: String, text: String) {
        let isPlain = lines.allSatisfy { line in
            line.utf8.count <= plainColumnsMax
                && line.utf8.allSatisfy { (0x20...0x7e).contains($0) || $0 == 9 }
        }
        let encoded = isPlain ? lines : lines.flatMap { quotedPrintable($0) }
        return (isPlain ? "7bit" : "quoted-printable", encoded.map { "\($0)\r\n" }.joined())
    }

    /// One line of text as lines of at most 76 characters, soft breaks between.
    private static func quotedPrintable(_ line: String) -> [String] {
        let bytes = Array(line.utf8)
        var lines: [String] = []
        var current = ""
        for (index, byte) in bytes.enumerated() {
            let isLast = index == bytes.count - 1
            let isBlank = byte == 0x20 || byte == 0x09
            let isLiteral = (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "=") || isBlank && !isLast
            let piece = isLiteral ? String(Character(Unicode.Scalar(byte))) : "=" + hex(byte)
            // One column stays free for the soft break.
            if current.utf8.count + piece.utf8.count > encodedColumnsMax - 1 {
                lines.append(current + "=")
                current = ""
            }
            current += piece
        }
        return lines + [current]
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "0\(text)" : text
    }
}
