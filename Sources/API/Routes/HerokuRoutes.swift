internal import Domain
internal import Engine
internal import Integrations

/// Add-ons (`heroku-v3`): a resource is an account with one scheduler, named by the uuid that Heroku gave it.
///
/// Every request may come twice, and the second changes nothing. Heroku bills by plan, so there are no
/// invoices. With a client secret, an add-on is promised (202) and its configuration sent afterwards, by a
/// post that is recorded and tried again; without one, everything is in the answer (201).
enum HerokuRoutes {
    private static let path = "/heroku/resources"
    private static let page = "/heroku/page"
    private static let uuidBytesMax = 100

    static let all = [
        route("POST", path, "Provision an add-on", provision).with {
            $0.answerStatus = 201
            $0.problems = [.malformed, .invalid, .throttled, .storageFull]
        },
        route("PUT", "\(path)/{id}", "Change an add-on's plan", change).with {
            $0.problems = [.malformed, .notFound, .invalid, .storageFull]
        },
        route("DELETE", "\(path)/{id}", "Deprovision an add-on", deprovision).with {
            $0.answerStatus = 204
            $0.problems = [.historyGone, .storageFull]
        },
        Route("POST", "/heroku/sso", .marketplace, "Sign in from Heroku's dashboard", answer: signIn).with {
            $0.answerStatus = 303
            $0.answerType = "text/html"
            $0.problems = [.throttled, .storageFull]
        },
        Route("GET", page, .marketplace, "The add-on, for people", answer: show).with {
            $0.answerType = "text/html"
        },
    ]

    private typealias Work = @Sendable (Site, APIRequest) async throws -> Reply

    /// A route that answers only to the manifest's id and password.
    private static func route(
        _ method: String,
        _ path: String,
        _ summary: String,
        _ work: @escaping Work
    ) -> Route {
        Route(method, path, .marketplace, summary) { site, request in
            try site.gate.admitProof(request, key: "basic")
            let known = try await site.engine.credentials(of: .herokuV3)?.auth
            let header = request.header("authorization")
            guard let known, isLogin(header ?? "", known) else {
                if header != nil { site.gate.proofFailed(request, key: "basic") }
                var refusal = message("The credentials are not those of the add-on.", status: 401)
                refusal.headers.append(("WWW-Authenticate", "Basic realm=\"chronatog\""))
                return refusal
            }
            return try await work(site, request)
        }
    }

    private static func isLogin(_ header: String, _ known: AuthHMAC) -> Bool {
        let wanted = "Basic " + Base64.encode(Array("\(known.id):\(known.key)".utf8))
        return Gate.isEqual(Array(header.utf8), Array(wanted.utf8))
    }

    private static func message(_ text: String, status: Int) -> Reply {
        .json(.object([JSON.Member("message", .string(text))]), status: status)
    }

    // MARK: Resources

    @Sendable private static func provision(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let body = try RequestBody.object(request.body)
        let uuid = body["uuid"]?.string ?? ""
        guard !uuid.isEmpty, uuid.utf8.count <= uuidBytesMax,
            uuid.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { return message("uuid is missing, or is none.", status: 422) }
        guard let plan = plan(body) else { return message(unknownPlan(body), status: 422) }
        let callback = try Callback(body)
        let account = try await site.engine.openAccount(
            AccountOpened(
                account: 0,
                marketplace: .herokuV3,
                name: body["name"]?.string.map { String($0.prefix(200)) } ?? uuid,
                externalID: uuid,
                messagesURL: callback.url,
                invoicesURL: "",
                plan: plan
            )
        )
        let made = try await scheduler(of: account, uuid, site)
        site.gate.forget()
        let hasSecret = try await site.engine.credentials(of: .herokuV3)?.clientSecret.isEmpty == false
        if hasSecret, let grant = callback.grant(now: try await site.now()) {
            try await site.engine.promise(made.keys(site), of: made.scheduler, by: grant)
        }
        if try await site.engine.isWaiting(made.scheduler) {
            let text = "Your scheduler is being created and will be ready in a moment."
            let answer = [JSON.Member("id", .string(uuid)), JSON.Member("message", .string(text))]
            return .json(.object(answer), status: 202)
        }
        return .json(
            .object([
                JSON.Member("id", .string(uuid)), JSON.Member("config", config(made, site)),
                JSON.Member("message", .string("Your scheduler has been created and is ready for use!")),
            ]),
            status: 201,
            headers: [("Cache-Control", "no-store")]
        )
    }

    /// Where an add-on that is promised is to be delivered, and what lets us.
    private struct Callback {
        /// Good for five minutes, says the platform; `expires_at` is not always there.
        private static let codeLasts = Span.minutes(5)
        private static let codeBytesMax = 500

        var url = ""
        var code = ""

