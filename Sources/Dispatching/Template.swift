package import Domain

/// Fills `{{name}}` in the texts of a call. What is not a template is left alone: `{{` without `}}` is text.
package struct Template {
    private let value: (TemplateVariable) -> String

    package init(value: @escaping (TemplateVariable) -> String) {
        self.value = value
    }

    /// How a value has to be written where it lands.
    package enum Escaping: Sendable {
        /// Percent-encoded (RFC 3986, everything but unreserved characters).
        case url
        /// As the inside of a JSON string.
        case json
        /// As it is, without control characters: header values and plain bodies.
        case plain
    }

    /// The names that a text uses and that do not exist.
    package static func unknownNames(in text: String) -> [String] {
        parts(of: text[...]).compactMap { part in
            guard case .name(let name) = part, TemplateVariable(rawValue: name) == nil else { return nil }
            return name
        }
    }

    package func fill(_ text: String, _ escaping: Escaping) throws(TemplateError) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        var out = ""
        for part in Self.parts(of: text[...]) {
            switch part {
            case .text(let plain): out += plain
            case .name(let name):
                guard let variable = TemplateVariable(rawValue: name) else { throw .unknownName(name) }
                out += Self.escape(value(variable), escaping)
            }
        }
        return out
    }

    private enum Part {
        case text(Substring)
        case name(String)
    }

    private static func parts(of text: Substring) -> [Part] {
        var parts: [Part] = []
        var rest = text
        while let open = range(of: "{{", in: rest), let close = range(of: "}}", in: rest[open.upperBound...])
        {
            if open.lowerBound > rest.startIndex { parts.append(.text(rest[..<open.lowerBound])) }
            let name = rest[open.upperBound..<close.lowerBound].filter { $0 != " " }
            parts.append(.name(String(name)))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { parts.append(.text(rest)) }
        return parts
    }

    private static func range(of pair: String, in text: Substring) -> Range<Substring.Index>? {
        let wanted = pair.utf8.first
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

    private static func escape(_ value: String, _ escaping: Escaping) -> String {
        switch escaping {
        case .plain: return String(value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f })
        case .json: return String(JSON.string(value).text.dropFirst().dropLast())
        case .url:
            var out: [UInt8] = []
            for byte in value.utf8 {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "_"),
                    UInt8(ascii: "~"):
                    out.append(byte)
                default:
                    out.append(UInt8(ascii: "%"))
                    for digit in [byte >> 4, byte & 15] { out.append(digit < 10 ? 48 + digit : 55 + digit) }
                }
            }
            return String(decoding: out, as: UTF8.self)
        }
    }
}

package enum TemplateError: Error, Equatable {
    case unknownName(String)
}
