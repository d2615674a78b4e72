import Effects

/// The text form of the key ring: one key a line (or separated by commas), 64 hexadecimal digits each, newest
/// first. Lines that begin with `#` are remarks.
enum SecretKeyText {
    static let remark =
        "# Keys that seal this folder's secrets, newest first. Keep a copy apart from the backup.\n"

    static func keys(in text: String) throws(ValueFault) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.drop { $0 == " " }.hasPrefix("#") }
        for word in lines.flatMap({ $0.split(separator: ",") }) {
            let digits = word.filter { !$0.isWhitespace }
            if digits.isEmpty { continue }
            guard let key = bytes(hexadecimal: digits), key.count == KeyRing.keyBytes else {
                throw ValueFault("must hold keys of 64 hexadecimal digits (`chronatog keygen` makes one)")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw ValueFault("holds no key (`chronatog keygen` makes one)") }
        return keys
    }

    static func text(of keys: [[UInt8]]) -> String {
        remark + keys.map { hexadecimal($0) + "\n" }.joined()
    }

    private static func bytes(hexadecimal digits: String) -> [UInt8]? {
        let nibbles = digits.utf8.map { UInt8(String(UnicodeScalar($0)), radix: 16) }
        guard nibbles.count.isMultiple(of: 2), !nibbles.contains(nil) else { return nil }
        let values = nibbles.compactMap { $0 }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}
