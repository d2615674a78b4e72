internal import Crypto

/// HMAC-SHA256 (RFC 2104, RFC 4231), as two hashes.
///
/// Every call is signed, and `Crypto.HMAC` is generic over its hash: unspecialised, it takes three times as
/// long.
package enum KeyedHash {
    private static let blockBytes = 64

    package static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = key.count > blockBytes ? Array(SHA256.hash(data: key)) : key
        return hash(key, 0x5c, hash(key, 0x36, message))
    }

    /// SHA-256 of the key, padded to a block and mixed with a byte, and what follows it.
    private static func hash(_ key: [UInt8], _ mask: UInt8, _ rest: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(blockBytes + rest.count)
        for byte in key { bytes.append(byte ^ mask) }
        for _ in key.count..<blockBytes { bytes.append(mask) }
        bytes.append(contentsOf: rest)
        return Array(SHA256.hash(data: bytes))
    }
}
