import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The certificate authorities that an https target's certificate must lead to, loaded once at start, so
/// that a missing file is an error then and not a failed call at night.
package struct TrustRoots: Sendable {
    /// Where the authorities came from, for the start's log: file paths, or nothing.
    package let sources: [String]
    /// For https; nil when nobody is trusted.
    let context: NIOSSLContext?
    /// What other protocols make their contexts of.
    private let configuration: TLSConfiguration?

    /// Trusts nobody: every https call fails as `tls`. For a program that calls loopback http only.
    package static let nobody = TrustRoots(sources: [], context: nil, configuration: nil)

    /// Where Linux distributions and our own image keep the bundle.
    package static let systemFiles = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// Loads the first system bundle there is and, beside it, the authorities of `caFile` (PEM). A machine
    /// without a system bundle is fine as long as `caFile` is given.
    package static func load(
        caFile: String? = nil,
        systemFiles: [String] = TrustRoots.systemFiles
    ) throws(TrustFault) -> TrustRoots {
        // unsafe because access(2) reads a C string that lives for the call.
        let system = systemFiles.first { unsafe access($0, R_OK) == 0 }
        guard system != nil || caFile != nil else { throw .noneFound(tried: systemFiles) }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        configuration.applicationProtocols = ["http/1.1"]
        if let system { configuration.trustRoots = .file(system) }
        if let caFile {
            let own = try certificates(inFile: caFile)
            if system == nil {
                configuration.trustRoots = .certificates(own)
            } else {
                configuration.additionalTrustRoots = [.certificates(own)]
            }
        }
        do {
            let context = try NIOSSLContext(configuration: configuration)
            return TrustRoots(
                sources: [system, caFile].compactMap { $0 },
                context: context,
                configuration: configuration
            )
        } catch {
            throw .unreadable(path: system ?? caFile ?? "", reason: "\(error)")
        }
    }

    /// The same trust for another protocol than HTTP; mail servers refuse a client that announces HTTP in
    /// its handshake. Reads the bundle again, which takes a while: to be kept. Nil when nobody is trusted.
    func makeContext(applicationProtocols: [String]) throws -> NIOSSLContext? {
        guard var configuration else { return nil }
        configuration.applicationProtocols = applicationProtocols
        return try NIOSSLContext(configuration: configuration)
    }

    private static func certificates(inFile path: String) throws(TrustFault) -> [NIOSSLCertificate] {
        // unsafe because access(2) and strerror(3) take and give C strings that are copied at once.
        guard unsafe access(path, R_OK) == 0 else {
            throw .unreadable(path: path, reason: unsafe String(cString: strerror(errno)))
        }
        let found: [NIOSSLCertificate]
        do {
            found = try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw .noCertificate(path: path)
        }
        guard !found.isEmpty else { throw .noCertificate(path: path) }
        return found
    }
}

/// Why the authorities could not be loaded.
package enum TrustFault: Error, Equatable {
    case noneFound(tried: [String])
    case unreadable(path: String, reason: String)
    case noCertificate(path: String)

    package var sentence: String {
        switch self {
        case .noneFound(let tried):
            "no file with certificate authorities was found (looked for \(tried.joined(separator: ", "))); "
                + "install ca-certificates, or give a PEM file with --ca-file"
        case .unreadable(let path, let reason):
            "the certificate authorities in \(path) could not be read: \(reason)"
        case .noCertificate(let path):
            "\(path) holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
        }
    }
}
