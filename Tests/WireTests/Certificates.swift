import NIOSSL
import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An authority of our own and a server certificate for `good.example` and 127.0.0.1, made once with
/// openssl and valid for a hundred years. The key protects nothing.
enum Certificates {
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBeTCCAR+gAwIBAgIBATAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBhDaHJvbmF0
        b2cgdGVzdCBhdXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAw
        MDBaMCMxITAfBgNVBAMMGENocm9uYXRvZyB0ZXN0IGF1dGhvcml0eTBZMBMGByqG
        SM49AgEGCCqGSM49AwEHA0IABJ6atkEBiJg2P4kocDtmF+HVXw+TDLTr1+Ngp1aK
        nFmxYFtODR+AtY/AFlbVIyXFJiObFeWgjh2XHojzvZ7L3LGjQjBAMA8GA1UdEwEB
        /wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0GA1UdDgQWBBRKco1R9QwQy4rykwWD
        UY8QzclqITAKBggqhkjOPQQDAgNIADBFAiEA4tp/3KPzoxn9DjHU217sxolm38bY
        YJu2Eegr+aJrQjQCICEdghyaYFYVQ4JYieqvUdBjGW1PWl8nTrpS4hRCem8Z
        -----END CERTIFICATE-----
        """

    static let server = """
        -----BEGIN CERTIFICATE-----
        MIIBmTCCAT+gAwIBAgIBAjAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBhDaHJvbmF0
        b2cgdGVzdCBhdXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAw
        MDBaMA8xDTALBgNVBAMMBGdvb2QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARN
        wB3Nl5ntS+nR3cfNTrsSFU3Hq0F9WD7h1d7pTZS6/5hMkZfZp42pf+ZeCFLsc1v+
        +PCF9twnLCF3GiqAO+H5o3YwdDAdBgNVHREEFjAUggxnb29kLmV4YW1wbGWHBH8A
        AAEwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFBJ+A7XiiP1Gx8MQnXl7
        eeiMctPQMB8GA1UdIwQYMBaAFEpyjVH1DBDLivKTBYNRjxDNyWohMAoGCCqGSM49
        BAMCA0gAMEUCIQC/2KeLzPssZK0GoL7saic4FYoSQZ6izGH+HFRME+qd3wIgFKOV
        Nc928xJqb3LmxxlgiVT6r/iUnw7kzW54Na4BE2A=
        -----END CERTIFICATE-----
        """

    static let serverKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+3bglDV69TRjwF+k
        eXUuaSYD89V0MWs8vismDBZqplChRANCAARNwB3Nl5ntS+nR3cfNTrsSFU3Hq0F9
        WD7h1d7pTZS6/5hMkZfZp42pf+ZeCFLsc1v++PCF9twnLCF3GiqAO+H5
        -----END PRIVATE KEY-----
        """

    /// What a TLS server of the tests presents.
    static func serverContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(server.utf8)).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(bytes: Array(serverKey.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        )
    }

    /// Trusts the authority above and nobody else.
    static func trust() throws -> TrustRoots {
        try withFile(holding: authority) { try TrustRoots.load(caFile: $0, systemFiles: []) }
    }

    /// Runs `body` with the path of a temporary file.
    static func withFile<Result>(holding text: String, _ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/chronatog-wire-XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&template)
        let bytes = Array(text.utf8)
        let written = unsafe write(descriptor, bytes, bytes.count)
        close(descriptor)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { _ = unsafe unlink(path) }
        precondition(written == bytes.count, "the temporary file could not be written")
        return try body(path)
    }
}
