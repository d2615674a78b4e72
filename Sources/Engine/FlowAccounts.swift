internal import Domain
internal import Effects
package import Integrations

// Accounts, their schedulers and their plans: what a marketplace asks for. Each method checks everything
// first and then writes; a thrown error means that nothing was written.
extension Flow {
    /// A scheduler with the credentials that its owner needs.
    package struct Provisioned: Sendable, Equatable {
        package var scheduler: UInt32
        package var username: String
        package var password: String
    }

    // MARK: Marketplaces

    mutating func setCredentials(
        _ marketplace: MarketplaceKind,
        id: String,
        key: String,
        salt: String?,
        now: Timestamp
    ) throws(CommandError) {
        var job: JobID?
        if marketplace == .engineYardV1, !hasBillingJob {
            job = try registerBillingJob(now: now).id
        }
        func sealed(_ text: String, _ field: String) -> Sealed {
            keys.seal(Array(text.utf8), for: Self.place(of: marketplace, field))
        }
        write(
            .account(
                .credentialsSet(
                    CredentialsSet(
                        marketplace: marketplace,
                        id: id,
                        key: sealed(key, "key"),
                        salt: salt.map { sealed($0, "salt") },
                        billingJob: job
                    )
                )
            ),
            now
        )
    }

    private var hasBillingJob: Bool {
        ledger.accounts.billingJob.map { ledger.jobs[$0].state != .removed } ?? false
    }

    /// A job like all others, so that it can be looked at, paused and run by hand.
    private mutating func registerBillingJob(now: Timestamp) throws(CommandError) -> JobView {
        var callback = Callback(target: .billing)
        callback.keepsSuccessBody = true
        var definition = JobDefinition(callback: callback, schedule: ["0 0 1 * *"])
        definition.name = "monthly-billing"
        definition.labels = ["chronatog"]
        let own = ledger.schedulers.values.filter { $0.account == 1 }.map(\.number).min() ?? 1
        return try register(JobDraft(definition), scheduler: own, now: now)
    }

    private static func place(of marketplace: MarketplaceKind, _ field: String) -> SecretPlace {
        SecretPlace(account: 0, object: "marketplace/\(marketplace.word)", field: field)
    }

    /// Key and salt, open; nil when nobody has set them, or when this folder's keys do not open them.
    func credentials(of marketplace: MarketplaceKind) -> PartnerCredentials? {
        guard let known = ledger.accounts.marketplaces[marketplace]?.credentials,
            let key = try? keys.open(known.key, for: Self.place(of: marketplace, "key"))
        else { return nil }
        let salt = known.salt.flatMap { try? keys.open($0, for: Self.place(of: marketplace, "salt")) }
        return PartnerCredentials(
            auth: AuthHMAC(id: known.id, key: String(decoding: key, as: UTF8.self)),
            salt: salt.map { String(decoding: $0, as: UTF8.self) } ?? ""
        )
    }

    // MARK: Accounts

    /// Opens an account; one that the marketplace names again is only returned.
    mutating func openAccount(_ wanted: AccountOpened, now: Timestamp) -> UInt32 {
        if let known = ledger.accounts.account(wanted.externalID, of: wanted.marketplace) { return known }
        var record = wanted
        record.account = ledger.accounts.accountsEver + 1
        write(.account(.accountOpened(record)), now)
        return record.account
    }

    func openAccount(_ number: UInt32) throws(CommandError) -> Account {
        guard let account = ledger.accounts.accounts[number], account.closedAt == nil else {
            throw .noSuchAccount(number)
        }
        return account
    }

    /// Seals the final invoice, ends everything the account has, and closes it.
    /// - Returns: the post that carries the final invoice; nil when nothing is due.
    mutating func closeAccount(_ number: UInt32, now: Timestamp) throws(CommandError) -> PostID? {
        _ = try openAccount(number)
        let post = invoice(number, now: now)
        for scheduler in ledger.accounts.schedulers(of: number) where scheduler.decommissionedAt == nil {
            try decommission(scheduler.provisioned.scheduler, of: number, now: now)
        }
        dropPosts(of: number, now: now)
        write(.account(.accountClosed(AccountClosed(account: number))), now)
        return post
    }

