internal import Domain
internal import Engine
internal import Integrations

/// Pages for a customer who comes from the dashboard by a signed link (`engineyard-v1`): the account's, with
/// its plan, and one for each of its schedulers.
enum SignInRoutes {
    static let path = EngineYardProfile.pages
    private static let jobsMax = 100

    static let all = [
        Route("GET", "\(path)/logout", .marketplace, "Sign out and go back", answer: logout).with {
            $0.answerStatus = 303
            $0.answerType = "text/html"
        },
        Route("GET", "\(path)/{id}", .marketplace, "The customer's plan, for people", answer: show).with {
            $0.takesAnyQuery = true
            $0.answerType = "text/html"
            $0.problems = [.notFound, .throttled, .storageFull]
        },
        Route(
            "GET",
            "\(path)/{id}/schedulers/{scheduler}",
            .marketplace,
            "One app's scheduler, for people",
            answer: showScheduler
        ).with {
            $0.takesAnyQuery = true
            $0.answerType = "text/html"
            $0.problems = [.notFound, .throttled, .storageFull]
        },
        Route("POST", "\(path)/{id}/change_plan", .marketplace, "Choose a plan", answer: change).with {
            $0.answerStatus = 303
            $0.answerType = "text/html"
            $0.problems = [.notFound, .storageFull]
        },
    ]

    @Sendable private static func show(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let signIn = try await SignIn(site, request, try await account(site, request))
        return try await shown(signIn) { session in
            let jobs = try await site.engine.accounts().jobs(of: session.account)
            return PartnerPage.plan(
                signIn.account,
                jobs: jobs,
                session: session,
                formToken: session.formToken(signIn.key)
            )
        }
    }

    @Sendable private static func showScheduler(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let account = try await account(site, request)
        let text = request.parameters["scheduler"] ?? ""
        guard let number = APIRequest.decimal(text).flatMap({ UInt32(exactly: $0) }),
            let own = try await site.engine.accounts().schedulers[number], own.decommissionedAt == nil,
            own.provisioned.account == account.opened.account
        else { throw Problem.notFound("scheduler \(text)") }
        let signIn = try await SignIn(site, request, account, scheduler: number)
        return try await shown(signIn) { _ in
            let caller = Caller.scheduler(number)
            let jobs = try await site.engine.jobs(after: JobID(0), limit: jobsMax, as: caller)
            let username = try await site.engine.provisioned(number)?.username ?? ""
            return PartnerPage.scheduler(own, username: username, site.serviceURL, jobs)
        }
    }

    /// The page, for who may see it.
    private static func shown(
        _ signIn: SignIn,
        _ page: (PartnerSession) async throws -> String
    ) async throws -> Reply {
        do {
            let (session, cookie) = try await signIn.enter()
            var reply = PartnerPage.reply(html: try await page(session), leadingTo: session.returnTo)
            reply.headers += cookie
            return reply
        } catch let refusal as SignIn.Refusal {
            return self.refusal(refusal.sentence)
        }
    }

    @Sendable private static func change(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let account = try await account(site, request)
        let signIn = try await SignIn(site, request, account)
        guard let session = signIn.session else {
            return refusal("you are not signed in; go back and follow the link again")
        }
        let fields = FormText.decode(String(decoding: request.body, as: UTF8.self)) ?? []
        func value(_ name: String) -> String { fields.first { $0.name == name }?.value ?? "" }
        guard Gate.isEqual(Array(value("token").utf8), Array(session.formToken(signIn.key).utf8)) else {
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
        // Who was sent here to choose goes back to where it goes on.
        let isSentBack = account.waitsForPlan && !session.returnTo.isEmpty
        let next = isSentBack ? session.returnTo : site.url("\(path)/\(account.opened.account)")
        return Reply(status: 303, headers: [("Location", next)])
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
}
