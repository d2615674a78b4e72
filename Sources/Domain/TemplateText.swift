/// Where `{{name}}` stands in a text: one reading for those who accept a job and those who fill its calls.
///
/// What is not a template is left alone: `{{` without `}}` is text. Read byte by byte, because an accent may
/// follow a brace, and the two would be one character that is no brace.
package enum TemplateText {
    package enum Part: Sendable, Hashable {
        case text(Substring)
        /// Without the spaces around and in it.
        case name(String)
    }

    package static func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var rest = text[...]
        while let open = pair("{", in: rest), let close = pair("}", in: rest[open.upperBound...]) {
            if open.lowerBound > rest.startIndex { parts.append(.text(rest[..<open.lowerBound])) }
            let name = rest[open.upperBound..<close.lowerBound].unicodeScalars.filter { $0 != " " }
            parts.append(.name(String(String.UnicodeScalarView(name))))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { parts.append(.text(rest)) }
        return parts
    }

    package static func names(in text: String) -> [String] {
        parts(of: text).compactMap { if case .name(let name) = $0 { name } else { nil } }
    }

    /// Where a byte stands twice in a row.
    private static func pair(_ letter: Unicode.Scalar, in text: Substring) -> Range<Substring.Index>? {
        let wanted = UInt8(ascii: letter)
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.utf8.index(after: index)
            if text.utf8[index] == wanted, next < text.endIndex, text.utf8[next] == wanted {
                return index..<text.utf8.index(after: next)
            }
            index = next
        }
        return nil
    }
}
