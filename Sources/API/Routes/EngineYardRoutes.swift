internal import Domain
internal import Engine
internal import Integrations

/// What the platform asks of us (`engineyard-v1`): customers sign up and cancel, their apps get and give back
/// credentials. Every request is signed, and errors have the platform's own shape.
enum EngineYardRoutes {
    static let path = "/eyintegration/api/1/customers"

    static let all = [
        route("POST", path, "A customer signs up", create),
        route("DELETE", "\(path)/{id}", "A customer cancels; the final bill goes out first", cancel),
        route("POST", "\(path)/{id}/schedulers", "An app of the customer gets credentials", provision),
        route("DELETE", "\(path)/{id}/schedulers/{scheduler}", "An app gives them back", deprovision),
        route("GET", "\(path)/{id}/users", "Who came to the customer's pages", users),
        route("PUT", "\(path)/{id}/users/{user}", "A user is called otherwise now", renameUser),
        route("DELETE", "\(path)/{id}/users/{user}", "A user is out; their sessions end", forgetUser),
        Route("GET", "/terms", .anyone, "Terms and conditions", answer: terms).with {
            $0.answerType = "text/html"
        },
    ]

    private typealias Work = @Sendable (Site, APIRequest) async throws -> Reply

    /// A route that answers only what the platform has signed.
    private static func route(
        _ method: String,
        _ path: String,
        _ summary: String,
        _ work: @escaping Work
    ) -> Route {
        Route(method, path, .marketplace, summary) { site, request in
            do {
                try await verify(request, site)
                return try await work(site, request)
            } catch let fault as AuthHMACFault {
                return .text(
                    "Authentication failure: \(fault.sentence)\n",
                    type: "text/plain",
                    status: 401
                )
            } catch let fault as PartnerFault {
                return .json(fault.json, status: 400)
            } catch let error as CommandError {
                let problem = Problem(error)
                guard problem.kind == .notFound else { throw problem }
                return .json(PartnerFault([problem.detail]).json, status: 404)
            }
        }
        .with { $0.problems = [.malformed, .notFound, .throttled, .storageFull] }
    }

    /// - Throws: `AuthHMACFault`, and `Problem` 429 after too many wrong ones.
    private static func verify(_ request: APIRequest, _ site: Site) async throws {
        let own = try await site.engine.credentials(of: .engineYardV1)?.auth
        let header = request.header("authorization")
        let key = AuthHMAC.claimedID(header) == own?.id ? "hmac" : ""
        try site.gate.admitProof(request, key: key)
        do {
            _ = try AuthHMAC.verify(
                AuthHMAC.Request(
                    method: request.method,
                    contentType: request.header("content-type") ?? "",
                    body: request.body,
                    date: request.header("date") ?? "",
                    // What was signed is the public path, whatever stands in front of this server.
                    path: site.publicPath + request.path
                ),
                header: header,
                known: own.map { [$0] } ?? [],
                now: try await site.now()
            )
        } catch let fault as AuthHMACFault {
            if fault.isGuess { site.gate.proofFailed(request, key: key) }
            throw fault
        }
    }

    @Sendable private static func create(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let wanted = try ServiceAccountRequest(try body(request))
        var record = AccountOpened(
            account: 0,
            marketplace: .engineYardV1,
            name: wanted.name,
            externalID: wanted.url,
            messagesURL: wanted.messagesURL,
            invoicesURL: wanted.invoicesURL,
            plan: .freemium
        )
        record.asksForPlan = site.options.asksForPlan
        let number = try await site.engine.openAccount(record)
        let url = site.url("\(path)/\(number)")
        let answer = ServiceAccountRequest.answer(
            url: url,
            configurationRequired: try await waitsForPlan(number, site),
            configurationURL: site.url("\(SignInRoutes.path)/\(number)"),
            provisionedServicesURL: "\(url)/schedulers",
            usersURL: site.options.listsUsers ? "\(url)/users" : nil,
            message: PartnerMessage(.status, "Thanks for signing up for Chronatog!")
        )
        return .json(answer, headers: [("Location", url)])
    }

