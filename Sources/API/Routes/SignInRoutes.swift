internal import Domain
internal import Effects
internal import Engine
internal import Integrations

/// Pages for a customer who comes from the dashboard by a signed link (`engineyard-v1`). The link signs in
/// once, for its account; after that a cookie does.
enum SignInRoutes {
    static let path = "/eyintegration/sso/customers"

    static let all = [
        Route("GET", "\(path)/logout", .marketplace, "Sign out and go back", answer: logout).with {
            $0.answerStatus = 303
            $0.answerType = "text/html"
        },
        Route("GET", "\(path)/{id}", .marketplace, "The customer's plan, for people", answer: show).with {
            $0.takesAnyQuery = true
            $0.answerType = "text/html"
            $0.problems = [.notFound]
        },
        Route("POST", "\(path)/{id}/change_plan", .marketplace, "Choose a plan", answer: change).with {
            $0.answerStatus = 303
            $0.answerType = "text/html"
            $0.problems = [.notFound, .storageFull]
        },
    ]

    @Sendable private static func show(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let account = try await account(site, request)
        let key = try await site.engine.sessionKey()
        let now = try await site.now()
        if let session = session(request, account, key, now: now) {
            return try await page(site, account, session, key)
        }
        let known = try await site.engine.credentials(of: .engineYardV1).map { [$0.auth] } ?? []
        let visit: SignedVisit
        do {
            visit = try SignedLink.admit(site.url(request.target), known: known, now: now)
        } catch {
            return refusal(error.sentence)
        }
        guard site.usedLinks.use(visit.once, now: now) else {
            return refusal("this link was followed already; go back and follow a new one")
        }
        let fresh = PartnerSession(
            account: account.opened.account,
            user: visit.userName,
            mayChange: visit.mayChange,
            returnTo: site.mayReturn(to: visit.returnTo, account) ? visit.returnTo : "",
            expiresAt: now + PartnerSession.lasts
        )
        var reply = try await page(site, account, fresh, key)
        reply.headers.append(fresh.header(key, path: path, isTLS: site.publicURL.hasPrefix("https:")))
        return reply
    }

    @Sendable private static func change(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let account = try await account(site, request)
        let key = try await site.engine.sessionKey()
        guard let session = session(request, account, key, now: try await site.now()) else {
            return refusal("you are not signed in; go back and follow the link again")
        }
        let fields = FormText.decode(String(decoding: request.body, as: UTF8.self)) ?? []
        func value(_ name: String) -> String { fields.first { $0.name == name }?.value ?? "" }
        guard Gate.isEqual(Array(value("token").utf8), Array(session.formToken(key).utf8)) else {
            return PartnerPage.reply(
                "Not changed",
                "<p>The form is not one of this session.</p>",
                status: 403
            )
        }
        guard session.mayChange else {
            return PartnerPage.reply("Not changed", "<p>Only an owner can change the plan.</p>", status: 403)
        }
        guard let plan = PlanName(word: value("plan_type")) else {
            return PartnerPage.reply("Not changed", "<p>There is no such plan.</p>", status: 400)
        }
        try await site.engine.choosePlan(account.opened.account, plan, .engineYardV1)
        return Reply(status: 303, headers: [("Location", site.url("\(path)/\(account.opened.account)"))])
    }

    @Sendable private static func logout(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let key = try await site.engine.sessionKey()
        let known = PartnerSession(request, key, now: .distantPast)
        // The address was judged when it went into the cookie, and nobody else can write one.
        guard let back = known?.returnTo, !back.isEmpty else {
            return PartnerPage.reply(
                "Signed out",
                "<p>You can close this page.</p>",
                headers: [PartnerSession.end]
            )
        }
        return Reply(status: 303, headers: [("Location", back), PartnerSession.end])
    }

    private static func page(
        _ site: Site,
        _ account: Account,
        _ session: PartnerSession,
        _ key: [UInt8]
    ) async throws -> Reply {
        let jobs = try await site.engine.accounts().jobs(of: account.opened.account)
        let token = session.formToken(key)
        return PartnerPage.reply(
            html: PartnerPage.plan(account, jobs: jobs, session: session, formToken: token)
        )
    }

    private static func refusal(_ reason: String) -> Reply {
        PartnerPage.reply(
            "SSO authentication failed.",
            "<p>\(FrontPage.escape(reason))</p>",
            status: 401
        )
    }

    private static func account(_ site: Site, _ request: APIRequest) async throws -> Account {
        let text = request.parameters["id"] ?? ""
        guard let number = APIRequest.decimal(text).flatMap({ UInt32(exactly: $0) }),
            let account = try await site.engine.accounts().accounts[number], account.closedAt == nil,
            account.opened.marketplace == .engineYardV1
        else { throw Problem.notFound("customer \(text)") }
        return account
    }

    private static func session(
        _ request: APIRequest,
        _ account: Account,
        _ key: [UInt8],
        now: Timestamp
    ) -> PartnerSession? {
        guard let session = PartnerSession(request, key, now: now),
            session.account == account.opened.account
        else { return nil }
        return session
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
