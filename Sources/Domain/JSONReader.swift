/// Reads JSON text (RFC 8259) into a `JSON` value: requests, answers of the server, the lines of `next
/// --stdin`. Ours because a person is told where the text goes wrong, which the libraries at hand do not say.
///
/// Strict: one value and nothing after it, no trailing commas, no lone surrogates, no duplicate keys left to
/// chance (the first wins when read by key). Depth is bounded, so hostile text cannot exhaust the stack.
package struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private static let depthMax = 64

    /// Where and why the text is not JSON.
    package struct Fault: Error, Equatable {
        package var offset: Int
        package var problem: String
        package var sentence: String { "not JSON: \(problem) at byte \(offset)" }
    }

    package static func value(of bytes: [UInt8]) throws(Fault) -> JSON {
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.fault("text after the value") }
        return value
    }

    package static func value(of text: String) throws(Fault) -> JSON { try value(of: Array(text.utf8)) }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func fault(_ problem: String) -> Fault { Fault(offset: position, problem: problem) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Fault) -> JSON {
        guard depth < Self.depthMax else { throw fault("more than \(Self.depthMax) levels") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw fault("the text ends too early")
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(Fault) -> JSON {
        for byte in String(describing: text).utf8 {
            guard next == byte else { throw fault("an unknown word") }
            position += 1
        }
        return value
    }

    private mutating func object(depth: Int) throws(Fault) -> JSON {
        position += 1
        var members: [JSON.Member] = []
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault("a key must be a string") }
            let key = try string()
            skipSpace()
            guard take(":") else { throw fault("a colon is missing") }
            members.append(.init(key, try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw fault("a comma or } is missing") }
        }
    }

    private mutating func array(depth: Int) throws(Fault) -> JSON {
        position += 1
        var values: [JSON] = []
        skipSpace()
        if take("]") { return .array(values) }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(values) }
            guard take(",") else { throw fault("a comma or ] is missing") }
        }
    }

    private mutating func number() throws(Fault) -> JSON {
        let start = position
        _ = take("-")
        guard let first = next, isDigit(first) else { throw fault("an unexpected character") }
        position += 1
        if first != UInt8(ascii: "0") { skipDigits() }
        var isWhole = true
        if take(".") {
            isWhole = false
            guard let digit = next, isDigit(digit) else { throw fault("a digit is missing") }
            skipDigits()
        }
        if take("e") || take("E") {
            isWhole = false
            _ = take("+") || take("-")
            guard let digit = next, isDigit(digit) else { throw fault("a digit is missing") }
            skipDigits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .number(value) }
        guard let value = Double(text), value.isFinite else { throw fault("a number is too large") }
        return .double(value)
    }

    private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private mutating func skipDigits() {
        while let byte = next, isDigit(byte) { position += 1 }
    }

    private mutating func string() throws(Fault) -> String {
        position += 1
        var out: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: out, as: UTF8.self) else {
                    throw fault("text that is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &out)
            case 0..<0x20: throw fault("a control character in a string")
            default: out.append(byte)
            }
        }
        throw fault("a string without an end")
    }

    private mutating func escape(into out: inout [UInt8]) throws(Fault) {
        guard let byte = next else { throw fault("a string without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): out.append(0x0a)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "r"): out.append(0x0d)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0c)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "u"):
            var code = UInt32(try hexadecimalUnit())
            if (0xd800..<0xdc00).contains(code) {
                guard take("\\"), take("u") else { throw fault("half a surrogate pair") }
                let low = UInt32(try hexadecimalUnit())
                guard (0xdc00..<0xe000).contains(low) else { throw fault("half a surrogate pair") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
            out.append(contentsOf: Character(scalar).utf8)
        default: throw fault("an unknown escape")
        }
    }

    private mutating func hexadecimalUnit() throws(Fault) -> UInt16 {
        guard bytes.count - position >= 4 else { throw fault("a short \\u escape") }
        var value: UInt16 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("a bad \\u escape")
            }
            value = value << 4 | UInt16(digit)
        }
        position += 4
        return value
    }
}
