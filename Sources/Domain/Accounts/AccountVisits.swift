// Records about the people of an account and about what lets them, or us, in: once-only links, the list of
// users that a marketplace keeps in step, and tokens that it gives us.

/// A link or a form that signs in once was used: it does not sign in again, whatever happens to this process.
package struct LinkUsed: Sendable, Hashable {
    package var account: UInt32
    /// The first 16 bytes of the SHA-256 of what makes it different from all others.
    package var digest: [UInt8]
    /// From then on its own timestamp refuses it.
    package var until: Timestamp

    package init(account: UInt32, digest: [UInt8], until: Timestamp) {
        self.account = account
        self.digest = digest
        self.until = until
    }
}

/// The customer has chosen what was asked for before the account may be used.
package struct AccountConfigured: Sendable, Hashable {
    package var account: UInt32
    package init(account: UInt32) { self.account = account }
}

/// Somebody who came to an account's page, as the marketplace named them.
package struct AccountUser: Sendable, Hashable {
    /// The marketplace's own.
    package var id: String
    package var name: String
    /// Empty where the marketplace does not tell.
    package var email: String
    /// May change the plan; others look.
    package var isOwner: Bool

    package init(id: String, name: String, email: String, isOwner: Bool) {
        self.id = id
        self.name = name
        self.email = email
        self.isOwner = isOwner
    }

    /// `access_level`, as `engineyard-v1` has it.
    package var level: String { isOwner ? "owner" : "collaborator" }
}

/// A user came for the first time, or is told of anew.
package struct UserNoted: Sendable, Hashable {
    package var account: UInt32
    package var user: AccountUser
    package init(account: UInt32, user: AccountUser) {
        self.account = account
        self.user = user
    }
}

/// The marketplace took a user out: their sessions end.
package struct UserForgotten: Sendable, Hashable {
    package var account: UInt32
    package var id: String
    package init(account: UInt32, id: String) {
        self.account = account
        self.id = id
    }
}

/// What lets us call a marketplace on an account's behalf (OAuth 2, RFC 6749 §4.1 and §6).
package struct GrantHeld: Sendable, Hashable {
    package var account: UInt32
    /// A code to be exchanged, or an access token.
    package var secret: Sealed
    package var isCode: Bool
    /// For another access token; nil when the marketplace gave none.
    package var refresh: Sealed?
    /// The secret is good until then.
    package var until: Timestamp

    package init(account: UInt32, secret: Sealed, isCode: Bool, refresh: Sealed?, until: Timestamp) {
        self.account = account
        self.secret = secret
        self.isCode = isCode
        self.refresh = refresh
        self.until = until
    }
}
