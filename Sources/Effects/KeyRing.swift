internal import Crypto
package import Domain

/// The folder's keys: seals secrets, opens them, and derives each job's signing key.
///
/// A sealed value is AES-256-GCM under the ring's first key, with (account, object, field) as associated
/// data, so that one cannot be moved to another place. Older keys stay in the ring to open what they sealed.
package struct KeyRing: Sendable {
    /// Newest first; never empty.
    private let keys: [(id: UInt32, key: SymmetricKey)]
    /// The oldest, which signing keys come from.
    private let root: [UInt8]
    private let entropy: any Entropy

    /// 32 bytes a key.
    package static let keyBytes = 32

    package init(keys: [[UInt8]], entropy: any Entropy) throws(KeyRingError) {
        guard !keys.isEmpty else { throw .empty }
        for key in keys where key.count != Self.keyBytes { throw .wrongLength(bytes: key.count) }
        self.keys = keys.map { (Self.identifier(of: $0), SymmetricKey(data: $0)) }
        root = keys[keys.count - 1]
        self.entropy = entropy
    }

    /// The key that seals now.
    package var currentID: UInt32 { keys[0].id }

    package func contains(_ id: UInt32) -> Bool { keys.contains { $0.id == id } }

    /// The first four bytes of the key's SHA-256: names a key without telling it.
    private static func identifier(of key: [UInt8]) -> UInt32 {
        SHA256.hash(data: key).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    package func seal(_ plain: [UInt8], for place: SecretPlace) -> Sealed {
        let nonce = entropy.bytes(12)
        do {
            let box = try AES.GCM.seal(
                plain,
                using: keys[0].key,
                nonce: AES.GCM.Nonce(data: nonce),
                authenticating: place.bytes
            )
            return Sealed(keyID: keys[0].id, bytes: nonce + Array(box.ciphertext) + Array(box.tag))
        } catch {
            preconditionFailure("AES-GCM refused a 12-byte nonce and a 32-byte key: \(error)")
        }
    }

    package func open(_ sealed: Sealed, for place: SecretPlace) throws(KeyRingError) -> [UInt8] {
        guard let key = keys.first(where: { $0.id == sealed.keyID })?.key else {
            throw .unknownKey(id: sealed.keyID)
        }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.bytes)
            return Array(try AES.GCM.open(box, using: key, authenticating: place.bytes))
        } catch {
            throw .cannotOpen(place: place.field)
        }
    }

    /// A job's own signing key (Standard Webhooks), 32 bytes, derived and never stored: HMAC-SHA256 of the
    /// store and the job under the oldest key of the ring, so that a rotation does not change what partners
    /// verify with.
    package func signingKey(storeID: [UInt8], job: JobID) -> [UInt8] {
        KeyedHash.code(of: Array("chronatog signing \(job) ".utf8) + storeID, key: root)
    }

    /// A key for one purpose of the server's own, 32 bytes, derived like a job's.
    package func derivedKey(for purpose: String, storeID: [UInt8]) -> [UInt8] {
        KeyedHash.code(of: Array("chronatog key for \(purpose) ".utf8) + storeID, key: root)
    }
}

extension KeyRing {
    /// What a run's completion URL is known by: derived and never stored. With the time, because a restore
    /// gives numbers out again.
    package func completion(storeID: [UInt8], run: RunID, openedAt: Timestamp) -> UniqueID? {
        let message = Array("chronatog completion \(run) \(openedAt.microseconds) ".utf8) + storeID
        return UniqueID(random: KeyedHash.code(of: message, key: root))
    }

    /// Seeds of the installation's own Ed25519 keys, 32 bytes each, newest first: of the ring's newest key
    /// and of the one before it, so that receivers have a rotation's length of time to learn the new one.
    package func signingSeeds(storeID: [UInt8]) -> [[UInt8]] {
        keys.prefix(2).map { Self.code("chronatog ed25519", storeID, $0.key) }
    }

    /// A word that only who holds the ring can make, 32 bytes: for links that act.
    package func token(for text: String, storeID: [UInt8]) -> [UInt8] {
        Self.code("chronatog token \(text)", storeID, keys[0].key)
    }

    /// Whether the word was made for this text by any key of the ring. Takes as long for a wrong one as for a
    /// right one.
    package func isToken(_ word: [UInt8], for text: String, storeID: [UInt8]) -> Bool {
        let message = Array("chronatog token \(text) ".utf8) + storeID
        return keys.reduce(false) { isKnown, key in
            HMAC<SHA256>.isValidAuthenticationCode(word, authenticating: message, using: key.key) || isKnown
        }
    }

    private static func code(_ purpose: String, _ storeID: [UInt8], _ key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array("\(purpose) ".utf8) + storeID, using: key))
    }
}

/// Where a secret belongs.
package struct SecretPlace: Sendable, Hashable {
    package var account: UInt32
    /// `job/12`, `connection/3`, …
    package var object: String
    package var field: String

    package init(account: UInt32, object: String, field: String) {
        self.account = account
        self.object = object
        self.field = field
    }

    fileprivate var bytes: [UInt8] { Array("\(account)\u{0}\(object)\u{0}\(field)".utf8) }
}

package enum KeyRingError: Error, Equatable {
    case empty
    case wrongLength(bytes: Int)
    /// The value was sealed with a key that is not in the ring.
    case unknownKey(id: UInt32)
    /// The key is right but the bytes are not, or they belong to another place.
    case cannotOpen(place: String)
}
