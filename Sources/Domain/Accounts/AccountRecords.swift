/// A post to a marketplace is named by the sequence of the record that stated its intent.
package typealias PostID = Sequence

/// The dialects in which a marketplace and its partner talk.
package enum MarketplaceKind: UInt8, Sendable, CaseIterable {
    case engineYardV1 = 1
    case herokuV3 = 2

    package var word: String {
        switch self {
        case .engineYardV1: "engineyard-v1"
        case .herokuV3: "heroku-v3"
        }
    }
}

/// Records about accounts, what they owe, and what their marketplaces are told. A folder without a
/// marketplace has none of them.
package enum AccountRecord: Sendable, Hashable {
    case credentialsSet(CredentialsSet)
    case serviceRegistered(ServiceRegistered)
    case serviceDeregistered(ServiceDeregistered)
    case accountOpened(AccountOpened)
    case planChosen(PlanChosen)
    case accountClosed(AccountClosed)
    case schedulerProvisioned(SchedulerProvisioned)
    case schedulerRotated(SchedulerRotated)
    case schedulerDecommissioned(SchedulerDecommissioned)
    case invoiceSealed(InvoiceSealed)
    case postIntended(PostIntended)
    case postDelivered(PostDelivered)
    case postFailed(PostFailed)
    case postDead(PostDead)
    case linkUsed(LinkUsed)
    case accountConfigured(AccountConfigured)
    case userNoted(UserNoted)
    case userForgotten(UserForgotten)
    case grantHeld(GrantHeld)

    /// The account that it is about; nil for what concerns a marketplace as a whole.
    package var account: UInt32? {
        switch self {
        case .credentialsSet, .serviceRegistered, .serviceDeregistered: nil
        case .accountOpened(let r): r.account
        case .planChosen(let r): r.account
        case .accountClosed(let r): r.account
        case .schedulerProvisioned(let r): r.account
        case .schedulerRotated(let r): r.account
        case .schedulerDecommissioned(let r): r.account
        case .invoiceSealed(let r): r.account
        case .postIntended(let r): r.account == 0 ? nil : r.account
        case .postDelivered, .postFailed, .postDead: nil
        case .linkUsed(let r): r.account
        case .accountConfigured(let r): r.account
        case .userNoted(let r): r.account
        case .userForgotten(let r): r.account
        case .grantHeld(let r): r.account
        }
    }
}

/// Who we are to a marketplace: an id and a key that sign what goes out and prove what comes in.
package struct CredentialsSet: Sendable, Hashable {
    package var marketplace: MarketplaceKind
    package var id: String
    package var key: Sealed
    /// `heroku-v3`: what tokens of the dashboard are salted with; nil elsewhere.
    package var salt: Sealed?
    /// The job that bills every month; nil when one was there already.
    package var billingJob: JobID?
    /// `heroku-v3`: what exchanges a grant for a token; nil without one.
    package var clientSecret: Sealed?
    /// Where that happens; empty for the marketplace's own address.
    package var tokenURL = ""

    package init(
        marketplace: MarketplaceKind,
        id: String,
        key: Sealed,
        salt: Sealed? = nil,
        billingJob: JobID? = nil
    ) {
        self.marketplace = marketplace
        self.id = id
        self.key = key
        self.salt = salt
        self.billingJob = billingJob
    }
}

/// The marketplace knows us: by this URL.
package struct ServiceRegistered: Sendable, Hashable {
    package var marketplace: MarketplaceKind
    package var url: String
    /// Where we registered, and where all our services can be listed; empty in older records.
    package var registrationURL: String
    package init(marketplace: MarketplaceKind, url: String, registrationURL: String = "") {
        self.marketplace = marketplace
        self.url = url
        self.registrationURL = registrationURL
    }
}

package struct ServiceDeregistered: Sendable, Hashable {
    package var marketplace: MarketplaceKind
    package init(marketplace: MarketplaceKind) { self.marketplace = marketplace }
}

/// A customer of a marketplace signed up.
package struct AccountOpened: Sendable, Hashable {
    /// From 2; 1 is the operator's own.
    package var account: UInt32
    package var marketplace: MarketplaceKind
    package var name: String
    /// What the marketplace calls it: its URL there, or its uuid. A second request with it opens nothing new.
    package var externalID: String
    package var messagesURL: String
    /// Empty where the marketplace bills by itself.
    package var invoicesURL: String
    package var plan: PlanName
    /// The customer is asked for a plan before anything else; `plan` holds until then.
    package var asksForPlan = false

    package init(
        account: UInt32,
        marketplace: MarketplaceKind,
        name: String,
        externalID: String,
        messagesURL: String,
        invoicesURL: String,
        plan: PlanName
    ) {
        self.account = account
        self.marketplace = marketplace
        self.name = name
        self.externalID = externalID
        self.messagesURL = messagesURL
        self.invoicesURL = invoicesURL
        self.plan = plan
    }
}

package struct PlanChosen: Sendable, Hashable {
    package var account: UInt32
    package var plan: PlanName
    /// Calls of the account until then: those cost what the plan before says.
    package var calls: UInt64
    package init(account: UInt32, plan: PlanName, calls: UInt64) {
        self.account = account
        self.plan = plan
        self.calls = calls
    }
}

