/// Marketplaces, their customers, and what is still to be told to them.
///
/// Part of the ledger: only records change it. Empty in a folder without a marketplace, where it costs a look
/// at an empty dictionary when a job is registered or removed, and nothing at a run.
package struct AccountTable: Sendable, Equatable {
    package private(set) var marketplaces: [MarketplaceKind: Marketplace] = [:]
    package private(set) var accounts: [UInt32: Account] = [:]
    /// Those of accounts, decommissioned ones included.
    package private(set) var schedulers: [UInt32: AccountScheduler] = [:]
    /// Posts waiting, under way or dead.
    package private(set) var posts: [PostID: PendingPost] = [:]
    /// The newest first; older ones are in the journal.
    package private(set) var invoices: [SealedInvoice] = []
    /// The job that bills every month.
    package private(set) var billingJob: JobID?
    /// The highest account number ever given out.
    package private(set) var accountsEver: UInt32 = 1
    /// Links that were used and whose own time has not run out, by digest.
    package private(set) var usedLinks: [[UInt8]: Timestamp] = [:]

    /// Invoices at hand.
    package static let invoicesMax = 1000
    /// Dead posts that are kept; beyond it the oldest goes.
    package static let deadMax = 1000
    /// Used links that are kept at a time; beyond it nobody signs in until the oldest have run out.
    package static let usedLinksMax = 10_000
    /// Users of an account; beyond it the one who came first goes.
    package static let usersMax = 1000

    package init() {}

    /// What a snapshot holds; the numbers of jobs follow from the jobs.
    package init(
        marketplaces: [MarketplaceKind: Marketplace],
        accounts: [UInt32: Account],
        schedulers: [UInt32: AccountScheduler],
        posts: [PostID: PendingPost],
        invoices: [SealedInvoice],
        billingJob: JobID?,
        accountsEver: UInt32,
        usedLinks: [[UInt8]: Timestamp],
        jobs: JobTable
    ) {
        self.marketplaces = marketplaces
        self.accounts = accounts
        self.schedulers = schedulers
        self.posts = posts
        self.invoices = invoices
        self.billingJob = billingJob
        self.accountsEver = max(1, accountsEver)
        self.usedLinks = usedLinks
        guard !schedulers.isEmpty else { return }
        for job in jobs.ids where jobs[job].state != .removed {
            self.schedulers[jobs[job].scheduler]?.jobs += 1
        }
    }

    package var isEmpty: Bool {
        marketplaces.isEmpty && accounts.isEmpty && schedulers.isEmpty && posts.isEmpty && invoices.isEmpty
            && billingJob == nil && accountsEver == 1 && usedLinks.isEmpty
    }

    /// The open account that a marketplace knows by this name.
    package func account(_ externalID: String, of marketplace: MarketplaceKind) -> UInt32? {
        accounts.first {
            $0.value.opened.externalID == externalID && $0.value.opened.marketplace == marketplace
                && $0.value.closedAt == nil
        }?.key
    }

    /// Schedulers of an account, decommissioned ones included, in ascending order.
    package func schedulers(of account: UInt32) -> [AccountScheduler] {
        schedulers.values.filter { $0.provisioned.account == account }
            .sorted { $0.provisioned.scheduler < $1.provisioned.scheduler }
    }

    /// Jobs of all the account's schedulers.
    package func jobs(of account: UInt32) -> Int {
        schedulers.values.reduce(0) { $0 + ($1.provisioned.account == account ? $1.jobs : 0) }
    }

    // MARK: Changes

    /// A job of this scheduler came (1) or went (-1).
    mutating func count(_ change: Int, of scheduler: UInt32) {
        guard !schedulers.isEmpty, let account = schedulers[scheduler]?.provisioned.account else { return }
        schedulers[scheduler]?.jobs += change
        if let plan = accounts[account]?.charges.plan, let max = PricePlan.of(plan).jobsMax,
            jobs(of: account) <= max
        {
            accounts[account]?.isToldToUpgrade = false
        }
    }

    mutating func apply(_ record: AccountRecord, _ sequence: Sequence, at now: Timestamp) throws(LedgerError)
    {
        if let account = record.account, accounts[account] == nil {
            guard case .accountOpened = record else { throw .unknownAccount(account, sequence: sequence) }
        }
        switch record {
        case .credentialsSet(let r):
            marketplaces[r.marketplace, default: Marketplace(credentials: r)].credentials = r
            if let job = r.billingJob { billingJob = job }
        case .serviceRegistered(let r):
            marketplaces[r.marketplace]?.serviceURL = r.url
            marketplaces[r.marketplace]?.registrationURL = r.registrationURL
        case .serviceDeregistered(let r): marketplaces[r.marketplace]?.serviceURL = nil
        case .accountOpened(let r):
            accounts[r.account] = Account(opened: r, at: now)
            accountsEver = max(accountsEver, r.account)
        case .planChosen(let r):
            accounts[r.account]?.charges.change(to: r.plan, at: now, calls: r.calls)
            accounts[r.account]?.isToldToUpgrade = false
        case .accountClosed(let r): accounts[r.account]?.closedAt = now
        case .schedulerProvisioned(let r): schedulers[r.scheduler] = AccountScheduler(provisioned: r)
        case .schedulerRotated(let r): schedulers[r.scheduler]?.provisioned.password = r.password
        case .schedulerDecommissioned(let r): schedulers[r.scheduler]?.decommissionedAt = now
        case .invoiceSealed(let r):
            accounts[r.account]?.charges.settle(r)
            invoices.insert(SealedInvoice(invoice: r, post: nil), at: 0)
            if invoices.count > Self.invoicesMax { invoices.removeLast() }
        case .postIntended(let r):
            var kept = r
            kept.replaces = nil
            posts[sequence] = PendingPost(intended: kept, at: now)
            if r.purpose == .upgrade { accounts[r.account]?.isToldToUpgrade = true }
            if let old = r.replaces { posts[old] = nil }
            // An invoice's post is recorded right behind the invoice, or in the place of a dead one.
            if r.purpose == .invoice,
                let index = invoices.firstIndex(where: {
                    $0.invoice.account == r.account && $0.post == r.replaces
                })
            {
                invoices[index].post = sequence
            }
        case .postDelivered, .postFailed, .postDead: try settlePost(record, sequence)
        case .linkUsed(let r):
            if usedLinks.count >= Self.usedLinksMax { usedLinks = usedLinks.filter { $0.value > now } }
            usedLinks[r.digest] = r.until
        case .accountConfigured(let r): accounts[r.account]?.waitsForPlan = false
        case .userNoted(let r): accounts[r.account]?.note(r.user)
        case .userForgotten(let r): accounts[r.account]?.users.removeAll { $0.id == r.id }
        case .grantHeld(let r): accounts[r.account]?.grant = r
        }
    }

    private mutating func settlePost(_ record: AccountRecord, _ sequence: Sequence) throws(LedgerError) {
        switch record {
        case .postDelivered(let r):
            guard posts.removeValue(forKey: r.post) != nil else {
                throw .unknownPost(r.post, sequence: sequence)
            }
        case .postFailed(let r):
            guard posts[r.post] != nil else { throw .unknownPost(r.post, sequence: sequence) }
            posts[r.post]?.attempts += 1
            posts[r.post]?.at = r.retryAt
            posts[r.post]?.reason = r.reason
        case .postDead(let r):
            guard posts[r.post] != nil else { throw .unknownPost(r.post, sequence: sequence) }
            posts[r.post]?.attempts += 1
            posts[r.post]?.reason = r.reason
            posts[r.post]?.isDead = true
            let dead = posts.filter(\.value.isDead)
            if dead.count > Self.deadMax, let oldest = dead.keys.min() { posts[oldest] = nil }
        default: break
        }
    }
}

