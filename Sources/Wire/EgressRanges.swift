/// The blocks that are not the public internet, each with the word a refusal uses and the document that
/// says so (the IANA special-purpose registries of RFC 6890, as of 2025).
struct EgressRange: Sendable {
    let network: Network
    /// Fits into "… is a … address".
    let kind: String
    let source: String

    private init(_ network: String, _ kind: String, _ source: String) {
        guard let network = Network(network) else {
            preconditionFailure("the table of egress ranges holds \(network), which is no CIDR block")
        }
        self.network = network
        self.kind = kind
        self.source = source
    }

    /// The block that keeps an address out of the public internet, the narrowest reading first; nil for a
    /// public address.
    static func special(_ address: IPAddress) -> EgressRange? {
        switch address {
        case .v4:
            return v4.first { $0.network.contains(address) }
        case .v6:
            return v6.first { $0.network.contains(address) }
        }
    }

    private static let v4: [EgressRange] = [
        EgressRange("0.0.0.0/8", "\"this network\"", "RFC 1122"),
        EgressRange("10.0.0.0/8", "private", "RFC 1918"),
        EgressRange("100.64.0.0/10", "carrier-grade NAT", "RFC 6598"),
        EgressRange("127.0.0.0/8", "loopback", "RFC 1122"),
        EgressRange("169.254.0.0/16", "link-local", "RFC 3927"),
        EgressRange("172.16.0.0/12", "private", "RFC 1918"),
        EgressRange("192.0.0.0/24", "protocol assignment", "RFC 6890"),
        EgressRange("192.0.2.0/24", "documentation", "RFC 5737"),
        EgressRange("192.88.99.0/24", "6to4 relay", "RFC 7526"),
        EgressRange("192.168.0.0/16", "private", "RFC 1918"),
        EgressRange("198.18.0.0/15", "benchmarking", "RFC 2544"),
        EgressRange("198.51.100.0/24", "documentation", "RFC 5737"),
        EgressRange("203.0.113.0/24", "documentation", "RFC 5737"),
        EgressRange("224.0.0.0/4", "multicast", "RFC 5771"),
        EgressRange("255.255.255.255/32", "broadcast", "RFC 919"),
        EgressRange("240.0.0.0/4", "reserved", "RFC 1112"),
    ]

    private static let v6: [EgressRange] = [
        EgressRange("::1/128", "loopback", "RFC 4291"),
        EgressRange("::/128", "unspecified", "RFC 4291"),
        EgressRange("::ffff:0.0.0.0/96", "IPv4-mapped", "RFC 4291"),
        EgressRange("::/96", "IPv4-compatible", "RFC 4291"),
        EgressRange("64:ff9b:1::/48", "local NAT64", "RFC 8215"),
        EgressRange("100::/64", "discard-only", "RFC 6666"),
        EgressRange("2001::/32", "Teredo", "RFC 4380"),
        EgressRange("2001:db8::/32", "documentation", "RFC 3849"),
        EgressRange("2001::/23", "protocol assignment", "RFC 2928"),
        EgressRange("2002::/16", "6to4", "RFC 3056"),
        EgressRange("3fff::/20", "documentation", "RFC 9637"),
        EgressRange("fc00::/7", "unique local", "RFC 4193"),
        EgressRange("fe80::/10", "link-local", "RFC 4291"),
        EgressRange("fec0::/10", "site-local", "RFC 3879"),
        EgressRange("ff00::/8", "multicast", "RFC 4291"),
        // Whatever lies outside 2000::/3 is not handed out as global unicast.
        EgressRange("::/3", "unassigned", "RFC 4291"),
        EgressRange("4000::/2", "unassigned", "RFC 4291"),
        EgressRange("8000::/1", "unassigned", "RFC 4291"),
    ]
}
