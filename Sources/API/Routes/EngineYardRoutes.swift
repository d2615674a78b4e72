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
        .with { $0.problems = [.malformed, .notFound, .storageFull] }
    }

    private static func verify(_ request: APIRequest, _ site: Site) async throws {
        let known = try await site.engine.credentials(of: .engineYardV1).map { [$0.auth] } ?? []
        _ = try AuthHMAC.verify(
            AuthHMAC.Request(
                method: request.method,
                contentType: request.header("content-type") ?? "",
                body: request.body,
                date: request.header("date") ?? "",
                // What was signed is the public path, whatever stands in front of this server.
                path: site.publicPath + request.path
            ),
            header: request.header("authorization"),
            known: known,
            now: try await site.now()
        )
    }

    @Sendable private static func create(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let wanted = try ServiceAccountRequest(try body(request))
        let number = try await site.engine.openAccount(
            AccountOpened(
                account: 0,
                marketplace: .engineYardV1,
                name: wanted.name,
                externalID: wanted.url,
                messagesURL: wanted.messagesURL,
                invoicesURL: wanted.invoicesURL,
                plan: .freemium
            )
        )
        let url = site.url("\(path)/\(number)")
        let answer = ServiceAccountRequest.answer(
            url: url,
            configurationURL: site.url("\(SignInRoutes.path)/\(number)"),
            provisionedServicesURL: "\(url)/schedulers",
            message: PartnerMessage(.status, "Thanks for signing up for Chronatog!")
        )
        return .json(answer, headers: [("Location", url)])
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
        let answer = ProvisionedServiceRequest.answer(
            url: url,
            variables: SchedulerVariables.all(
                serviceURL: site.serviceURL,
                username: made.username,
                password: made.password
            ),
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
