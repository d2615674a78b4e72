package import Domain
package import Effects

/// One marketplace's dialect for what the core has to say.
///
/// The core opens accounts, bills them and knows what happened; whether the marketplace wants to hear of it,
/// where, in which words and with which proof is the profile's. A new marketplace is a profile here and
/// its routes in `API`.
package protocol MarketplaceProfile: Sendable {
    /// Partners bill by themselves and send invoices.
    var takesInvoices: Bool { get }

    /// The posts that tell of it, in order; none when the marketplace does not care.
    func letters(_ news: MarketplaceNews, for account: AccountOpened) -> [MarketplaceLetter]

    /// Posts of this purpose are made on the account's behalf: with a token (`GrantHeld`).
    func needsToken(_ purpose: PostPurpose) -> Bool

    /// - Parameter token: an access token; empty where none is needed.
    func request(
        _ post: PartnerPost,
        by credentials: PartnerCredentials,
        token: String,
        from sender: AlertSender,
        now: Timestamp
    ) -> ChannelRequest

    /// What becomes of the post.
    func judge(_ purpose: PostPurpose, _ result: Outcome.Result, now: Timestamp) -> ChannelVerdict

    /// The request that turns a code or a refresh token into an access token; nil where there are none.
    func renewal(
        of grant: OpenGrant,
        by credentials: PartnerCredentials,
        from sender: AlertSender
    ) -> ChannelRequest?

    /// The token in the answer to that; nil when there is none.
    func token(in body: [UInt8], after grant: OpenGrant, now: Timestamp) -> OpenGrant?

    /// Asks what the marketplace keeps at this address; nil where that cannot be asked.
    func question(
        _ address: WebAddress,
        by credentials: PartnerCredentials,
        from sender: AlertSender,
        now: Timestamp
    ) -> ChannelRequest?

    /// For how long a post is tried.
    func patience(_ purpose: PostPurpose) -> Span
}

extension MarketplaceKind {
    /// - Parameter publicURL: what links to our pages begin with, without a trailing `/`.
    package func profile(publicURL: String?) -> any MarketplaceProfile {
        switch self {
        case .engineYardV1: EngineYardProfile(publicURL: publicURL)
        case .herokuV3: HerokuProfile()
        }
    }
}

/// What happened here, in the core's words.
package enum MarketplaceNews: Sendable {
    /// nil before it is counted: the number is that of the moment of the call.
    case jobCount(Int?, of: SchedulerProvisioned)
    case tooManyJobs(Int, of: PricePlan)
    case planChosen(PricePlan)
    case invoice(InvoiceSealed)
    /// They are new; the old ones refuse.
    case keys(SchedulerKeys, of: SchedulerProvisioned)
    /// What was promised for later is there.
    case ready(SchedulerKeys, of: SchedulerProvisioned)
    /// The plan that was asked for first is chosen: told of the account, and of each scheduler.
    case configured(of: SchedulerProvisioned?)
}

/// What an app needs to use a scheduler.
package struct SchedulerKeys: Sendable, Hashable {
    package var serviceURL: String
    package var username: String
    package var password: String

    package init(serviceURL: String, username: String, password: String) {
        self.serviceURL = serviceURL
        self.username = username
        self.password = password
    }
}

/// A post that has not been recorded yet.
package struct MarketplaceLetter: Sendable, Hashable {
    package var purpose: PostPurpose
    /// 0 when it is about the account.
    package var scheduler: UInt32 = 0
    package var url: String
    /// nil when there is none, or none yet.
    package var body: JSON?
    /// Not before this has passed: news often come in handfuls.
    package var delay = Span.zero
}

/// One call to a marketplace.
package struct PartnerPost: Sendable, Hashable {
    package var purpose: PostPurpose
    package var address: WebAddress
    package var body: JSON?

    package init(_ purpose: PostPurpose, _ address: WebAddress, _ body: JSON?) {
        self.purpose = purpose
        self.address = address
        self.body = body
    }
}

/// Who we are to a marketplace, open: for the moment of one check or one call.
package struct PartnerCredentials: Sendable {
    package var auth: AuthHMAC
    /// Empty where there is none.
    package var salt: String
    /// Empty where there is none.
    package var clientSecret: String
    /// Empty for the marketplace's own address.
    package var tokenURL: String

    package init(auth: AuthHMAC, salt: String = "", clientSecret: String = "", tokenURL: String = "") {
        self.auth = auth
        self.salt = salt
        self.clientSecret = clientSecret
        self.tokenURL = tokenURL
    }
}

/// A grant (`GrantHeld`), open.
package struct OpenGrant: Sendable, Hashable {
    /// A code to be exchanged, or an access token.
    package var secret: String
    package var isCode: Bool
    /// Empty without one.
    package var refresh: String
    package var until: Timestamp

    package init(secret: String, isCode: Bool, refresh: String = "", until: Timestamp) {
        self.secret = secret
        self.isCode = isCode
        self.refresh = refresh
        self.until = until
    }
}

extension ChannelRequest {
    func keeping(_ header: String) -> ChannelRequest {
        var request = self
        request.keepHeader = header
        return request
    }
}
