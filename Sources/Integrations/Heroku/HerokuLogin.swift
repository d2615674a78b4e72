internal import Crypto
package import Domain
internal import Effects

/// How `heroku-v3` lets a person in: the dashboard posts a form whose token the partner computes too.
package enum HerokuLogin {
    /// How old, or how far ahead, a form's `timestamp` may be.
    package static let window = Span.minutes(5)
    private static let timestampBytesMax = 12

    /// The form's fields that count.
    package struct Form: Sendable, Hashable {
        /// `resource_id`; the legacy form calls it `id`.
        package var resource: String
        /// Unix seconds, as sent: the digits are hashed.
        package var timestamp: String
        /// `resource_token`, or the legacy `token`.
        package var token: String
        /// `user_scoped_resource_token`; empty when the form has none.
        package var userToken: String
        package var userID: String
        package var email: String

        package init(_ fields: [FormText.Parameter]) {
            func value(_ names: String...) -> String {
                for name in names {
                    if let found = fields.first(where: { $0.name == name }) { return found.value }
                }
                return ""
            }
            resource = value("resource_id", "id")
            timestamp = value("timestamp")
            token = value("resource_token", "token")
            userToken = value("user_scoped_resource_token")
            userID = value("user_id")
            email = value("email")
        }
    }

    /// Hexadecimal SHA-1 of `id:salt:timestamp`.
    package static func token(resource: String, salt: String, timestamp: String) -> String {
        hexadecimal(Array(Insecure.SHA1.hash(data: Array("\(resource):\(salt):\(timestamp)".utf8))))
    }

    /// Hexadecimal SHA-256 of `id:salt:timestamp:user:email`: also says for whom.
    package static func userToken(
        resource: String,
        salt: String,
        timestamp: String,
        userID: String,
        email: String
    ) -> String {
        let text = "\(resource):\(salt):\(timestamp):\(userID):\(email)"
        return hexadecimal(Array(SHA256.hash(data: Array(text.utf8))))
    }

    /// - Parameter salt: the manifest's `sso_salt`.
    package static func admit(_ form: Form, salt: String, now: Timestamp) throws(HerokuLoginFault) {
        let isRight: Bool
        if form.userToken.isEmpty {
            let own = token(resource: form.resource, salt: salt, timestamp: form.timestamp)
            isRight = AuthHMAC.isEqual(own, form.token)
        } else {
            let own = userToken(
                resource: form.resource,
                salt: salt,
                timestamp: form.timestamp,
                userID: form.userID,
                email: form.email
            )
            isRight = AuthHMAC.isEqual(own, form.userToken)
        }
        guard isRight, !salt.isEmpty else { throw .wrongToken }
        guard form.timestamp.utf8.count <= timestampBytesMax, let seconds = Int64(form.timestamp),
            abs(now.seconds - seconds) * 1_000_000 <= window.microseconds
        else { throw .stale }
    }
}

/// Why a form signs nobody in; all of it is 403.
package enum HerokuLoginFault: Error, Sendable, Hashable {
    case wrongToken
    case stale

    package var sentence: String {
        switch self {
        case .wrongToken: "the token does not match"
        case .stale: "the form is more than \(HerokuLogin.window.text) old; open the add-on again"
        }
    }
}
