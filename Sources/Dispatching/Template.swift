package import Domain

/// Fills `{{name}}` in the texts of a call, and of what steps say.
package struct Template {
    private let value: (TemplateVariable) -> String
    /// What else may be named; nil for what does not exist.
    private let more: ((String) -> JSON?)?

    package init(value: @escaping (TemplateVariable) -> String, more: ((String) -> JSON?)? = nil) {
        self.value = value
        self.more = more
    }

    /// How a value has to be written where it lands.
    package enum Escaping: Sendable {
        /// Percent-encoded (RFC 3986, everything but unreserved characters).
        case url
        /// As the inside of a JSON string; lists and objects between strings stay JSON.
        case json
        /// As it is, without control characters: header values and plain bodies.
        case plain
        /// Slack's three characters, so that no value can mention anybody or make a link.
        case slack

        /// How values stand in a body that begins like this.
        package static func body(_ text: String) -> Escaping {
            switch text.utf8.first {
            case UInt8(ascii: "{"), UInt8(ascii: "["): .json
            default: .plain
            }
        }
    }

    package func fill(_ text: String, _ escaping: Escaping) throws(TemplateError) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        let text = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(text.count + 64)
        var isInString = false
        for part in TemplateText.parts(of: text) {
            switch part {
            case .text(let plain):
                out += plain
                if more != nil, escaping == .json { Self.follow(plain, &isInString) }
            case .name(let name):
                if let variable = TemplateVariable(rawValue: name) {
                    Self.append(value(variable), escaping, to: &out)
                } else if let json = more?(name) {
                    if escaping == .json, !isInString, json.string == nil {
                        json.write(to: &out)
                    } else {
                        Self.append(
                            escaping == .json ? Self.inside(json) : json.plainText,
                            escaping,
                            to: &out
                        )
                    }
                } else {
                    throw .unknownName(name)
                }
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func inside(_ json: JSON) -> String { json.string ?? json.text }

    /// Whether the text after this one begins within a JSON string.
    private static func follow(_ text: ArraySlice<UInt8>, _ isInString: inout Bool) {
        var isEscaped = false
        for byte in text {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\"), isInString {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            }
        }
    }

    private static func append(_ value: String, _ escaping: Escaping, to out: inout [UInt8]) {
        switch escaping {
        case .plain: out += value.utf8.filter { $0 >= 0x20 && $0 != 0x7f }
        case .slack:
            for byte in value.utf8 {
                switch byte {
                case UInt8(ascii: "&"): out += "&amp;".utf8
                case UInt8(ascii: "<"): out += "&lt;".utf8
                case UInt8(ascii: ">"): out += "&gt;".utf8
                default: out.append(byte)
                }
            }
        // Bytes, because the first quote and an accent that the value begins with are one character.
        case .json: out += JSON.string(value).text.utf8.dropFirst().dropLast()
        case .url:
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
        }
    }
}

package enum TemplateError: Error, Equatable {
    case unknownName(String)
}
