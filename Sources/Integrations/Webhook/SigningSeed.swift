internal import Crypto
package import Domain
internal import Effects

/// One Ed25519 key of this installation.
package struct SigningSeed: Sendable, Hashable {
    /// 32 bytes: the private key's seed (RFC 8032).
    private let seed: [UInt8]
    package let publicKey: [UInt8]

    /// Nil unless there are 32 bytes.
    package init?(_ seed: [UInt8]) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { return nil }
        self.seed = seed
        publicKey = Array(key.publicKey.rawRepresentation)
    }

    /// Names the key without telling more than its public half.
    package var id: String { hexadecimal(SHA256.hash(data: publicKey).prefix(8)) }

    /// Standard Webhooks v1a: `v1a,` and the Base64 of the signature over `id.timestamp.body`.
    package func sign(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let content = Array("\(id).\(timestamp).".utf8) + body
        do {
            let key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
            return "v1a," + Base64.encode(Array(try key.signature(for: content)))
        } catch {
            preconditionFailure("the seed made a key before: \(error)")
        }
    }
}

/// What stands at `/.well-known/chronatog-keys.json`: the public keys that signatures may be of, newest
/// first. During a rotation there are two, and every message carries a signature of each.
package enum PublicKeyDocument {
    /// A JSON Web Key Set (RFC 8037), with each key also in the form that Standard Webhooks libraries take.
    package static func json(_ seeds: [SigningSeed]) -> JSON {
        .object([
            .init(
                "keys",
                .array(
                    seeds.map { seed in
                        .object([
                            .init("kty", .string("OKP")),
                            .init("crv", .string("Ed25519")),
                            .init("alg", .string("EdDSA")),
                            .init("use", .string("sig")),
                            .init("kid", .string(seed.id)),
                            .init("x", .string(forURLs(seed.publicKey))),
                            .init("whpk", .string("whpk_" + Base64.encode(seed.publicKey))),
                        ])
                    }
                )
            )
        ])
    }

    /// Base64 for URLs without padding (RFC 4648 §5).
    private static func forURLs(_ bytes: [UInt8]) -> String {
        String(
            Base64.encode(bytes).compactMap { character -> Character? in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            }
        )
    }
}