package struct AccountClosed: Sendable, Hashable {
    package var account: UInt32
    package init(account: UInt32) { self.account = account }
}

/// A scheduler of an account: `schedulerRegistered`, just before, holds its credentials.
package struct SchedulerProvisioned: Sendable, Hashable {
    package var account: UInt32
    package var scheduler: UInt32
    package var externalID: String
    package var messagesURL: String
    /// The password as the marketplace passes it on: a repeated request gets the same answer.
    package var password: Sealed
    package var app: String
    package var environment: String

    package init(
        account: UInt32,
        scheduler: UInt32,
        externalID: String,
        messagesURL: String,
        password: Sealed,
        app: String,
        environment: String
    ) {
        self.account = account
        self.scheduler = scheduler
        self.externalID = externalID
        self.messagesURL = messagesURL
        self.password = password
        self.app = app
        self.environment = environment
    }
}

/// New credentials; the old ones refuse from here on.
package struct SchedulerRotated: Sendable, Hashable {
    package var account: UInt32
    package var scheduler: UInt32
    package var username: String
    package var salt: [UInt8]
    package var passwordHash: [UInt8]
    package var password: Sealed

    package init(
        account: UInt32,
        scheduler: UInt32,
        username: String,
        salt: [UInt8],
        passwordHash: [UInt8],
        password: Sealed
    ) {
        self.account = account
        self.scheduler = scheduler
        self.username = username
        self.salt = salt
        self.passwordHash = passwordHash
        self.password = password
    }
}

/// Its credentials refuse; what it did stays on the bill.
package struct SchedulerDecommissioned: Sendable, Hashable {
    package var account: UInt32
    package var scheduler: UInt32
    package init(account: UInt32, scheduler: UInt32) {
        self.account = account
        self.scheduler = scheduler
    }
}

/// A period that is settled: what it costs does not change any more.
package struct InvoiceSealed: Sendable, Hashable {
    package var account: UInt32
    package var from: Timestamp
    package var to: Timestamp
    /// US cents, above zero.
    package var cents: Int64
    /// Calls of the period, those of free plans included.
    package var calls: UInt64
    /// One line for the customer.
    package var text: String
    /// The marketplace takes an invoice of this name once.
    package var uniqueID: String

    package init(
        account: UInt32,
        from: Timestamp,
        to: Timestamp,
        cents: Int64,
        calls: UInt64,
        text: String,
        uniqueID: String
    ) {
        self.account = account
        self.from = from
        self.to = to
        self.cents = cents
        self.calls = calls
        self.text = text
        self.uniqueID = uniqueID
    }
}

/// What a post is about.
package enum PostPurpose: UInt8, Sendable, CaseIterable {
    /// "n jobs scheduled", of a scheduler.
    case jobCount = 1
    /// The account has more jobs than its plan holds.
    case upgrade = 2
    case invoice = 3
    case register = 4
    case update = 5
    case deregister = 6
    /// New variables of a scheduler.
    case variables = 7
    /// The account chose a plan.
    case plan = 8
    /// What had to be chosen first is chosen.
    case configured = 9
    /// An add-on that was being made is ready for use.
    case ready = 10

    package var word: String {
        switch self {
        case .jobCount: "job-count"
        case .upgrade: "upgrade"
        case .invoice: "invoice"
        case .register: "register"
        case .update: "update"
        case .deregister: "deregister"
        case .variables: "variables"
        case .plan: "plan"
        case .configured: "configured"
        case .ready: "ready"
        }
    }
}

/// A marketplace will be told something: recorded before it is.
package struct PostIntended: Sendable, Hashable {
    /// 0 when it is about the service as a whole.
    package var account: UInt32
    /// 0 when it is about the account.
    package var scheduler: UInt32
    package var marketplace: MarketplaceKind
    package var purpose: PostPurpose
    package var url: String
    /// JSON; nil when it is made at the moment of the call (`jobCount`), or when there is none.
    package var body: Sealed?
    /// Not before.
    package var at: Timestamp
    /// A dead post that this one takes the place of.
    package var replaces: PostID?

    package init(
        account: UInt32,
        scheduler: UInt32 = 0,
        marketplace: MarketplaceKind,
        purpose: PostPurpose,
        url: String,
        body: Sealed?,
        at: Timestamp,
        replaces: PostID? = nil
    ) {
        self.account = account
        self.scheduler = scheduler
        self.marketplace = marketplace
        self.purpose = purpose
        self.url = url
        self.body = body
        self.at = at
        self.replaces = replaces
    }
}

package struct PostDelivered: Sendable, Hashable {
    package var post: PostID
    package var status: UInt16
    package init(post: PostID, status: UInt16) {
        self.post = post
        self.status = status
    }
}

/// An attempt failed and another will follow at `retryAt`.
package struct PostFailed: Sendable, Hashable {
    package var post: PostID
    package var reason: String
    package var retryAt: Timestamp
    package init(post: PostID, reason: String, retryAt: Timestamp) {
        self.post = post
        self.reason = reason
        self.retryAt = retryAt
    }
}

/// A post was given up; it is kept for people to look at.
package struct PostDead: Sendable, Hashable {
    package var post: PostID
    package var reason: String
    package init(post: PostID, reason: String) {
        self.post = post
        self.reason = reason
    }
}
