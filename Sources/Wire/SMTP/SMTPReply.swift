/// Reads the replies of a mail server (RFC 5321 §4.2) from bytes that arrive in any pieces.
struct SMTPReplyReader: Sendable, Equatable {
    struct Reply: Sendable, Equatable {
        var code: UInt16
        /// Without code and separator.
        var lines: [String]

        var text: String { lines.joined(separator: " ") }
        var isPositive: Bool { (200...399).contains(code) }
    }

    enum Fault: Error, Equatable {
        case notSMTP
        case tooLong
    }

    /// §4.5.3.1.5 allows 512 bytes a line; servers write more.
    private static let lineBytesMax = 2048
    private static let linesMax = 128

    private var line: [UInt8] = []
    private var code: UInt16?
    private var lines: [String] = []

    /// Bytes of a reply that is not whole yet.
    var isInsideReply: Bool { !line.isEmpty || code != nil }

    /// The replies that are whole now.
    mutating func read(_ bytes: [UInt8]) throws(Fault) -> [Reply] {
        var replies: [Reply] = []
        for byte in bytes {
            guard byte == 0x0a else {
                guard line.count < Self.lineBytesMax else { throw .tooLong }
                line.append(byte)
                continue
            }
            if line.last == 0x0d { line.removeLast() }
            if let reply = try takeLine() { replies.append(reply) }
            line = []
        }
        return replies
    }

    /// `250-text` goes on, `250 text` and a bare `250` end; all lines have one code.
    private mutating func takeLine() throws(Fault) -> Reply? {
        guard line.count >= 3, line[..<3].allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt16(String(decoding: line[..<3], as: UTF8.self)), (200...599).contains(number),
            code == nil || code == number
        else { throw .notSMTP }
        let separator = line.count > 3 ? line[3] : 0x20
        guard separator == 0x20 || separator == 0x2d else { throw .notSMTP }
        guard lines.count < Self.linesMax else { throw .tooLong }
        code = number
        let printable = line.dropFirst(4).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }
        lines.append(String(decoding: printable, as: UTF8.self))
        guard separator == 0x20 else { return nil }
        defer {
            code = nil
            lines = []
        }
        return Reply(code: number, lines: lines)
    }
}
