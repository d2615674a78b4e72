package import Cron
package import Domain

/// Everything the HTTP side of the server can be told.
package struct APIOptions: Sendable {
    /// Address or name to listen on.
    package var host = "127.0.0.1"
    /// 0 picks a free one.
    package var port = 8090
    /// What the `url` of objects begins with, without a trailing `/`; nil: the bound address.
    package var publicURL: String?
    /// The operator's bearer token; nil: nobody is the operator.
    package var token: String?
    /// Credentials given by configuration for the scheduler `default`.
    package var defaultCredentials: Credentials?
    /// The zone of jobs that name none.
    package var zone = "UTC"
    /// The policy of jobs that name none.
    package var dst = DSTPolicy.vixie
    /// As `version` tells it.
    package var version = "dev"
    package var limits = APILimits()
    /// Hosts beside a marketplace's own to which its dashboard may ask to be led back, lower case.
    package var returnHosts: [String] = []
    /// A customer of a marketplace has to choose a plan before anything else.
    package var asksForPlan = false
    /// Marketplaces are offered a list of the people who came, to keep it in step with theirs.
    package var listsUsers = false

    package init() {}

    /// A user name and a password.
    package struct Credentials: Sendable, Hashable {
        package var username: String
        package var password: String

        package init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }
}

/// Bounds on what a client may send and hold open.
package struct APILimits: Sendable {
    /// Largest request body (413).
    package var bodyBytesMax = 1 << 20
    /// Largest request head, names and values together (431); a single header may be as long.
    package var headerBytesMax = 64 << 10
    /// Most header fields in a request (431).
    package var headersMax = 256
    /// Client connections at a time; further ones wait in the kernel.
    package var connectionsMax = 10_000
    /// For a whole request to arrive, from its first byte on (408).
    package var requestTimeout = Span.seconds(30)
    /// For a connection without a request.
    package var idleTimeout = Span.seconds(120)
    /// Failed logins of one address in a row before it has to wait (429); one more is allowed every
    /// `failedLoginRefill`.
    package var failedLoginsMax = 20
    package var failedLoginRefill = Span.seconds(3)
    /// Addresses whose failures are remembered.
    package var throttledAddressesMax = 4096
    package var streams = StreamLimits()

    package init() {}
}

/// Bounds on those who watch the event stream.
package struct StreamLimits: Sendable {
    /// At a time (503).
    package var subscribersMax = 4096
    /// Kept for a subscriber that does not read, here and once more in its socket, before it has to catch up
    /// by itself.
    package var pendingBytesMax = 256 << 10
    /// Without taking a byte; then it is let go (close code 4408).
    package var stalledMax = Span.seconds(30)
    /// From ping to ping; a WebSocket that said nothing since the last one is given up.
    package var pingEvery = Span.seconds(20)
    /// For the last words to be read and answered.
    package var closingMax = Span.seconds(2)
    /// Longest message of a subscriber, who has nothing to say.
    package var messageBytesMax = 64 << 10

    package init() {}
}

/// Bounds on what one answer holds.
enum ListLimits {
    static let defaultCount = 100
    static let countMax = 10_000
}
