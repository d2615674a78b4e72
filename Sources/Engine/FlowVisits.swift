internal import Domain
internal import Effects
internal import Integrations

// Who comes to an account's pages, what they came by, and what lets us call its marketplace for it.
extension Flow {
    /// Notes that a link or form was followed, and by whom: the two are one group of records, so that after a
    /// crash it either signs in or has signed in.
    /// - Parameter user: nil where the account's users are not listed.
    /// - Returns: false when it was used before.
    mutating func useLink(_ link: LinkUsed, by user: AccountUser?, now: Timestamp) throws(CommandError)
        -> Bool
    {
        let account = try openAccount(link.account)
        guard (ledger.accounts.usedLinks[link.digest] ?? .distantPast) <= now else { return false }
        if ledger.accounts.usedLinks.count >= AccountTable.usedLinksMax {
            let good = ledger.accounts.usedLinks.count { $0.value > now }
            guard good < AccountTable.usedLinksMax else {
                throw .conflict("too many people signed in within a few minutes; try again in some")
            }
        }
        write(.account(.linkUsed(link)), now)
        if let user, !account.users.contains(user) {
            write(.account(.userNoted(UserNoted(account: link.account, user: user))), now)
        }
        return true
    }

    /// The marketplace says that a user is called otherwise now.
    mutating func renameUser(
        _ id: String,
        of number: UInt32,
        email: String?,
        name: String?,
        isOwner: Bool?,
        now: Timestamp
    ) throws(CommandError) {
        var user = try self.user(id, of: number)
        let old = user
        user.email = email ?? user.email
        user.name = name ?? user.name
        user.isOwner = isOwner ?? user.isOwner
        if user != old { write(.account(.userNoted(UserNoted(account: number, user: user))), now) }
    }

    mutating func forgetUser(_ id: String, of number: UInt32, now: Timestamp) throws(CommandError) {
        _ = try user(id, of: number)
        write(.account(.userForgotten(UserForgotten(account: number, id: id))), now)
    }

    private func user(_ id: String, of number: UInt32) throws(CommandError) -> AccountUser {
        guard let user = try openAccount(number).users.first(where: { $0.id == id }) else {
            throw .noSuchUser(id)
        }
        return user
    }

    // MARK: Grants

    /// Keeps what came with the request for an account, and promises what was asked for: the marketplace is
    /// told when it is ready.
    mutating func promise(
        _ keys: SchedulerKeys,
        of scheduler: UInt32,
        by grant: OpenGrant,
        now: Timestamp
    ) throws(CommandError) {
        guard let own = ledger.accounts.schedulers[scheduler], own.decommissionedAt == nil else {
            throw .noSuchScheduler(scheduler)
        }
        let number = own.provisioned.account
        // Asked again: the promise stands, and a code that was not exchanged yet gives way to the newer one.
        // A token does not, for the code may be the one that it was exchanged for. A promise that was kept,
        // or given up, is not made again: its answer is the credentials themselves.
        if let held = try openAccount(number).grant {
            if held.isCode, isWaiting(scheduler) { hold(grant, of: number, now: now) }
            return
        }
        hold(grant, of: number, now: now)
        tell(number, .ready(keys, of: own.provisioned), now: now)
    }

    /// A promise to the marketplace has not been kept yet.
    func isWaiting(_ scheduler: UInt32) -> Bool {
        ledger.accounts.posts.contains {
            $0.value.intended.scheduler == scheduler && $0.value.intended.purpose == .ready
                && !$0.value.isDead
        }
    }

    mutating func hold(_ grant: OpenGrant, of account: UInt32, now: Timestamp) {
        func sealed(_ text: String, _ field: String) -> Sealed {
            keys.seal(Array(text.utf8), for: Self.place(of: account, grant: field))
        }
        let record = GrantHeld(
            account: account,
            secret: sealed(grant.secret, "secret"),
            isCode: grant.isCode,
            refresh: grant.refresh.isEmpty ? nil : sealed(grant.refresh, "refresh"),
            until: grant.until
        )
        write(.account(.grantHeld(record)), now)
    }

    /// nil when there is none, or when this folder's keys do not open it.
    func grant(of account: UInt32) -> OpenGrant? {
        guard let held = ledger.accounts.accounts[account]?.grant,
            let secret = try? keys.open(held.secret, for: Self.place(of: account, grant: "secret"))
        else { return nil }
        let refresh = held.refresh.flatMap {
            try? keys.open($0, for: Self.place(of: account, grant: "refresh"))
        }
        return OpenGrant(
            secret: String(decoding: secret, as: UTF8.self),
            isCode: held.isCode,
            refresh: String(decoding: refresh ?? [], as: UTF8.self),
            until: held.until
        )
    }

    private static func place(of account: UInt32, grant field: String) -> SecretPlace {
        SecretPlace(account: account, object: "account/\(account)/grant", field: field)
    }
}
