import API
import Domain

/// What another program would have sent, in Chronatog's words: the call half of a job.
struct ImportedCall: Equatable {
    struct Header: Equatable {
        var name: String
        var value: String
    }

    var url = ""
    /// As given; empty: `GET` without a body, `POST` with one.
    var method = ""
    var headers: [Header] = []
    var body = ""
    var login: Login?
    var redirects: Int64 = 0
    /// nil: the job's default.
    var retries: Int64?
    var backoffMin: Span?
    var backoffMax: Span?
    var connect: Span?
    var firstByte: Span?
    var total: Span?
    /// What is not carried over although the call is the same.
    var notes: [String] = []

    enum Login: Equatable {
        case basic(username: String, password: String)
        case bearer(String)
    }

    /// The most hops that a job follows.
    static let redirectsMax: Int64 = 20

    /// The members of `POST jobs`.
    var members: [(String, JSON?)] {
        let timeouts = JSON.compact([
            ("connect", connect.map(Self.json)), ("first_byte", firstByte.map(Self.json)),
            ("total", total.map(Self.json)),
        ])
        let fields = headers.map { JSON.Member($0.name, .string($0.value)) }
        let standard = body.isEmpty ? "GET" : "POST"
        return [
            ("callback_url", .string(url)),
            ("method", method.isEmpty || method == standard ? nil : .string(method)),
            ("headers", headers.isEmpty ? nil : .object(fields)),
            ("body", body.isEmpty ? nil : .string(body)),
            ("auth", auth),
            ("timeouts", timeouts == .object([]) ? nil : timeouts),
            ("retries", retries.map { .number($0) }),
            ("backoff_min", backoffMin.map(Self.json)),
            ("backoff_max", backoffMax.map(Self.json)),
            ("redirects", redirects == 0 ? nil : .number(redirects)),
        ]
    }

    private static func json(_ span: Span) -> JSON { .string(span.text) }

    private var auth: JSON? {
        switch login {
        case nil: nil
        case .bearer(let token): .object([.init("bearer", .string(token))])
        case .basic(let username, let password):
            .object([
                .init(
                    "basic",
                    .object([.init("username", .string(username)), .init("password", .string(password))])
                )
            ])
        }
    }

    func hasHeader(_ name: String) -> Bool {
        headers.contains { $0.name.lowercased() == name.lowercased() }
    }

    /// Adds a header unless the command set it itself.
    mutating func addDefault(_ name: String, _ value: String) {
        if !hasHeader(name) { headers.append(Header(name: name, value: value)) }
    }

    /// Adds a header that the command gave.
    ///
    /// - Returns: why that cannot be; nil when it can.
    mutating func add(_ name: String, _ value: String) -> String? {
        if Self.own.contains(name.lowercased()) {
            notes.append("the header \(name) is left out: Chronatog and the connection decide it")
            return nil
        }
        if hasHeader(name) { return "the header \(name) is given twice" }
        if let refusal = HeaderRules.refusal(name: name, value: value) {
            return "the header \(name) \(refusal)"
        }
        headers.append(Header(name: name, value: value))
        return nil
    }

    /// Without them the call is the same to its target.
    private static let own: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "expect", "content-length", "te",
    ]

    // MARK: Where

    /// Takes a URL as curl and wget take it: without a scheme it is http, and a fragment is never sent.
    ///
    /// - Returns: why it cannot be called; nil when it can.
    mutating func setURL(_ text: String) -> String? {
        var text = text
        if let scheme = text.firstRange(of: "://") {
            let name = text[..<scheme.lowerBound].lowercased()
            guard name == "http" || name == "https" else { return "\(name):// is not a web call" }
        } else {
            text = "http://" + text
        }
        if let fragment = text.firstIndex(of: "#") { text = String(text[..<fragment]) }
        if text.contains(" ") { return "the URL holds a blank" }
        url = Self.encoded(text)
        return nil
    }

    mutating func addQuery(_ data: String) {
        guard !data.isEmpty else { return }
        url += (url.contains("?") ? "&" : "?") + Self.encoded(data)
    }

    /// What is outside ASCII goes out percent-encoded; it is the same to the target.
    private static func encoded(_ text: String) -> String {
        text.utf8.allSatisfy { $0 < 0x80 }
            ? text
            : text.utf8.map { $0 < 0x80 ? String(Unicode.Scalar($0)) : Query.percent($0) }.joined()
    }

    /// What no URL and no header may hold, wherever in the command it came from.
    var contentReasons: [String] {
        let isUnsound = url.utf8.contains { $0 < 0x20 || $0 == 0x7f }
        return (isUnsound ? ["the URL holds a control character"] : [])
            + headers.compactMap { header in
                HeaderRules.refusal(name: header.name, value: header.value)
                    .map { "the header \(header.name) \($0)" }
            }
    }

    /// Texts that would be filled in before the call.
    var templateReasons: [String] {
        let texts =
            [("the URL", url), ("the body", body)] + headers.map { ("the header \($0.name)", $0.value) }
        return texts.compactMap { place, text in
            TemplateText.names(in: text).isEmpty
                ? nil : "\(place) holds {{…}}, which Chronatog would fill in as a template"
        }
    }
}

/// Times and counts as the commands write them.
enum ImportedNumber {
    /// Seconds, with or without a fraction, or with wget's unit: `2.5`, `90`, `5m`.
    static func span(_ text: String) -> Span? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        var (digits, unit) = (text[...], 1.0)
        if let last = text.last, let known = units[last] { (digits, unit) = (text.dropLast(), known) }
        guard digits.allSatisfy({ $0.isASCIIDigit || $0 == "." }), let value = Double(digits) else {
            return nil
        }
        let milliseconds = (value * unit * 1000).rounded()
        return milliseconds < 1e15 ? .milliseconds(Int64(milliseconds)) : nil
    }

    static func count(_ text: String) -> Int64? {
        text.allSatisfy(\.isASCIIDigit) ? Int64(text) : nil
    }
}
