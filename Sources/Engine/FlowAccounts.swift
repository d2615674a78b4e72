internal import Domain
internal import Effects
internal import Integrations

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
        _ wanted: PartnerCredentials,
        now: Timestamp
    ) throws(CommandError) {
        var job: JobID?
        if profile(of: marketplace).takesInvoices, !hasBillingJob {
            job = try registerBillingJob(now: now).id
        }
        func sealed(_ text: String, _ field: String) -> Sealed? {
            text.isEmpty ? nil : keys.seal(Array(text.utf8), for: Self.place(of: marketplace, field))
        }
        var record = CredentialsSet(
            marketplace: marketplace,
            id: wanted.auth.id,
            key: keys.seal(Array(wanted.auth.key.utf8), for: Self.place(of: marketplace, "key")),
            salt: sealed(wanted.salt, "salt"),
            billingJob: job
        )
        record.clientSecret = sealed(wanted.clientSecret, "client_secret")
        record.tokenURL = wanted.tokenURL
        write(.account(.credentialsSet(record)), now)
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

    /// Key, salt and secret, open; nil when nobody has set them, or when this folder's keys do not open them.
    func credentials(of marketplace: MarketplaceKind) -> PartnerCredentials? {
        guard let known = ledger.accounts.marketplaces[marketplace]?.credentials,
            let key = try? keys.open(known.key, for: Self.place(of: marketplace, "key"))
        else { return nil }
        func text(_ sealed: Sealed?, _ field: String) -> String {
            let bytes = sealed.flatMap { try? keys.open($0, for: Self.place(of: marketplace, field)) }
            return String(decoding: bytes ?? [], as: UTF8.self)
        }
        return PartnerCredentials(
            auth: AuthHMAC(id: known.id, key: String(decoding: key, as: UTF8.self)),
            salt: text(known.salt, "salt"),
            clientSecret: text(known.clientSecret, "client_secret"),
            tokenURL: known.tokenURL
        )
    }

    func profile(of marketplace: MarketplaceKind) -> any MarketplaceProfile {
        marketplace.profile(publicURL: settings.publicURL)
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
        if account.charges.plan != plan {
            write(
                .account(.planChosen(PlanChosen(account: number, plan: plan, calls: calls(of: number)))),
                now
            )
            tell(number, .planChosen(PricePlan.of(plan)), now: now)
            promptUpgrade(number, now: now)
        }
        guard account.waitsForPlan else { return }
        write(.account(.accountConfigured(AccountConfigured(account: number))), now)
        tell(number, .configured(of: nil), now: now)
        for scheduler in ledger.accounts.schedulers(of: number) where scheduler.decommissionedAt == nil {
            tell(number, .configured(of: scheduler.provisioned), now: now)
        }
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
        guard let own = ledger.accounts.schedulers[scheduler], own.decommissionedAt == nil
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
        let all = SchedulerKeys(serviceURL: serviceURL, username: username, password: password)
        return (fresh, tell(own.provisioned.account, .keys(all, of: own.provisioned), now: now))
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
        guard let own = ledger.accounts.schedulers[scheduler], own.decommissionedAt == nil else { return }
        // One that waits tells the number of its own moment.
        let waits = ledger.accounts.posts.contains {
            $0.value.intended.scheduler == scheduler && $0.value.intended.purpose == .jobCount
                && !$0.value.isDead && letterPosts[$0.key.value] == nil
        }
        if !waits { tell(own.provisioned.account, .jobCount(nil, of: own.provisioned), now: now) }
        promptUpgrade(own.provisioned.account, now: now)
    }

    private mutating func promptUpgrade(_ number: UInt32, now: Timestamp) {
        guard let account = ledger.accounts.accounts[number], !account.isToldToUpgrade,
            account.closedAt == nil, let max = account.plan.jobsMax
        else { return }
        let jobs = ledger.accounts.jobs(of: number)
        if jobs > max { tell(number, .tooManyJobs(jobs, of: account.plan), now: now) }
    }

    /// **Tell the marketplace**, in its own words, if it wants to hear of it.
    /// - Returns: the last post that it takes; nil for none.
    @discardableResult
    mutating func tell(_ number: UInt32, _ news: MarketplaceNews, now: Timestamp) -> PostID? {
        guard let account = ledger.accounts.accounts[number] else { return nil }
        let marketplace = account.opened.marketplace
        let profile = profile(of: marketplace)
        var last: PostID?
        for letter in profile.letters(news, for: account.opened) {
            if profile.needsToken(letter.purpose), account.grant == nil { continue }
            let intent = PostIntended(
                account: number,
                scheduler: letter.scheduler,
                marketplace: marketplace,
                purpose: letter.purpose,
                url: letter.url,
                body: nil,
                at: now + letter.delay
            )
            last = post(intent, body: letter.body, now: now)
        }
        return last
    }
}
