internal import Cron
package import Domain
internal import Effects

/// A link that signs a person in: the marketplace's dashboard makes it, the partner checks it
/// (`engineyard-v1`).
///
/// The code covers the whole URL with its parameters sorted and form-encoded anew, so neither their order on
/// the way nor an equivalent escaping matters.
package enum SignedLink {
    /// How old, or how far ahead, a link's `timestamp` may be.
    package static let window = Span.minutes(5)
    private static let signature = "signature"
    private static let parametersMax = 64

    package typealias Parameter = FormText.Parameter

    /// - Parameter url: absolute; what it has in its query is kept and signed too.
    package static func sign(
        _ url: String,
        adding parameters: [Parameter],
        by auth: AuthHMAC
    ) throws(SignedLinkFault) -> String {
        let (base, query) = split(url)
        guard let own = FormText.decode(query ?? "") else { throw .unreadable }
        var all = own
        for parameter in parameters {
            guard !all.contains(where: { $0.name == parameter.name }) else {
                throw .doubled(parameter.name)
            }
            all.append(parameter)
        }
        guard !all.contains(where: { $0.name == signature }) else { throw .doubled(signature) }
        let text = "\(withoutDefaultPort(base))?\(FormText.encode(sorted(all)))"
        let code = FormText.encode([Parameter(signature, auth.value(auth.code(text)))])
        return all.isEmpty ? "\(text)\(code)" : "\(text)&\(code)"
    }

    /// Checks the signature alone, whatever the time is.
    /// - Returns: the id that signed and the parameters, sorted, repeated ones joined.
    package static func verify(
        _ url: String,
        known: [AuthHMAC]
    ) throws(SignedLinkFault) -> (id: String, parameters: [Parameter]) {
        let (base, query) = split(url)
        guard let query, !query.isEmpty else { throw .noQuery }
        guard let all = FormText.decode(query), all.count <= parametersMax else { throw .unreadable }
        guard let given = all.first(where: { $0.name == signature })?.value else { throw .noSignature }
        guard let (id, code) = AuthHMAC.parse(given) else { throw .noSignature }
        guard let auth = known.first(where: { $0.id == id }) else { throw .unknownID(id) }
        let signed = sorted(joined(all.filter { $0.name != signature }))
        let text = "\(withoutDefaultPort(base))?\(FormText.encode(signed))"
        guard AuthHMAC.isEqual(auth.code(text), code) else { throw .wrongSignature(id) }
        return (id, signed)
    }

    /// Checks a link that somebody has followed now.
    /// - Parameter url: rebuilt from the configured public URL, never from what the request calls its host.
    package static func admit(
        _ url: String,
        known: [AuthHMAC],
        now: Timestamp
    ) throws(SignedLinkFault) -> SignedVisit {
        let (id, parameters) = try verify(url, known: known)
        func value(_ name: String) -> String { parameters.first { $0.name == name }?.value ?? "" }
        // Offsets are common in these; a fraction of a second is not.
        guard let instant = Instant(rfc3339: value("timestamp")) else { throw .noTimestamp }
        let age = now - Timestamp(seconds: instant.seconds)
        guard age.microseconds.magnitude <= window.microseconds.magnitude else { throw .stale }
        return SignedVisit(
            signedBy: id,
            userID: value("ey_user_id"),
            userName: value("ey_user_name"),
            userEmail: value("ey_user_email"),
            returnTo: value("ey_return_to_url"),
            mayChange: value("access_level") == "owner",
            once: code(of: url)
        )
    }

    /// What was computed, and nothing of what may stand around it.
    private static func code(of url: String) -> String {
        let given = FormText.decode(split(url).query ?? "")?.first { $0.name == signature }?.value ?? ""
        return AuthHMAC.parse(given)?.code ?? ""
    }

    private static func split(_ url: String) -> (base: String, query: String?) {
        guard let mark = url.firstIndex(of: "?") else { return (url, nil) }
        return (String(url[..<mark]), String(url[url.index(after: mark)...]))
    }

    private static func sorted(_ parameters: [Parameter]) -> [Parameter] {
        parameters.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    }

    /// `a=1&a=2` counts as `a=12`: the peers' parsers made it so.
    private static func joined(_ parameters: [Parameter]) -> [Parameter] {
        var all: [Parameter] = []
        for parameter in parameters {
            if let index = all.firstIndex(where: { $0.name == parameter.name }) {
                all[index].value += parameter.value
            } else {
                all.append(parameter)
            }
        }
        return all
    }

    private static func withoutDefaultPort(_ base: String) -> String {
        let isTLS = base.hasPrefix("https://")
        guard isTLS || base.hasPrefix("http://") else { return base }
        let port = isTLS ? ":443" : ":80"
        let start = base.index(base.startIndex, offsetBy: isTLS ? 8 : 7)
        let end = base[start...].firstIndex(of: "/") ?? base.endIndex
        guard base[start..<end].hasSuffix(port) else { return base }
        return String(base[..<base.index(end, offsetBy: -port.count)] + base[end...])
    }
}

/// Who came in by a link.
package struct SignedVisit: Sendable, Hashable {
    package var signedBy: String
    package var userID: String
    package var userName: String
    /// Empty unless the account offered a list of its users.
    package var userEmail: String
    package var returnTo: String
    /// An owner; a collaborator only looks.
    package var mayChange: Bool
    /// What makes this link different from all others: its code.
    package var once: String
}

/// Why a link signs nobody in.
package enum SignedLinkFault: Error, Sendable, Hashable {
    /// The parameter is there already.
    case doubled(String)
    /// Not form-encoded UTF-8, or too many parameters.
    case unreadable
    case noQuery
    case noSignature
    case unknownID(String)
    case wrongSignature(String)
    case noTimestamp
    case stale

    /// Somebody who guesses would get this.
    package var isGuess: Bool {
        switch self {
        case .unknownID, .wrongSignature: true
        default: false
        }
    }

    package var sentence: String {
        switch self {
        case .doubled(let name): "the parameter \(name) is there already"
        case .unreadable: "Url query cannot be read"
        case .noQuery: "Url has no query"
        case .noSignature: "Incorrect signature"
        case .unknownID(let id):
            "Authentication failed (lookup didn't find \(OneLine.of(id).shortened(to: 80)))"
        case .wrongSignature(let id): "Authentication failed for \(OneLine.of(id).shortened(to: 80))"
        case .noTimestamp: "the link has no timestamp"
        case .stale: "the link is more than \(SignedLink.window.text) old; go back and follow it again"
        }
    }
}

/// `application/x-www-form-urlencoded`, as the peers write it: a blank is `+`, and everything but letters,
/// digits and `_.-~` is escaped in upper case.
package enum FormText {
    package struct Parameter: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package static func encode(_ parameters: [Parameter]) -> String {
        parameters.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
    }

    private static func encode(_ text: String) -> String {
        Percent.encode(text, keeping: " ").map { $0 == " " ? "+" : String($0) }.joined()
    }

    /// nil when it is not UTF-8 once decoded. A name without `=` has an empty value.
    package static func decode(_ text: String) -> [Parameter]? {
        var all: [Parameter] = []
        for pair in text.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count == 2 ? sides[1] : ""
            guard let name = plain(sides[0]), let value = plain(value) else { return nil }
            all.append(Parameter(name, value))
        }
        return all
    }

    private static func plain(_ text: Substring) -> String? {
        let spaced = String(text.map { $0 == "+" ? " " : $0 })
        return Percent.decode(spaced[...])
    }
}
