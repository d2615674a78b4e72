internal import Cron
package import Domain
internal import Engine

/// The fields after `?`, decoded (`%41` and `+`).
package struct QueryFields: Sendable {
    private(set) var pairs: [(name: String, value: String)] = []

    package init() {}

    /// - Throws: `Problem` when a value is not valid UTF-8 once decoded.
    init(_ target: String) throws {
        guard let mark = target.firstIndex(of: "?") else { return }
        for pair in target[target.index(after: mark)...].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count == 2 ? sides[1] : ""
            guard let name = Self.decode(sides[0]), let value = Self.decode(value) else {
                throw Problem(.malformed, "The query \"\(pair)\" is not percent-encoded UTF-8.")
            }
            pairs.append((name, value))
        }
    }

    /// Percent-decodes; nil for a broken escape or what is not UTF-8.
    static func decode(_ text: Substring, plusIsSpace: Bool = true) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexDigit),
                    let low = rest.popFirst().flatMap(hexDigit)
                else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        default: nil
        }
    }

    /// The last value of that name.
    subscript(_ name: String) -> String? {
        pairs.last { $0.name == name }?.value
    }

    /// Names that the route does not know are an error, like unknown fields of a body.
    func refuseUnknown(_ known: [String]) throws {
        let faults = pairs.filter { !known.contains($0.name) }.map { pair in
            CommandError.Fault(
                field: pair.name,
                message: "is not a query parameter of this route",
                hint: NearestWord.hint(for: pair.name, among: known)
            )
        }
        if !faults.isEmpty { throw Problem(faults) }
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = self[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Problem(name, "\"\(text)\" is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func limit() throws -> Int {
        try number("limit", in: 1...ListLimits.countMax) ?? ListLimits.defaultCount
    }

    /// An instant with its offset. A blank where `+` stood is read as `+`: `+01:00` is easily left unescaped.
    func instant(_ name: String) throws -> Timestamp? {
        guard let text = self[name] else { return nil }
        guard let stamp = Timestamp(rfc3339: text) else {
            throw Problem(name, "\"\(text)\" is not an RFC 3339 instant", hint: "2026-03-08T07:00:00Z")
        }
        return stamp
    }
}

extension Timestamp {
    /// Reads an RFC 3339 instant to the microsecond.
    package init?(rfc3339 text: String) {
        let text = text.replacingLastBlank
        guard let whole = Instant(rfc3339: text) else { return nil }
        self.init(seconds: whole.seconds)
        guard let dot = text.firstIndex(of: ".") else { return }
        let digits = text[text.index(after: dot)...].prefix { $0.isASCII && $0.isNumber }.prefix(6)
        let padded = digits + String(repeating: "0", count: 6 - digits.count)
        microseconds += Int64(padded) ?? 0
    }
}

extension String {
    /// `2026-03-08T07:00:00 01:00` is what a `+` becomes in a query.
    fileprivate var replacingLastBlank: String {
        guard let blank = lastIndex(of: " "), distance(from: blank, to: endIndex) == 6 else { return self }
        return self[..<blank] + "+" + self[index(after: blank)...]
    }
}
