package import Domain

/// Fills `{{name}}` in the texts of a call.
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

    package func fill(_ text: String, _ escaping: Escaping) throws(TemplateError) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        let text = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(text.count + 64)
        for part in TemplateText.parts(of: text) {
            switch part {
            case .text(let plain): out += plain
            case .name(let name):
                guard let variable = TemplateVariable(rawValue: name) else { throw .unknownName(name) }
                Self.append(value(variable), escaping, to: &out)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func append(_ value: String, _ escaping: Escaping, to out: inout [UInt8]) {
        switch escaping {
        case .plain: out += value.utf8.filter { $0 >= 0x20 && $0 != 0x7f }
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
