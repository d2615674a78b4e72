/// Query strings.
enum Query {
    /// `?a=1&b=2`, or nothing for no items.
    static func text(_ items: [(String, String)]) -> String {
        items.isEmpty ? "" : "?" + items.map { "\($0)=\(encoded($1))" }.joined(separator: "&")
    }

    /// Everything but unreserved characters percent-encoded (RFC 3986 §2.3).
    static func encoded(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80,
                scalar.properties.isAlphabetic || Character(scalar).isASCIIDigit
                    || "-._~".unicodeScalars.contains(scalar)
            {
                out.unicodeScalars.append(scalar)
            } else {
                out += percent(byte)
            }
        }
        return out
    }

    static func percent(_ byte: UInt8) -> String {
        "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}

extension Character {
    var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