    private static func waitsForPlan(_ account: UInt32, _ site: Site) async throws -> Bool {
        try await site.engine.accounts().accounts[account]?.waitsForPlan ?? false
    }

    @Sendable private static func cancel(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await site.engine.closeAccount(try number(request, "id"), .engineYardV1)
        site.gate.forget()
        return .json(.object([]))
    }

    @Sendable private static func provision(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let account = try number(request, "id")
        let wanted = try ProvisionedServiceRequest(try body(request))
        let made = try await site.engine.provision(
            SchedulerProvisioned(
                account: account,
                scheduler: 0,
                externalID: wanted.url,
                messagesURL: wanted.messagesURL,
                password: Sealed(keyID: 0, bytes: []),
                app: wanted.app,
                environment: wanted.environment
            ),
            .engineYardV1
        )
        site.gate.forget()
        let url = site.url("\(path)/\(account)/schedulers/\(made.scheduler)")
        let waits = try await waitsForPlan(account, site)
        let page = "\(SignInRoutes.path)/\(account)"
        let answer = ProvisionedServiceRequest.answer(
            url: url,
            configurationRequired: waits,
            // The plan is chosen on the account's page; afterwards the app has one of its own.
            configurationURL: site.url(waits ? page : "\(page)/schedulers/\(made.scheduler)"),
            variables: made.keys(site).variables,
            message: PartnerMessage(.status, "Your scheduler has been created and is ready for use!")
        )
        return .json(answer, headers: [("Location", url), ("Cache-Control", "no-store")])
    }

    @Sendable private static func deprovision(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await site.engine.decommission(
            try number(request, "scheduler"),
            of: try number(request, "id"),
            .engineYardV1
        )
        site.gate.forget()
        return .json(.object([]))
    }

    // MARK: Users

    @Sendable private static func users(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let number = try number(request, "id")
        guard let account = try await site.engine.accounts().accounts[number], account.closedAt == nil,
            account.opened.marketplace == .engineYardV1
        else { throw CommandError.noSuchAccount(number) }
        let root = site.url("\(path)/\(number)/users")
        return .json(.array(account.users.map { PartnerUser.listed($0, under: root) }))
    }

    @Sendable private static func renameUser(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let change = try PartnerUser.Change(try body(request))
        try await site.engine.renameUser(
            request.parameters["user"] ?? "",
            of: try number(request, "id"),
            email: change.email,
            name: change.name,
            isOwner: change.isOwner,
            .engineYardV1
        )
        return .json(.object([]))
    }

    @Sendable private static func forgetUser(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await site.engine.forgetUser(
            request.parameters["user"] ?? "",
            of: try number(request, "id"),
            .engineYardV1
        )
        return .json(.object([]))
    }

    @Sendable private static func terms(_ site: Site, _ request: APIRequest) async throws -> Reply {
        PartnerPage.reply("Terms", "<p>Agree to our terms, or else...</p>")
    }

    private static func body(_ request: APIRequest) throws -> JSON {
        guard let text = String(validating: request.body, as: UTF8.self),
            let value = try? JSONReader.value(of: text), case .object = value
        else { throw PartnerFault(["The body is not a JSON object"]) }
        return value
    }

    /// An id that cannot be one is answered like one that does not exist.
    private static func number(_ request: APIRequest, _ name: String) throws(CommandError) -> UInt32 {
        let text = request.parameters[name] ?? ""
        guard let number = APIRequest.decimal(text).flatMap({ UInt32(exactly: $0) }) else {
            throw name == "id" ? CommandError.noSuchAccount(0) : CommandError.noSuchScheduler(0)
        }
        return number
    }
}

extension Flow.Provisioned {
    func keys(_ site: Site) -> SchedulerKeys {
        SchedulerKeys(serviceURL: site.serviceURL, username: username, password: password)
    }
}

extension Site {
    /// Where an app's client sends its requests.
    var serviceURL: String { url("\(RouteTable.prefix)/jobs") }

    /// What a proxy in front of this server takes off the path; usually nothing.
    var publicPath: String {
        guard let scheme = publicURL.firstRange(of: "://") else { return "" }
        let rest = publicURL[scheme.upperBound...]
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? ""
    }
}