/// A marketplace as this server knows it.
package struct Marketplace: Sendable, Equatable {
    package var credentials: CredentialsSet
    /// Where it keeps what it knows of us; nil until it does.
    package var serviceURL: String?
    /// Where it lists our services; empty until it is known.
    package var registrationURL: String

    package init(credentials: CredentialsSet, serviceURL: String? = nil, registrationURL: String = "") {
        self.credentials = credentials
        self.serviceURL = serviceURL
        self.registrationURL = registrationURL
    }
}

/// A customer.
package struct Account: Sendable, Equatable {
    package let opened: AccountOpened
    package let openedAt: Timestamp
    package var closedAt: Timestamp?
    package var charges: Charges
    /// It was told that it has more jobs than its plan holds, and still has.
    package var isToldToUpgrade = false
    /// The customer has not chosen a plan yet, and was asked to.
    package var waitsForPlan: Bool
    /// Who came, in the order in which they first did.
    package var users: [AccountUser] = []
    /// For calls on the account's behalf; nil where none are made.
    package var grant: GrantHeld?

    package init(opened: AccountOpened, at openedAt: Timestamp) {
        self.opened = opened
        waitsForPlan = opened.asksForPlan
        self.openedAt = openedAt
        charges = Charges(plan: opened.plan, opened: openedAt)
    }

    package init(
        opened: AccountOpened,
        openedAt: Timestamp,
        closedAt: Timestamp?,
        charges: Charges,
        isToldToUpgrade: Bool,
        waitsForPlan: Bool
    ) {
        self.opened = opened
        self.openedAt = openedAt
        self.closedAt = closedAt
        self.charges = charges
        self.isToldToUpgrade = isToldToUpgrade
        self.waitsForPlan = waitsForPlan
    }

    package mutating func note(_ user: AccountUser) {
        if let index = users.firstIndex(where: { $0.id == user.id }) {
            users[index] = user
        } else {
            if users.count >= AccountTable.usersMax { users.removeFirst() }
            users.append(user)
        }
    }

    package var plan: PricePlan { PricePlan.of(charges.plan) }
}

