/// What the holder of a token may do.
package enum TokenRole: UInt8, Sendable, CaseIterable {
    /// Look at everything that shows no secret, and watch the event stream.
    case read = 1
    /// Start runs, and nothing else.
    case trigger = 2
    /// All that the operator's own token may.
    case admin = 3

    /// As people write it.
    package var word: String {
        switch self {
        case .read: "read"
        case .trigger: "trigger"
        case .admin: "admin"
        }
    }
}

/// A token that the operator has given out, without the token: who holds one is known by its digest.
package struct AccessToken: Sendable, Hashable {
    /// Tokens that there may be at a time: each request with one is compared with all of them.
    package static let countMax = 100
    package static let nameBytesMax = 64

    package var name: String
    package var role: TokenRole
    /// The only job that it starts; nil for any. For `trigger` only.
    package var job: JobID?
    /// SHA-256 of the token's text. No salt, because the text is 32 random bytes that Chronatog made itself.
    package var digest: [UInt8]

    package init(name: String, role: TokenRole, job: JobID? = nil, digest: [UInt8]) {
        self.name = name
        self.role = role
        self.job = job
        self.digest = digest
    }
}

/// A token that counts, and since when.
package struct KnownToken: Sendable, Hashable {
    package var token: AccessToken
    package var since: Timestamp
    package init(_ token: AccessToken, since: Timestamp) {
        self.token = token
        self.since = since
    }
}

/// Records about tokens. A folder whose operator gave out none has none of them.
package enum TokenRecord: Sendable, Hashable {
    case added(AccessToken)
    /// It counts no longer, and says again what it was good for.
    case removed(TokenRemoved)
}

package struct TokenRemoved: Sendable, Hashable {
    package var name: String
    package var role: TokenRole
    package init(name: String, role: TokenRole) {
        self.name = name
        self.role = role
    }
}

extension [String: KnownToken] {
    mutating func apply(_ record: TokenRecord, at time: Timestamp) {
        switch record {
        case .added(let token): self[token.name] = KnownToken(token, since: time)
        case .removed(let removed): self[removed.name] = nil
        }
    }
}
