package import Domain

/// Outbound mail: takes letters, gives back what the mail server said.
///
/// The live twin is `Wire.SMTPTransport`; tests use a scripted one.
package protocol MailTransport: Sendable {
    /// Starts and returns at once; every mail gets exactly one outcome.
    func send(_ mails: [Mail])
    /// Where outcomes go; set once, before the first `send`. Called from any thread.
    func deliverOutcomes(to receive: @escaping @Sendable ([MailOutcome]) -> Void)
    /// Lets mails under way finish until `drain` is over.
    func shutdown(drain: Span) async
}

/// The mail server that takes our mail (message submission, RFC 6409), and how to talk to it.
package struct MailServer: Sendable, Hashable {
    package enum Security: String, Sendable, CaseIterable {
        /// In the clear at first, then TLS or nothing (RFC 3207); port 587.
        case startTLS = "starttls"
        /// TLS from the first byte (RFC 8314); port 465.
        case tls
        /// In the clear; port 25. For a server on the same machine or network.
        case none
    }

    package struct Login: Sendable, Hashable {
        package var user: String
        package var password: String

        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    /// Host name or literal address, lower case, without brackets.
    package var host: String
    package var port: UInt16
    package var security: Security
    package var login: Login?

    package init(host: String, port: UInt16, security: Security, login: Login? = nil) {
        self.host = host
        self.port = port
        self.security = security
        self.login = login
    }

    /// As the egress policy and the pools see it.
    package var origin: Origin { Origin(isTLS: security == .tls, host: host, port: port) }
}

/// One letter with its envelope.
package struct Mail: Sendable, Hashable {
    /// Chosen by the caller; comes back in the outcome.
    package var id: UInt64
    package var server: MailServer
    /// How we name ourselves in EHLO.
    package var clientName: String
    /// ASCII addresses without angle brackets.
    package var sender: String
    package var recipients: [String]
    /// RFC 5322 text in ASCII with CRLF line ends; dots are not doubled yet.
    package var message: [UInt8]
    package var deadlines: Deadlines

    package init(
        id: UInt64,
        server: MailServer,
        clientName: String,
        sender: String,
        recipients: [String],
        message: [UInt8],
        deadlines: Deadlines
    ) {
        self.id = id
        self.server = server
        self.clientName = clientName
        self.sender = sender
        self.recipients = recipients
        self.message = message
        self.deadlines = deadlines
    }
}

/// What the mail server said in the end.
package struct MailAnswer: Sendable, Hashable {
    /// How far it had come when the reply that decided arrived.
    package enum Stage: String, Sendable {
        case greeting
        case security
        case login
        case sender
        case recipients
        case message
    }

    package struct Refusal: Sendable, Hashable {
        package var recipient: String
        package var code: UInt16
        package var text: String

        package init(recipient: String, code: UInt16, text: String) {
            self.recipient = recipient
            self.code = code
            self.text = text
        }
    }

    package var stage: Stage
    /// 200–599 (RFC 5321 §4.2); 4yz may work later, 5yz will not.
    package var code: UInt16
    /// The reply's lines, joined with blanks.
    package var text: String
    /// Recipients that were refused while others were taken.
    package var refused: [Refusal]

    package init(stage: Stage, code: UInt16, text: String, refused: [Refusal] = []) {
        self.stage = stage
        self.code = code
        self.text = text
        self.refused = refused
    }

    /// The server has taken the responsibility for the letter.
    package var isAccepted: Bool { stage == .message && (200...299).contains(code) }
}

/// What became of one mail.
package struct MailOutcome: Sendable {
    package enum Result: Sendable {
        case answered(MailAnswer)
        case failed(Failure)
    }

    package var id: UInt64
    package var result: Result
    package var timings: Timings
    /// The address connected to, without the port; empty when it never came to that.
    package var address: String

    package init(id: UInt64, result: Result, timings: Timings, address: String) {
        self.id = id
        self.result = result
        self.timings = timings
        self.address = address
    }
}