/// A scheduler that a marketplace asked for.
package struct AccountScheduler: Sendable, Equatable {
    package var provisioned: SchedulerProvisioned
    package var decommissionedAt: Timestamp?
    /// Jobs that are not removed. Follows from the jobs.
    package var jobs = 0

    package init(provisioned: SchedulerProvisioned, decommissionedAt: Timestamp? = nil) {
        self.provisioned = provisioned
        self.decommissionedAt = decommissionedAt
    }
}

/// An invoice, and the post that carries it to the marketplace.
package struct SealedInvoice: Sendable, Equatable {
    package let invoice: InvoiceSealed
    package var post: PostID?

    package init(invoice: InvoiceSealed, post: PostID?) {
        self.invoice = invoice
        self.post = post
    }
}

/// A post that has not arrived yet, or never will.
package struct PendingPost: Sendable, Equatable {
    package let intended: PostIntended
    package let intendedAt: Timestamp
    /// Attempts that ended.
    package var attempts: UInt16 = 0
    /// Not before.
    package var at: Timestamp
    /// Why the last attempt failed.
    package var reason = ""
    package var isDead = false

    package init(intended: PostIntended, at intendedAt: Timestamp) {
        self.intended = intended
        self.intendedAt = intendedAt
        at = intended.at
    }

    /// What it must not overtake: another of the same line.
    package var line: String {
        switch intended.purpose {
        case .register, .update, .deregister: intended.marketplace.word
        // Waits for more of its kind, and nothing else may wait for it.
        case .jobCount: "scheduler/\(intended.scheduler)/jobs"
        case .variables, .ready: "scheduler/\(intended.scheduler)"
        case .invoice: "account/\(intended.account)/invoices"
        case .upgrade, .plan: "account/\(intended.account)"
        case .configured: "account/\(intended.account)/setup/\(intended.scheduler)"
        }
    }
}
