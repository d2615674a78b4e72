internal import Cron
internal import Crypto
package import Domain
internal import Effects

/// Signs requests between a marketplace and its partners, in both directions (`engineyard-v1`).
///
/// HMAC-SHA1 over method, content type, MD5 of the body, date and path; the query is not covered. Old, and
/// kept because the peers speak it: nothing else of ours signs like this.
package struct AuthHMAC: Sendable, Hashable {
    /// Names the key; told to everybody who sees a request.
    package var id: String
    /// Used as the ASCII text it is, not as the bytes that its digits may spell.
    package var key: String

    package init(id: String, key: String) {
        self.id = id
        self.key = key
    }

    /// How far the clocks of the two sides may lie apart.
    package static let window = Span.minutes(15)
    private static let scheme = "AuthHMAC "

    /// What a request's signature is made of.
    package struct Request: Sendable, Hashable {
        /// Upper case.
        package var method: String
        /// As sent, parameters included; empty when there is none.
        package var contentType: String
        package var body: [UInt8]
        /// The `Date` header as sent (RFC 9110 §5.6.7).
        package var date: String
        /// Percent-encoded as on the wire, without the query.
        package var path: String

        package init(method: String, contentType: String = "", body: [UInt8], date: String, path: String) {
            self.method = method
            self.contentType = contentType
            self.body = body
            self.date = date
            self.path = String(path.prefix { $0 != "?" })
        }

        /// - Parameter isLegacy: an empty body counts as the MD5 of nothing, as the oldest peers had it.
        func canonical(isLegacy: Bool = false) -> String {
            let sum = body.isEmpty && !isLegacy ? "" : hexadecimal(Array(Insecure.MD5.hash(data: body)))
            return [method, contentType, sum, date, path].joined(separator: "\n")
        }
    }

    /// Base64 of the code over any text, for requests and links alike.
    func code(_ text: String) -> String {
        let key = SymmetricKey(data: Array(key.utf8))
        return Base64.encode(
            Array(HMAC<Insecure.SHA1>.authenticationCode(for: Array(text.utf8), using: key))
        )
    }

    /// The value of `Authorization`.
    package func header(_ request: Request) -> String { value(code(request.canonical())) }

    /// How a signature is written, in headers and in links.
    func value(_ code: String) -> String { "\(Self.scheme)\(id):\(code)" }

    /// - Parameters:
    ///   - header: the value of `Authorization`, nil when there was none.
    ///   - known: the key pairs that may come in.
    /// - Returns: the id that signed.
    package static func verify(
        _ request: Request,
        header: String?,
        known: [AuthHMAC],
        now: Timestamp
    ) throws(AuthHMACFault) -> String {
        guard let header, let (id, given) = parse(header) else { throw .noHeader }
        guard let own = known.first(where: { $0.id == id }) else { throw .unknownID(id) }
        guard !request.date.isEmpty else { throw .noDate }
        guard let date = RetryAfter.parse(request.date, now: now).map({ now + $0 }),
            request.date.contains(",")
        else { throw .unreadableDate }
        guard (now - date).microseconds.magnitude <= window.microseconds.magnitude else { throw .stale }
        // Both are compared, so that the time taken does not tell which of them was close.
        let isCurrent = isEqual(own.code(request.canonical()), given)
        let isLegacy = isEqual(own.code(request.canonical(isLegacy: true)), given)
        guard isCurrent || isLegacy else { throw .wrongSignature }
        return id
    }

    /// The id that a value of `Authorization` names, proved or not.
    package static func claimedID(_ header: String?) -> String? { header.flatMap { parse($0)?.id } }

    /// Id and signature: the id ends at the first colon.
    static func parse(_ value: String) -> (id: String, code: String)? {
        guard let start = value.firstRange(of: scheme) else { return nil }
        let rest = value[start.upperBound...]
        guard let colon = rest.firstIndex(of: ":"), colon != rest.startIndex else { return nil }
        return (String(rest[..<colon]), String(rest[rest.index(after: colon)...]))
    }

    static func isEqual(_ a: String, _ b: String) -> Bool {
        PasswordHash.isEqual(Array(a.utf8), Array(b.utf8))
    }
}

/// Why a signed request is refused. Tells what is wrong and never what would have been right.
package enum AuthHMACFault: Error, Sendable, Hashable {
    case noHeader
    case noDate
    case unreadableDate
    case unknownID(String)
    /// The date is further from now than `AuthHMAC.window`.
    case stale
    case wrongSignature

    /// Somebody who guesses would get this.
    package var isGuess: Bool {
        switch self {
        case .unknownID, .wrongSignature: true
        case .noHeader, .noDate, .unreadableDate, .stale: false
        }
    }

    package var sentence: String {
        switch self {
        case .noHeader: "no authorization header"
        case .noDate: "no Date header"
        case .unreadableDate: "the Date header is no HTTP date"
        case .unknownID(let id): "couldn't find auth for \(OneLine.of(id).shortened(to: 80))"
        case .stale: "the Date header is more than \(AuthHMAC.window.text) from now"
        case .wrongSignature: "signature mismatch"
        }
    }
}

extension Timestamp {
    /// An HTTP date (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    package var httpDate: String { String(rfc5322.dropLast("+0000".count)) + "GMT" }
}