    /// The calls so far cost what the old plan says.
    mutating func choosePlan(_ number: UInt32, _ plan: PlanName, now: Timestamp) throws(CommandError) {
        let account = try openAccount(number)
        guard account.charges.plan != plan else { return }
        write(
            .account(.planChosen(PlanChosen(account: number, plan: plan, calls: calls(of: number)))),
            now
        )
        let label = PricePlan.of(plan).label
        tell(number, .plan, PartnerMessage(.status, "\(label) Activated!"), now: now)
        promptUpgrade(number, now: now)
    }

    // MARK: Schedulers

    /// Makes a scheduler; one that the marketplace names again is answered as the first time.
    mutating func provision(
        _ wanted: SchedulerProvisioned,
        now: Timestamp
    ) throws(CommandError) -> Provisioned {
        _ = try openAccount(wanted.account)
        let known = ledger.accounts.schedulers(of: wanted.account).first {
            $0.provisioned.externalID == wanted.externalID && $0.decommissionedAt == nil
        }
        if let known, let answer = provisioned(known.provisioned.scheduler) { return answer }
        let (username, password) = freshCredentials()
        let salt = entropy.bytes(16)
        let number = ledger.schedulersEver + 1
        write(
            .schedulerRegistered(
                SchedulerRegistered(
                    number: number,
                    account: wanted.account,
                    name: wanted.app.isEmpty ? "scheduler \(number)" : wanted.app,
                    username: username,
                    salt: salt,
                    passwordHash: PasswordHash.make(password, salt: salt)
                )
            ),
            now
        )
        var record = wanted
        record.scheduler = number
        record.password = seal(password, of: number, wanted.account)
        write(.account(.schedulerProvisioned(record)), now)
        return Provisioned(scheduler: number, username: username, password: password)
    }

    private func freshCredentials() -> (username: String, password: String) {
        ("U" + hexadecimal(entropy.bytes(7)), "P" + hexadecimal(entropy.bytes(13)))
    }

    private static func place(of scheduler: UInt32, _ account: UInt32) -> SecretPlace {
        SecretPlace(account: account, object: "scheduler/\(scheduler)", field: "password")
    }

    private func seal(_ password: String, of scheduler: UInt32, _ account: UInt32) -> Sealed {
        keys.seal(Array(password.utf8), for: Self.place(of: scheduler, account))
    }

    /// The credentials of a scheduler of a marketplace; nil when it is not one, or decommissioned.
    func provisioned(_ scheduler: UInt32) -> Provisioned? {
        guard let own = ledger.accounts.schedulers[scheduler], let login = ledger.schedulers[scheduler],
            let password = try? keys.open(
                own.provisioned.password,
                for: Self.place(of: scheduler, own.provisioned.account)
            )
        else { return nil }
        return Provisioned(
            scheduler: scheduler,
            username: login.username,
            password: String(decoding: password, as: UTF8.self)
        )
    }

    /// New credentials at once, and a post that brings them to the marketplace.
    /// - Parameter serviceURL: the variable that stays.
    mutating func rotate(
        _ scheduler: UInt32,
        serviceURL: String,
        now: Timestamp
    ) throws(CommandError) -> (Provisioned, PostID?) {
        guard let own = ledger.accounts.schedulers[scheduler], own.decommissionedAt == nil,
            let account = ledger.accounts.accounts[own.provisioned.account]
        else { throw .noSuchScheduler(scheduler) }
        let (username, password) = freshCredentials()
        let salt = entropy.bytes(16)
        write(
            .account(
                .schedulerRotated(
                    SchedulerRotated(
                        account: own.provisioned.account,
                        scheduler: scheduler,
                        username: username,
                        salt: salt,
                        passwordHash: PasswordHash.make(password, salt: salt),
                        password: seal(password, of: scheduler, own.provisioned.account)
                    )
                )
            ),
            now
        )
        let fresh = Provisioned(scheduler: scheduler, username: username, password: password)
        guard account.opened.marketplace == .engineYardV1 else { return (fresh, nil) }
        // All of them: a platform that replaces its variables instead of merging them must lose none.
        let variables = SchedulerVariables.all(
            serviceURL: serviceURL,
            username: username,
            password: password
        )
        let post = post(
            PostIntended(
                account: own.provisioned.account,
                scheduler: scheduler,
                marketplace: .engineYardV1,
                purpose: .variables,
                url: own.provisioned.externalID,
                body: nil,
                at: now
            ),
            body: ProvisionedServiceRequest.update(variables: variables),
            now: now
        )
        return (fresh, post)
    }

