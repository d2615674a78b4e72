/// A numeric internet address: what a name resolves to, what the egress policy judges, what a connection is
/// pinned to.
///
/// Reading is strict (dotted decimal of four parts; RFC 4291 text without a zone). The looser spellings
/// that `getaddrinfo` accepts have an initialiser of their own, so that `2130706433` cannot slip past a
/// check meant for `127.0.0.1`.
package enum IPAddress: Sendable, Hashable {
    /// Most significant byte first: `127.0.0.1` is `0x7f000001`.
    case v4(UInt32)
    /// The upper and the lower 64 bits.
    case v6(high: UInt64, low: UInt64)

    /// Reads `192.0.2.7` or `2001:db8::7`, without brackets; nil when the text is neither.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        if let v4 = IPAddress.dotted(bytes[...]) {
            self = .v4(v4)
        } else if let v6 = IPAddress.colons(bytes) {
            self = v6
        } else {
            return nil
        }
    }

    /// Reads every spelling of an address that the system's resolver takes as numeric, `inet_aton`'s
    /// included: `127.1`, `0x7f.1`, `0177.0.0.1`, `2130706433`. Nil for a name.
    package init?(anySpelling text: String) {
        if let strict = IPAddress(text) {
            self = strict
        } else if let loose = IPAddress.loose(Array(text.utf8)) {
            self = .v4(loose)
        } else {
            return nil
        }
    }

    /// The same address once wrapping is taken off: an IPv4-mapped `::ffff:a.b.c.d` reaches exactly a.b.c.d.
    package var unmapped: IPAddress {
        if case .v6(0, let low) = self, low >> 32 == 0xffff { return .v4(UInt32(truncatingIfNeeded: low)) }
        return self
    }

    /// The canonical text: dotted decimal, or RFC 5952.
    package var text: String {
        switch self {
        case .v4(let bits):
            return "\(bits >> 24).\(bits >> 16 & 0xff).\(bits >> 8 & 0xff).\(bits & 0xff)"
        case .v6(0, let low) where low >> 32 == 0xffff:
            return "::ffff:" + IPAddress.v4(UInt32(truncatingIfNeeded: low)).text
        case .v6(let high, let low):
            return IPAddress.text(
                groups: [high, low].flatMap { half in
                    [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> $0) }
                }
            )
        }
    }

    /// As it stands in a URL or a `Host` line: an IPv6 address in brackets.
    package var bracketed: String {
        if case .v6 = self { return "[\(text)]" }
        return text
    }

    private static func text(groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > best.count, end - start > 1 { best = start..<end }
            start = max(end, start + 1)
        }
        let hex = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        if best.isEmpty { return hex(groups[...]) }
        return hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
    }

    /// Four decimal parts without leading zeroes.
    private static func dotted(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                let value = number(part, radix: 10), value < 256
            else { return nil }
            bits = bits << 8 | UInt32(value)
        }
        return bits
    }

    /// `inet_aton`: one to four parts, each decimal, octal (`0…`) or hexadecimal (`0x…`); the last fills
    /// the rest.
    private static func loose(_ bytes: [UInt8]) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...4).contains(parts.count) else { return nil }
        var bits: UInt64 = 0
        for (index, part) in parts.enumerated() {
            let value: UInt64?
            if part.count > 1, part.first == UInt8(ascii: "0") {
                let isHex = part.dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x")
                value = isHex ? number(part.dropFirst(2), radix: 16, emptyIs: 0) : number(part, radix: 8)
            } else {
                value = number(part, radix: 10)
            }
            let isLast = index == parts.count - 1
            let width = isLast ? 8 * UInt64(5 - parts.count) : 8
            guard let value, value < 1 << width else { return nil }
            bits = bits << width | value
        }
        return UInt32(truncatingIfNeeded: bits)
    }

    /// Eight groups of RFC 4291, one `::` allowed, the last two as a dotted quad allowed.
    private static func colons(_ bytes: [UInt8]) -> IPAddress? {
        guard (2...45).contains(bytes.count) else { return nil }
        var groups: [UInt64] = []
        var gap: Int?
        var index = 0
        if bytes[0] == UInt8(ascii: ":") {
            guard bytes[1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            index = 2
        }
        while index < bytes.count {
            let end = bytes[index...].firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            let part = bytes[index..<end]
            if end == bytes.count, part.contains(UInt8(ascii: ".")) {
                guard let v4 = dotted(part) else { return nil }
                groups += [UInt64(v4 >> 16), UInt64(v4 & 0xffff)]
            } else {
                guard (1...4).contains(part.count), let value = number(part, radix: 16) else { return nil }
                groups.append(value)
            }
            index = end + 1
            guard end < bytes.count else { break }
            // A colon must be followed by a group, or by a second colon once.
            guard index < bytes.count else { return nil }
            if bytes[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = groups.count
                index += 1
            }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        return .v6(
            high: groups[..<4].reduce(0) { $0 << 16 | $1 },
            low: groups[4...].reduce(0) { $0 << 16 | $1 }
        )
    }

    private static func number(_ digits: ArraySlice<UInt8>, radix: UInt64, emptyIs: UInt64? = nil) -> UInt64?
    {
        guard !digits.isEmpty else { return emptyIs }
        var value: UInt64 = 0
        for byte in digits {
            let digit: UInt64
            switch byte {
            case 0x30...0x39: digit = UInt64(byte - 0x30)
            case 0x41...0x46, 0x61...0x66: digit = UInt64((byte | 0x20) - 0x61) + 10
            default: return nil
            }
            guard digit < radix, value <= UInt64(UInt32.max) else { return nil }
            value = value * radix + digit
        }
        return value
    }
}

/// A block of addresses in CIDR notation, `10.0.0.0/8`; a bare address is the block of itself.
package struct Network: Sendable, Hashable {
    package let base: IPAddress
    /// Leading bits that count: 0–32 or 0–128.
    package let prefix: Int

    /// Reads `10.0.0.0/8`, `192.168.1.7`, `fd00::/8`; nil when it is none, or when bits beyond the prefix
    /// are set.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = IPAddress(String(parts[0])) else { return nil }
        let width = if case .v4 = base { 32 } else { 128 }
        var prefix = width
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let read = Int(parts[1]), read <= width
            else { return nil }
            prefix = read
        }
        self.init(base: base, prefix: prefix)
        guard base == masked(base) else { return nil }
    }

    private init(base: IPAddress, prefix: Int) {
        self.base = base
        self.prefix = prefix
    }

    /// The address lies in this block; addresses of the other family never do.
    package func contains(_ address: IPAddress) -> Bool { masked(address) == base }

    package var text: String { "\(base.text)/\(prefix)" }

    private func masked(_ address: IPAddress) -> IPAddress? {
        switch (address, base) {
        case (.v4(let bits), .v4):
            return .v4(bits & (prefix == 0 ? 0 : UInt32.max << (32 - prefix)))
        case (.v6(let high, let low), .v6):
            return .v6(
                high: high & (prefix == 0 ? 0 : prefix >= 64 ? .max : UInt64.max << (64 - prefix)),
                low: low & (prefix <= 64 ? 0 : UInt64.max << (128 - prefix))
            )
        default:
            return nil
        }
    }
}
