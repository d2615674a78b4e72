import NIOSSL

/// Whether a certificate speaks for the host that was asked for (RFC 9525).
///
/// NIOSSL checks this too, but takes a certificate for the *address* it is connected to as good for any
/// name, and falls back to the common name. Whoever can make a name resolve to his own address and has a
/// certificate for that address would pass. So a name must be among the certificate's names, an address
/// among its addresses, and the common name counts for nothing. Checked after the handshake and before
/// anything is sent.
struct CertificateIdentity: Sendable, Equatable {
    let names: [String]
    let addresses: [IPAddress]

    /// What the certificate's subjectAltName holds.
    init(_ certificate: NIOSSLCertificate) {
        var names: [String] = []
        var addresses: [IPAddress] = []
        for entry in certificate._subjectAlternativeNames() {
            let bytes = Array(entry.contents)
            switch entry.nameType {
            case .dnsName: names.append(String(decoding: bytes, as: UTF8.self))
            case .ipAddress: if let address = IPAddress(networkBytes: bytes) { addresses.append(address) }
            default: break
            }
        }
        self.init(names: names, addresses: addresses)
    }

    init(names: [String], addresses: [IPAddress]) {
        self.names = names
        self.addresses = addresses
    }

    /// `host` is a name or a literal address without brackets.
    func covers(_ host: String) -> Bool {
        if let address = IPAddress(host) { return addresses.contains(address) }
        let wanted = Self.labels(host)
        return wanted.count > 0 && names.contains { Self.matches(Self.labels($0), wanted) }
    }

    /// A wildcard is the whole first label and stands for exactly one, above at least two others.
    private static func matches(_ pattern: [String], _ host: [String]) -> Bool {
        guard pattern.count == host.count, !pattern.contains("") else { return false }
        if pattern[0] == "*" { return pattern.count > 2 && pattern.dropFirst() == host.dropFirst() }
        return pattern == host
    }

    private static func labels(_ name: String) -> [String] {
        let lower = name.lowercased()
        let relative = lower.hasSuffix(".") ? lower.dropLast() : lower[...]
        return relative.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }
}

extension IPAddress {
    /// Four or sixteen bytes, most significant first.
    init?(networkBytes bytes: [UInt8]) {
        switch bytes.count {
        case 4:
            self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            self = .v6(
                high: bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) },
                low: bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
            )
        default:
            return nil
        }
    }
}
