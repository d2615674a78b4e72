internal import Crypto

/// Scheduler passwords at rest: SHA-256 over salt and password. Enough for the 26 random hexadecimal digits
/// that Chronatog makes itself; an operator who chooses a weak one has chosen it.
package enum PasswordHash {
    package static func make(_ password: String, salt: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: salt)
        hash.update(data: Array(password.utf8))
        return Array(hash.finalize())
    }

    /// Compares without stopping at the first difference.
    package static func verify(_ password: String, salt: [UInt8], hash: [UInt8]) -> Bool {
        isEqual(make(password, salt: salt), hash)
    }

    /// Constant-time comparison of two byte strings.
    package static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for index in a.indices { difference |= a[index] ^ b[index] }
        return difference == 0
    }
}
