/// Where `{{name}}` stands in a text: one reading for those who accept a job and those who fill its calls.
///
/// What is not a template is left alone: `{{` without `}}` is text. Read byte by byte, because an accent may
/// follow a brace, and the two would be one character that is no brace; and because it is read for every
/// call.
package enum TemplateText {
    package enum Part: Sendable, Hashable {
        case text(ArraySlice<UInt8>)
        /// Without the spaces around and in it.
        case name(String)
    }

    package static func parts(of text: [UInt8]) -> [Part] {
        var parts: [Part] = []
        var start = 0
        while let open = pair(UInt8(ascii: "{"), in: text, from: start),
            let close = pair(UInt8(ascii: "}"), in: text, from: open + 2)
        {
            if open > start { parts.append(.text(text[start..<open])) }
            let name = text[open + 2..<close].filter { $0 != UInt8(ascii: " ") }
            parts.append(.name(String(decoding: name, as: UTF8.self)))
            start = close + 2
        }
        if start < text.count { parts.append(.text(text[start...])) }
        return parts
    }

    package static func names(in text: String) -> [String] {
        parts(of: Array(text.utf8)).compactMap { if case .name(let name) = $0 { name } else { nil } }
    }

    /// Where a byte stands twice in a row.
    private static func pair(_ byte: UInt8, in text: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + 1 < text.count {
            if text[index] == byte, text[index + 1] == byte { return index }
            index += 1
        }
        return nil
    }
}
