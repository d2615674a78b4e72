internal import Domain
internal import Effects
internal import Engine
internal import Integrations

/// From a signed link, or the cookie of an earlier one, to somebody who may see a page (`engineyard-v1`).
struct SignIn {
    let site: Site
    let request: APIRequest
    let account: Account
    /// 0 for the account as a whole.
    let scheduler: UInt32
    let key: [UInt8]
    let now: Timestamp

    /// Why a page is not shown.
    struct Refusal: Error {
        let sentence: String
    }

    /// - Parameter scheduler: the page is that scheduler's; 0 for the account's.
    init(_ site: Site, _ request: APIRequest, _ account: Account, scheduler: UInt32 = 0) async throws {
        self.site = site
        self.request = request
        self.account = account
        self.scheduler = scheduler
        key = try await site.engine.sessionKey()
        now = try await site.now()
    }

    /// Who the cookie says it is, if that is still somebody, and for this page.
    var session: PartnerSession? {
        guard let session = PartnerSession(request, key, now: now),
            session.account == account.opened.account,
            session.scheduler == 0 || session.scheduler == scheduler
        else { return nil }
        guard site.options.listsUsers, !session.userID.isEmpty else { return session }
        // Whom the marketplace took out is not let in any more, and who is an owner is its to say.
        guard let user = account.users.first(where: { $0.id == session.userID }) else { return nil }
        var current = session
        current.mayChange = user.isOwner
        return current
    }

    /// A link signs in once; a page that is only loaded again is shown to who is signed in already.
    /// - Returns: the session, and the header that keeps it, when it is new.
    /// - Throws: `Refusal`, and `Problem` 429 after too many wrong signatures.
    func enter() async throws -> (PartnerSession, cookie: [(name: String, value: String)]) {
        let known = session
        if let known, !request.target.contains("signature=") { return (known, []) }
        do {
            let session = fresh(try await follow())
            let isTLS = site.publicURL.hasPrefix("https:")
            return (session, [session.header(key, path: SignInRoutes.path, isTLS: isTLS)])
        } catch let refusal as Refusal {
            guard let known else { throw refusal }
            return (known, [])
        }
    }

    private func follow() async throws -> SignedVisit {
        let own = try await site.engine.credentials(of: .engineYardV1)?.auth
        try site.gate.admitProof(request, key: "link")
        let visit: SignedVisit
        do {
            visit = try SignedLink.admit(site.url(request.target), known: own.map { [$0] } ?? [], now: now)
        } catch {
            if error.isGuess { site.gate.proofFailed(request, key: "link") }
            throw Refusal(sentence: error.sentence)
        }
        let link = LinkUsed(
            "link \(visit.once)",
            of: account.opened.account,
            window: SignedLink.window,
            now: now
        )
        let user = site.options.listsUsers && !visit.userID.isEmpty ? AccountUser(visit) : nil
        guard try await site.engine.useLink(link, by: user) else {
            throw Refusal(sentence: "this link was followed already; go back and follow a new one")
        }
        return visit
    }

    private func fresh(_ visit: SignedVisit) -> PartnerSession {
        PartnerSession(
            account: account.opened.account,
            scheduler: scheduler,
            user: visit.userName,
            userID: visit.userID,
            mayChange: visit.mayChange,
            returnTo: site.mayReturn(to: visit.returnTo, account) ? visit.returnTo : "",
            expiresAt: now + PartnerSession.lasts
        )
    }
}

extension AccountUser {
    private static let textMax = 200

    /// As the marketplace's link names them, within bounds.
    fileprivate init(_ visit: SignedVisit) {
        self.init(
            id: String(visit.userID.prefix(Self.textMax)),
            name: String(visit.userName.prefix(Self.textMax)),
            email: String(visit.userEmail.prefix(Self.textMax)),
            isOwner: visit.mayChange
        )
    }
}

extension Site {
    /// Whether "Go Back" may lead there: to the marketplace's own host, or to one that the operator named.
    func mayReturn(to url: String, _ account: Account) -> Bool {
        guard let address = try? WebAddress(url), address.userInfo == nil else { return false }
        let own = try? WebAddress(account.opened.externalID)
        return address.origin.host == own?.origin.host
            || options.returnHosts.contains(address.origin.host)
    }
}