        init(_ body: JSON) throws(Problem) {
            guard let code = body["oauth_grant"]?["code"]?.string, !code.isEmpty,
                let url = body["callback_url"]?.string, !url.isEmpty
            else { return }
            guard code.utf8.count <= Self.codeBytesMax else {
                throw Problem("oauth_grant", "holds a code of more than \(Self.codeBytesMax) bytes")
            }
            do { _ = try WebAddress(url) } catch { throw Problem("callback_url", error.predicate) }
            self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
            self.code = code
        }

        func grant(now: Timestamp) -> OpenGrant? {
            code.isEmpty ? nil : OpenGrant(secret: code, isCode: true, until: now + Self.codeLasts)
        }
    }

    @Sendable private static func change(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let body = try RequestBody.object(request.body)
        let uuid = request.parameters["id"] ?? ""
        guard let account = try await site.engine.accounts().account(uuid, of: .herokuV3) else {
            return message("There is no resource \(uuid).", status: 404)
        }
        guard let plan = plan(body) else { return message(unknownPlan(body), status: 422) }
        try await site.engine.choosePlan(account, plan, .herokuV3)
        let made = try await scheduler(of: account, uuid, site)
        return .json(
            .object([
                JSON.Member("config", config(made, site)),
                JSON.Member("message", .string("\(PricePlan.of(plan).label) Activated!")),
            ]),
            headers: [("Cache-Control", "no-store")]
        )
    }

    @Sendable private static func deprovision(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let uuid = request.parameters["id"] ?? ""
        let table = try await site.engine.accounts()
        guard let account = table.account(uuid, of: .herokuV3) else {
            let wasHere = table.accounts.values.contains {
                $0.opened.externalID == uuid && $0.opened.marketplace == .herokuV3
            }
            return message("There is no resource \(uuid).", status: wasHere ? 410 : 404)
        }
        try await site.engine.closeAccount(account, .herokuV3)
        site.gate.forget()
        return Reply(status: 204)
    }

    private static func scheduler(of account: UInt32, _ uuid: String, _ site: Site) async throws
        -> Flow.Provisioned
    {
        try await site.engine.provision(
            SchedulerProvisioned(
                account: account,
                scheduler: 0,
                externalID: uuid,
                messagesURL: "",
                password: Sealed(keyID: 0, bytes: []),
                app: "",
                environment: ""
            ),
            .herokuV3
        )
    }

    private static func config(_ made: Flow.Provisioned, _ site: Site) -> JSON {
        .object(made.keys(site).config)
    }

    private static func plan(_ body: JSON) -> PlanName? {
        body["plan"]?.string.flatMap { PlanName(word: $0) }
    }

    private static func unknownPlan(_ body: JSON) -> String {
        let known = PlanName.allCases.map(\.word).joined(separator: " or ")
        return "The plan has to be \(known)."
    }

    // MARK: People

    @Sendable private static func signIn(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let form = HerokuLogin.Form(FormText.decode(String(decoding: request.body, as: UTF8.self)) ?? [])
        let now = try await site.now()
        let salt = try await site.engine.credentials(of: .herokuV3)?.salt ?? ""
        try site.gate.admitProof(request, key: "form")
        do {
            try HerokuLogin.admit(form, salt: salt, now: now)
        } catch {
            if error == .wrongToken { site.gate.proofFailed(request, key: "form") }
            return refusal(error.sentence)
        }
        guard let account = try await site.engine.accounts().account(form.resource, of: .herokuV3) else {
            return refusal("there is no such add-on any more")
        }
        // The same for both kinds of token: a form that has both is not good twice.
        let link = LinkUsed(
            "heroku \(form.resource) \(form.timestamp)",
            of: account,
            window: HerokuLogin.window,
            now: now
        )
        guard try await site.engine.useLink(link, by: nil) else {
            return refusal("the form was used already; open the add-on again")
        }
        let session = PartnerSession(
            account: account,
            user: form.email,
            mayChange: false,
            returnTo: "",
            expiresAt: now + PartnerSession.lasts
        )
        let key = try await site.engine.sessionKey()
        let cookie = session.header(key, path: page, isTLS: site.publicURL.hasPrefix("https:"))
        return Reply(status: 303, headers: [("Location", site.url(page)), cookie])
    }

    @Sendable private static func show(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let key = try await site.engine.sessionKey()
        let table = try await site.engine.accounts()
        guard let session = PartnerSession(request, key, now: try await site.now()),
            let account = table.accounts[session.account], account.closedAt == nil,
            account.opened.marketplace == .herokuV3
        else { return refusal("you are not signed in; open the add-on again") }
        return PartnerPage.reply(html: PartnerPage.addOn(account, jobs: table.jobs(of: session.account)))
    }

    private static func refusal(_ reason: String) -> Reply {
        PartnerPage.reply("SSO authentication failed.", "<p>\(FrontPage.escape(reason))</p>", status: 403)
    }
}
