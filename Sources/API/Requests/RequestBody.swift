package import Domain

/// The JSON of a request.
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
        do {
            return try JSONReader.value(of: text)
        } catch {
            throw Problem(.malformed, "The body is \(error.sentence).")
        }
    }
}