    /// Its credentials refuse from here on, and its jobs and checks are removed.
    mutating func decommission(_ scheduler: UInt32, of account: UInt32, now: Timestamp) throws(CommandError) {
        guard let own = ledger.accounts.schedulers[scheduler], own.provisioned.account == account,
            own.decommissionedAt == nil
        else { throw .noSuchScheduler(scheduler) }
        let jobs = ledger.jobs.ids.filter {
            ledger.jobs[$0].scheduler == scheduler && ledger.jobs[$0].state != .removed
        }
        for job in jobs { try remove(job, now: now) }
        let checks = ledger.checks.entries.filter { $0.value.scheduler == scheduler }.keys.sorted()
        for check in checks { try removeCheck(check, now: now) }
        // Nobody is told the new one.
        if ledger.checks.pingKeys[scheduler] != nil { _ = try renewPingKey(of: scheduler, now: now) }
        let record = SchedulerDecommissioned(account: account, scheduler: scheduler)
        write(.account(.schedulerDecommissioned(record)), now)
        dropPosts(of: account, scheduler: scheduler, now: now)
    }

    // MARK: Plans and limits

    /// - Throws: when the plan holds no more jobs and the server is strict about it.
    func refuseBeyondPlan(_ number: UInt32) throws(CommandError) {
        guard settings.isPlanLimitHard, let account = ledger.accounts.accounts[number],
            let max = account.plan.jobsMax, ledger.accounts.jobs(of: number) >= max
        else { return }
        throw .invalid([
            CommandError.Fault(
                field: "plan",
                message: "\(account.plan.label) holds \(max) jobs, and the account has them",
                hint: "choose another plan first"
            )
        ])
    }

    /// The number of jobs of a scheduler changed: its owner's dashboard is told, and once, that it is too
    /// much.
    mutating func noticeJobCount(of scheduler: UInt32, now: Timestamp) {
        guard let own = ledger.accounts.schedulers[scheduler], own.decommissionedAt == nil,
            let account = ledger.accounts.accounts[own.provisioned.account],
            account.opened.marketplace == .engineYardV1
        else { return }
        // One that waits tells the number of its own moment.
        let waits = ledger.accounts.posts.contains {
            $0.value.intended.scheduler == scheduler && $0.value.intended.purpose == .jobCount
                && !$0.value.isDead && letterPosts[$0.key.value] == nil
        }
        if !waits {
            post(
                PostIntended(
                    account: own.provisioned.account,
                    scheduler: scheduler,
                    marketplace: .engineYardV1,
                    purpose: .jobCount,
                    url: own.provisioned.messagesURL,
                    body: nil,
                    at: now + Self.jobCountDelay
                ),
                body: nil,
                now: now
            )
        }
        promptUpgrade(own.provisioned.account, now: now)
    }

    /// Jobs often come in handfuls: one message tells of all that came within this time.
    private static let jobCountDelay = Span.seconds(5)

    private mutating func promptUpgrade(_ number: UInt32, now: Timestamp) {
        guard let account = ledger.accounts.accounts[number], !account.isToldToUpgrade,
            account.closedAt == nil, let max = account.plan.jobsMax
        else { return }
        let jobs = ledger.accounts.jobs(of: number)
        guard jobs > max else { return }
        let link = settings.publicURL.map { " \($0)/eyintegration/sso/customers/\(number)" } ?? ""
        let message = PartnerMessage(
            .notification,
            "You have \(jobs) jobs; \(account.plan.label) is meant for \(max). Time to upgrade?",
            body: "Visit Chronatog from your dashboard to choose another plan.\(link)"
        )
        tell(number, .upgrade, message, now: now)
    }

    /// A line to the account's own dashboard.
    private mutating func tell(
        _ number: UInt32,
        _ purpose: PostPurpose,
        _ message: PartnerMessage,
        now: Timestamp
    ) {
        guard let account = ledger.accounts.accounts[number],
            account.opened.marketplace == .engineYardV1
        else { return }
        post(
            PostIntended(
                account: number,
                marketplace: .engineYardV1,
                purpose: purpose,
                url: account.opened.messagesURL,
                body: nil,
                at: now
            ),
            body: message.post,
            now: now
        )
    }
}

/// A marketplace's credentials, open: for the moment of one check or one call.
package struct PartnerCredentials: Sendable {
    package var auth: AuthHMAC
    /// Empty where there is none.
    package var salt: String
}
