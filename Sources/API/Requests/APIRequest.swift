internal import Domain
package import Engine

/// One HTTP request as the routes see it: whole, bounded, and already known to be who it says.
package struct APIRequest: Sendable {
    package var method: String
    /// Percent-decoded parts that the route's pattern names in braces.
    package var parameters: [String: String] = [:]
    package var query = QueryFields()
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Bytes that were sent, of which `body` may hold the first only (`Route.bodyKeptBytesMax`).
    var bodyBytes: Int
    /// The address the connection comes from, without the port; empty when unknown.
    package var remoteAddress: String
    package var caller: Caller = .operator
    /// Path and query as they stood on the request line.
    package var target: String

    package init(
        method: String,
        target: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        remoteAddress: String = ""
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        bodyBytes = body.count
        self.remoteAddress = remoteAddress
    }

    /// The path as sent, still percent-encoded.
    package var path: String {
        String(target.prefix { $0 != "?" })
    }

    /// The first header of that name, whatever its case.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }

    /// The job named in the path. An id that cannot be one is answered like one that does not exist.
    func jobID() throws -> JobID {
        guard let text = parameters["id"], let number = Self.decimal(text),
            let small = UInt32(exactly: number)
        else {
            throw Problem.notFound("job \(parameters["id"] ?? "")")
        }
        return JobID(small)
    }

    /// The run named in the path.
    func runID() throws -> RunID {
        guard let text = parameters["id"], let number = Self.decimal(text) else {
            throw Problem.notFound("run \(parameters["id"] ?? "")")
        }
        return RunID(number)
    }

    /// Digits only, without a sign or a leading zero: an id has one spelling.
    static func decimal(_ text: String) -> UInt64? {
        guard let number = UInt64(text), String(number) == text, number > 0 else { return nil }
        return number
    }

    /// What `If-Match` asks for; nil for none, or `*`.
    func ifMatch() throws -> Sequence? {
        guard let text = header("if-match") else { return nil }
        let tag = text.trimmed
        if tag == "*" { return nil }
        guard tag.hasPrefix("\""), tag.hasSuffix("\""), let number = UInt64(tag.dropFirst().dropLast()) else {
            throw Problem(
                .stale,
                "If-Match \(tag) is not an ETag of this server; send the ETag of the last answer as it is."
            )
        }
        return Sequence(number)
    }
}

extension String {
    /// Without blanks at either end.
    var trimmed: String {
        let isBlank: (Character) -> Bool = {
            $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" || $0 == "\r"
        }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) })
        else {
            return ""
        }
        return String(self[first...last])
    }
}
