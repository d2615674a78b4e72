/// The content lines of a calendar file (RFC 5545 §3.1): unfolded, split into name, parameters and value.
struct CalendarLine: Equatable {
    /// Of the first of its folded lines, counted from 1.
    var number: Int
    /// In capitals.
    var name: String
    /// Names in capitals, values without quotation marks.
    var parameters: [String: String] = [:]
    var value: String

    /// Lines may end in CRLF or LF; a line that begins with a space or tab continues the one before. A
    /// byte-order mark at the start, as programs on Windows set it, is passed over.
    static func lines(of bytes: [UInt8]) throws(CalendarError) -> [CalendarLine] {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw CalendarError(line: 1, "is UTF-16: save the calendar as UTF-8")
        }
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        var unfolded: [(number: Int, bytes: [UInt8])] = []
        for (index, raw) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            let line = raw.last == 13 ? raw.dropLast() : raw
            if let first = line.first, first == 32 || first == 9, !unfolded.isEmpty {
                unfolded[unfolded.count - 1].bytes += line.dropFirst()
            } else if !line.isEmpty {
                unfolded.append((index + 1, Array(line)))
            }
        }
        var lines: [CalendarLine] = []
        for (number, bytes) in unfolded { lines.append(try CalendarLine(bytes, number: number)) }
        return lines
    }

    init(_ bytes: [UInt8], number: Int) throws(CalendarError) {
        self.number = number
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ";") where !isQuoted: parts.append([])
            case UInt8(ascii: ":") where !isQuoted:
                value = String(decoding: rest, as: UTF8.self)
                name = Self.capitals(parts[0])
                for part in parts.dropFirst() {
                    guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { continue }
                    let text = String(decoding: part[(equals + 1)...], as: UTF8.self)
                    parameters[Self.capitals(Array(part[..<equals]))] = text
                }
                return
            default: parts[parts.count - 1].append(byte)
            }
        }
        throw CalendarError(line: number, "has no colon: it is no line of a calendar")
    }

    private static func capitals(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).uppercased()
    }
}
