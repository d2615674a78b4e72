internal import Domain
internal import Effects

/// A receiver of Standard Webhooks.
package struct WebhookSettings: KindSettings {
    package var url: WebAddress
    /// `whsec_` and Base64 of 24 to 64 bytes, newest first: while one replaces another both sign.
    package var secrets: [String]
    /// Also signed with this installation's Ed25519 keys, whose public halves stand at
    /// `/.well-known/chronatog-keys.json`.
    package var usesEd25519: Bool
    package var headers: [ChannelRequest.Header]

    package static let secretsMax = 3
    private static let prefix = "whsec_"

    static func read(_ reader: inout SettingsReader) -> WebhookSettings? {
        let url = reader.address("url")
        let secrets = reader.texts("secrets", countMax: secretsMax)
        for secret in secrets {
            let count = key(of: secret)?.count
            guard let count else {
                reader.fault("secrets", "holds one that is not whsec_ and Base64")
                continue
            }
            if !(24...64).contains(count) {
                reader.fault("secrets", "holds one of \(count) bytes; Standard Webhooks wants 24 to 64")
            }
        }
        let usesEd25519 = reader.flag("ed25519", default: secrets.isEmpty)
        if !usesEd25519, secrets.isEmpty {
            reader.fault("ed25519", "is false and there are no secrets, so nothing would be signed")
        }
        let headers = reader.headers("headers", countMax: 20)
        for header in headers where header.name.lowercased().hasPrefix("webhook-") {
            reader.fault("headers", "holds \(header.name), which the signature needs for itself")
        }
        return url.map {
            WebhookSettings(url: $0, secrets: secrets, usesEd25519: usesEd25519, headers: headers)
        }
    }

    /// The bytes behind `whsec_`.
    static func key(of secret: String) -> [UInt8]? {
        secret.hasPrefix(prefix) ? Base64.decode(String(secret.dropFirst(prefix.count))) : nil
    }

    var fields: [SettingsField] {
        [
            SettingsField("url", .secretAddress(url)),
            SettingsField("secrets", .secrets(secrets)),
            SettingsField("ed25519", .plain(.bool(usesEd25519))),
            SettingsField("headers", .secretHeaders(headers)),
        ]
    }

    var origin: Origin { url.origin }

    var summary: String { "webhook at \(url.masked)\(secrets.isEmpty ? ", signed with Ed25519" : "")" }
}
