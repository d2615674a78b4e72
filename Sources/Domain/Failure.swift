/// Why a call did not succeed: a closed vocabulary, one word each, the same in the journal, the API and the
/// command line (`reference/api.md`).
package enum FailureKind: UInt8, Sendable, CaseIterable {
    /// The host name did not resolve.
    case name = 1
    /// The address answered that nobody listens there.
    case refused = 2
    /// No route, or the network said no.
    case unreachable = 3
    /// The TLS handshake or the certificate check failed.
    case tls = 4
    /// The name lookup or the connection took longer than allowed.
    case timeoutConnect = 5
    /// Connected and sent, but no byte of an answer in time.
    case timeoutFirstByte = 6
    /// The whole call took longer than allowed.
    case timeoutTotal = 7
    /// Answered, with a status outside the job's success rule.
    case status = 8
    /// Answered, with a body that does not satisfy the job's success rule.
    case body = 9
    /// The egress policy refused the address; the message names the rule.
    case egress = 10
    /// A template in the URL, a header or the body could not be filled in.
    case template = 11
    /// The connection was closed, or carried something that is not HTTP, before the answer was whole.
    case closed = 12
    /// Chronatog stopped between sending and recording: nobody knows whether the call arrived.
    case unknown = 13
    /// Answered 202, and the ping that was to end the run said that it failed, or did not come.
    case completion = 14

    /// The word used outside.
    package var word: String {
        switch self {
        case .name: "name"
        case .refused: "refused"
        case .unreachable: "unreachable"
        case .tls: "tls"
        case .timeoutConnect: "timeout-connect"
        case .timeoutFirstByte: "timeout-first-byte"
        case .timeoutTotal: "timeout-total"
        case .status: "status"
        case .body: "body"
        case .egress: "egress"
        case .template: "template"
        case .closed: "closed"
        case .unknown: "unknown"
        case .completion: "completion"
        }
    }

    /// What a person can do next.
    package var nextStep: String {
        switch self {
        case .name: "Check the spelling of the host name, and that this machine's DNS knows it."
        case .refused: "Check the port, and that the target's server is running."
        case .unreachable: "Check the network, the firewall and the route from this machine to the target."
        case .tls:
            "Check the target's certificate (name, expiry, issuer); give a private authority with --ca-file."
        case .timeoutConnect: "Check that the target is up and not behind a firewall that drops packets."
        case .timeoutFirstByte:
            "The target is slow to answer: raise timeouts.first_byte or make it answer sooner."
        case .timeoutTotal: "The whole call took too long: raise timeouts.total or make the target faster."
        case .status: "Look at the target's log, or widen the job's success.status."
        case .body: "Look at the kept body, or change the job's success rule."
        case .egress: "Open the range with --egress allow=CIDR if this target is meant to be called."
        case .template: "Correct the template in the job."
        case .closed: "Look at the target's log: it closed the connection or did not answer with HTTP/1.1."
        case .unknown:
            "Look at the target's log for the idempotency key; on_unknown decides what happens next."
        case .completion:
            "Look at the target's log: it took the work, and has to ping the call's Chronatog-Completion-URL."
        }
    }
}

/// One failure, as recorded: its kind and a sentence with the facts (address, port, limit) but no secrets.
package struct Failure: Sendable, Hashable {
    package var kind: FailureKind
    package var message: String

    package init(_ kind: FailureKind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// How long each phase of a call took, in microseconds; zero for a phase that did not take place (a
/// kept-alive connection has no lookup, connect or TLS).
package struct Timings: Sendable, Hashable {
    package var name: UInt32 = 0
    package var connect: UInt32 = 0
    package var tls: UInt32 = 0
    package var firstByte: UInt32 = 0
    package var total: UInt32 = 0

    package init() {}
}
