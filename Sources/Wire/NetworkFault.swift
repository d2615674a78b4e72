import Domain
import NIOCore
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Turns what the socket or TLS reports into our vocabulary, with the facts and without path, query or
/// userinfo.
enum NetworkFault {
    static func failure(_ error: (any Error)?, at pool: Pool, address: String) -> Failure {
        failure(error, at: pool.place(address), host: pool.host, isTLS: pool.isTLS)
    }

    /// `error` is nil when the peer closed without a word; `place` is the peer for people, and `plain` what
    /// may have to change when it does not speak TLS.
    static func failure(
        _ error: (any Error)?,
        at place: String,
        host: String,
        isTLS: Bool,
        plain: String = "the URL may have to begin with http://"
    ) -> Failure {
        switch error {
        case nil where isTLS:
            return Failure(.tls, "\(place) closed the connection during the TLS handshake")
        case nil:
            return Failure(.closed, "\(place) closed the connection at once")
        case let error as IOError:
            return failure(errno: error.errnoCode, at: place)
        case ChannelError.connectTimeout?:
            return Failure(.timeoutConnect, "\(place) did not accept the connection in time")
        case let error where error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError:
            return Failure(.tls, tlsSentence("\(error.map { "\($0)" } ?? "")", at: place, host: host, plain))
        case let error?:
            return Failure(.unreachable, "\(place) could not be reached: \(error)")
        }
    }

    private static func failure(errno code: CInt, at place: String) -> Failure {
        switch code {
        case ECONNREFUSED:
            return Failure(.refused, "\(place) refused the connection")
        case ETIMEDOUT:
            return Failure(.timeoutConnect, "\(place) did not accept the connection in time")
        case ECONNRESET, EPIPE:
            return Failure(.closed, "\(place) reset the connection")
        case EMFILE, ENFILE:
            return Failure(
                .unreachable,
                "\(place) was not called: too many files are open here; raise the limit (ulimit -n)"
            )
        default:
            return Failure(
                .unreachable,
                "\(place) could not be reached: \(unsafe String(cString: strerror(code)))"
            )
        }
    }

    /// BoringSSL says why in capitals; the frequent reasons get words.
    private static func tlsSentence(_ report: String, at place: String, host: String, _ plain: String)
        -> String
    {
        if report.contains("CERTIFICATE_VERIFY_FAILED") {
            return
                "the certificate of \(place) is expired, or not issued by an authority trusted here"
        }
        if report.contains("failedToValidateHostname") || report.contains("unableToValidateCertificate") {
            return "the certificate of \(place) is not for \(host)"
        }
        if report.contains("WRONG_VERSION_NUMBER") || report.contains("HTTP_REQUEST") {
            return "\(place) does not speak TLS; \(plain)"
        }
        if report.contains("EOF during handshake") {
            return "\(place) closed the connection during the TLS handshake"
        }
        return "the TLS handshake with \(place) failed: \(report)"
    }
}
