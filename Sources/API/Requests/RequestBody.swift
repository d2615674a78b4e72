package import Domain
internal import FoundationEssentials

/// Reading JSON. FoundationEssentials parses, `Domain.JSON` is what everything else sees.
package enum RequestBody {
    /// The body as an object. An empty body is an empty object where `isOptional`.
    static func object(_ body: [UInt8], isOptional: Bool = false) throws -> JSON {
        guard let text = String(validating: body, as: UTF8.self) else {
            throw Problem(.malformed, "The body is not valid UTF-8.")
        }
        if isOptional, text.trimmed.isEmpty { return .object([]) }
        let value = try value(text)
        guard case .object = value else {
            throw Problem(.malformed, "The body is JSON, but not an object: it has to begin with {.")
        }
        return value
    }

    package static func value(_ text: String) throws -> JSON {
        if hasTrailingComma(text) {
            throw Problem(.malformed, "The body is not JSON: a comma stands before } or ].")
        }
        do {
            return try JSONDecoder().decode(Decoded.self, from: Data(text.utf8)).value
        } catch {
            throw Problem(.malformed, "The body is not JSON.")
        }
    }

    /// FoundationEssentials lets `[1,]` pass, which RFC 8259 does not.
    private static func hasTrailingComma(_ text: String) -> Bool {
        var (isInString, isEscaped, isAfterComma) = (false, false, false)
        for byte in text.utf8 {
            switch byte {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isInString: isEscaped = true
            case UInt8(ascii: "\""):
                isInString.toggle()
                isAfterComma = false
            case _ where isInString: break
            case UInt8(ascii: ","): isAfterComma = true
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if isAfterComma { return true }
            case 0x20, 0x09, 0x0a, 0x0d: break
            default: isAfterComma = false
            }
        }
        return false
    }

    /// The bridge from `Decodable`. Keys of an object come sorted: the decoder forgets their order.
    private struct Decoded: Decodable {
        let value: JSON

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            if let container = try? decoder.container(keyedBy: Key.self) {
                let keys = container.allKeys.sorted { $0.stringValue < $1.stringValue }
                value = .object(
                    try keys.map {
                        JSON.Member($0.stringValue, try container.decode(Decoded.self, forKey: $0).value)
                    }
                )
            } else if var container = try? decoder.unkeyedContainer() {
                var values: [JSON] = []
                while !container.isAtEnd { values.append(try container.decode(Decoded.self).value) }
                value = .array(values)
            } else {
                value = try Self.scalar(try decoder.singleValueContainer())
            }
        }

        private static func scalar(_ container: any SingleValueDecodingContainer) throws -> JSON {
            if container.decodeNil() { return .null }
            if let text = try? container.decode(String.self) { return .string(text) }
            if let number = try? container.decode(Int64.self) { return .number(number) }
            if let flag = try? container.decode(Bool.self) { return .bool(flag) }
            return .double(try container.decode(Double.self))
        }
    }
}
