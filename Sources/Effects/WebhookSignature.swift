internal import Domain

/// Standard Webhooks v1 (https://github.com/standard-webhooks/standard-webhooks, "Signature scheme"):
/// HMAC-SHA256 over `id.timestamp.body`.
package enum WebhookSignature {
    /// The value of `webhook-signature`: `v1,` and the Base64 of the code.
    /// - Parameter timestamp: Unix seconds of this attempt.
    package static func sign(id: String, timestamp: Int64, body: [UInt8], key: [UInt8]) -> String {
        "v1," + Base64.encode(KeyedHash.code(of: Array("\(id).\(timestamp).".utf8) + body, key: key))
    }

    /// The secret as receivers are given it.
    package static func secretText(_ key: [UInt8]) -> String { "whsec_" + Base64.encode(key) }
}
