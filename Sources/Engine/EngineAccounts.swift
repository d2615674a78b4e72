package import Domain
package import Effects
package import Integrations

// What marketplaces, and the operator on their account, ask of the engine.
extension Engine {
    /// Key and salt, open, for the check of one request; nil when nobody has set them.
    package func credentials(of marketplace: MarketplaceKind) async throws(CommandError)
        -> PartnerCredentials?
    {
        try await read { flow, _ throws(CommandError) in flow.credentials(of: marketplace) }
    }

    package func setCredentials(
        _ marketplace: MarketplaceKind,
        _ wanted: PartnerCredentials
    ) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in
            try flow.setCredentials(marketplace, wanted, now: now)
        }
    }

    /// Everything about marketplaces and accounts, as it is now.
    package func accounts() async throws(CommandError) -> AccountTable {
        try await read { flow, _ throws(CommandError) in flow.ledger.accounts }
    }

    /// - Parameter wanted: its number is given here.
    package func openAccount(_ wanted: AccountOpened) async throws(CommandError) -> UInt32 {
        try await command { flow, now throws(CommandError) in flow.openAccount(wanted, now: now) }
    }

    /// Seals the final invoice, ends all the account has, and closes it; answers when the invoice was tried.
    package func closeAccount(_ number: UInt32, _ marketplace: MarketplaceKind) async throws(CommandError) {
        let post = try await command { flow, now throws(CommandError) in
            try flow.check(number, marketplace)
            return try flow.closeAccount(number, now: now)
        }
        if let post { await attempted(post) }
    }

    package func choosePlan(
        _ number: UInt32,
        _ plan: PlanName,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in
            try flow.check(number, marketplace)
            try flow.choosePlan(number, plan, now: now)
        }
    }

    /// - Parameter wanted: number and password are given here.
    package func provision(
        _ wanted: SchedulerProvisioned,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError) -> Flow.Provisioned {
        try await command { flow, now throws(CommandError) in
            try flow.check(wanted.account, marketplace)
            return try flow.provision(wanted, now: now)
        }
    }

    /// A scheduler's credentials, open; nil when it has none (any more).
    package func provisioned(_ scheduler: UInt32) async throws(CommandError) -> Flow.Provisioned? {
        try await read { flow, _ throws(CommandError) in flow.provisioned(scheduler) }
    }

    package func decommission(
        _ scheduler: UInt32,
        of account: UInt32,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in
            try flow.check(account, marketplace)
            try flow.decommission(scheduler, of: account, now: now)
        }
    }

    /// Answers when the marketplace was told, or could not be.
    /// - Returns: the credentials, and whether the marketplace has them: `told`, `waiting`, `dead`, or
    ///   `untold` where it takes none.
    package func rotate(_ scheduler: UInt32, serviceURL: String) async throws(CommandError)
        -> (Flow.Provisioned, news: String)
    {
        let (fresh, post) = try await command { flow, now throws(CommandError) in
            try flow.rotate(scheduler, serviceURL: serviceURL, now: now)
        }
        guard let post else { return (fresh, "untold") }
        guard let open = try await tried(post) else { return (fresh, "told") }
        return (fresh, open.isDead ? "dead" : "waiting")
    }

    /// Tells a marketplace of the service itself: to register, update or deregister it. Answers when it was
    /// told, or could not be.
    /// - Returns: the post, when it has not arrived.
    package func announce(
        _ purpose: PostPurpose,
        to marketplace: MarketplaceKind,
        at url: String,
        body: JSON?
    ) async throws(CommandError) -> PendingPost? {
        try await tried(try await intendToAnnounce(purpose, to: marketplace, at: url, body: body))
    }

    /// Waits until an attempt of the post has ended.
    /// - Returns: the post, when it has not arrived.
    package func tried(_ post: PostID) async throws(CommandError) -> PendingPost? {
        await attempted(post)
        return try await accounts().posts[post]
    }

    /// As `announce`, but answers as soon as the intent is recorded. One that waits already is left to it.
    package func intendToAnnounce(
        _ purpose: PostPurpose,
        to marketplace: MarketplaceKind,
        at url: String,
        body: JSON?
    ) async throws(CommandError) -> PostID {
        try await command { flow, now throws(CommandError) in
            guard flow.credentials(of: marketplace) != nil else {
                throw Flow.noCredentials
            }
            let waiting = flow.ledger.accounts.posts.first {
                let intended = $0.value.intended
                return purpose == .register && intended.purpose == purpose && intended.url == url
                    && intended.marketplace == marketplace && !$0.value.isDead
            }
            if let waiting { return waiting.key }
            let intent = PostIntended(
                account: 0,
                marketplace: marketplace,
                purpose: purpose,
                url: url,
                body: nil,
                at: now
            )
            return flow.post(intent, body: body, now: now)
        }
    }

    /// Asks a marketplace what it keeps of us: nothing is recorded and nothing tried again.
    package func ask(_ marketplace: MarketplaceKind, at address: WebAddress) async throws(CommandError)
        -> Outcome.Result
    {
        let result: Result<Outcome.Result, CommandError> = await withCheckedContinuation { continuation in
            let command = Command(
                writes: false,
                perform: { loop, now in
                    guard let credentials = loop.flow.credentials(of: marketplace),
                        let request = loop.flow.profile(of: marketplace).question(
                            address,
                            by: credentials,
                            from: loop.flow.settings.sender,
                            now: now
                        )
                    else {
                        return { _ in continuation.resume(returning: .failure(Flow.noCredentials)) }
                    }
                    loop.flow.ask(request) { continuation.resume(returning: .success($0)) }
                    return { _ in }
                },
                refuse: { continuation.resume(returning: .failure($0)) }
            )
            if !mailbox.post({ $0.commands.append(command) }) {
                continuation.resume(returning: .failure(.stopping))
            }
        }
        return try result.get()
    }

    /// Notes that a link that signs in once was followed, and by whom.
    /// - Returns: false when it was followed before.
    package func useLink(_ link: LinkUsed, by user: AccountUser?) async throws(CommandError) -> Bool {
        try await command { flow, now throws(CommandError) in
            try flow.useLink(link, by: user, now: now)
        }
    }

    package func renameUser(
        _ id: String,
        of account: UInt32,
        email: String?,
        name: String?,
        isOwner: Bool?,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in
            try flow.check(account, marketplace)
            try flow.renameUser(id, of: account, email: email, name: name, isOwner: isOwner, now: now)
        }
    }

    package func forgetUser(
        _ id: String,
        of account: UInt32,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in
            try flow.check(account, marketplace)
            try flow.forgetUser(id, of: account, now: now)
        }
    }

    /// Promises the credentials of a scheduler for later, when the marketplace was told of them.
    package func promise(
        _ keys: SchedulerKeys,
        of scheduler: UInt32,
        by grant: OpenGrant
    ) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in
            try flow.promise(keys, of: scheduler, by: grant, now: now)
        }
    }

    /// A promise of a scheduler's credentials has not been kept yet.
    package func isWaiting(_ scheduler: UInt32) async throws(CommandError) -> Bool {
        try await read { flow, _ throws(CommandError) in flow.isWaiting(scheduler) }
    }

    /// What signed cookies are signed with: the same after a restart.
    package func sessionKey() async throws(CommandError) -> [UInt8] {
        try await read { flow, _ throws(CommandError) in
            flow.keys.derivedKey(for: "partner sessions", storeID: flow.ledger.storeID)
        }
    }

    package func resendPost(_ id: PostID) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in try flow.resendPost(id, now: now) }
    }

    /// Bills that would be sealed now.
    package func billPreview() async throws(CommandError) -> [Flow.Bill] {
        try await read { flow, now throws(CommandError) in flow.billPreview(now: now) }
    }

    /// Waits until an attempt of the post has ended, or the post is gone, or the engine stops.
    private func attempted(_ post: PostID) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let command = Command(
                writes: false,
                perform: { loop, _ in
                    guard let pending = loop.flow.ledger.accounts.posts[post], pending.attempts == 0 else {
                        return { _ in continuation.resume() }
                    }
                    loop.flow.postWaiters[post, default: []].append { continuation.resume() }
                    return { _ in }
                },
                refuse: { _ in continuation.resume() }
            )
            if !mailbox.post({ $0.commands.append(command) }) { continuation.resume() }
        }
    }
}

extension Flow {
    static let noCredentials = CommandError.conflict(
        "there are no credentials; `chronatog partner credentials set` sets them"
    )

    /// An account of another marketplace is as good as none.
    func check(_ number: UInt32, _ marketplace: MarketplaceKind) throws(CommandError) {
        guard try openAccount(number).opened.marketplace == marketplace else { throw .noSuchAccount(number) }
    }
}

extension Command {
    /// The work of a run that calls nobody. Not a write that a full disk refuses: its intent is recorded.
    static func ownWork(_ id: UInt64) -> Command {
        Command(
            writes: false,
            perform: { loop, now in
                loop.flow.doOwnWork(id, now: now)
                return { _ in }
            },
            refuse: { _ in }
        )
    }
}
