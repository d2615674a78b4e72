internal import Domain
internal import Engine
internal import Integrations

/// `partner`: who we are to marketplaces, and our service there. The operator's business.
enum PartnerRoutes {
    private static let path = "\(RouteTable.prefix)/partner"
    private static let idBytesMax = 200
    private static let keyBytesMax = 500
    private static let urlBytesMax = 2000

    static let all = [
        Route("GET", path, .operatorOnly, "Show marketplaces and our service there", answer: show).with {
            $0.answerSchema = "Partner"
        },
        Route(
            "PUT",
            "\(path)/credentials",
            .operatorOnly,
            "Set the id and key of a marketplace",
            answer: setCredentials
        ).with {
            $0.requestSchema = "PartnerCredentials"
            $0.answerSchema = "Partner"
            $0.problems = [.malformed, .invalid, .storageFull]
        },
        Route(
            "GET",
            "\(path)/services",
            .operatorOnly,
            "Ask the marketplace for our services there",
            answer: list
        ).with {
            $0.query = [
                .init("registration_url", "the marketplace's registration URL; known once we registered")
            ]
            $0.answerSchema = "[PartnerService]"
            $0.problems = [.conflict, .invalid]
        },
        Route(
            "POST",
            "\(path)/service",
            .operatorOnly,
            "Register our service with a marketplace",
            answer: register
        ).with {
            $0.requestSchema = "PartnerRegistration"
            $0.answerSchema = "Partner"
            $0.problems = [.malformed, .conflict, .invalid, .storageFull]
        },
        Route(
            "PUT",
            "\(path)/service",
            .operatorOnly,
            "Tell the marketplace anew what our service is",
            answer: update
        ).with {
            $0.answerSchema = "Partner"
            $0.problems = [.conflict, .storageFull]
        },
        Route(
            "DELETE",
            "\(path)/service",
            .operatorOnly,
            "Take our service out of the marketplace",
            answer: deregister
        ).with {
            $0.answerSchema = "Partner"
            $0.problems = [.conflict, .storageFull]
        },
    ]

    @Sendable private static func show(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await state(site)
    }

    @Sendable private static func setCredentials(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(try RequestBody.object(request.body))
        fields.refuseUnknown(["marketplace", "id", "key", "salt", "client_secret", "token_url"])
        var marketplace = MarketplaceKind.engineYardV1
        var (id, key, salt, secret, tokenURL) = ("", "", "", "", "")
        fields.read(
            "marketplace",
            into: &marketplace,
            default: .engineYardV1,
            choices: MarketplaceKind.allCases.map { (word: $0.word, choice: $0) }
        )
        fields.read("id", into: &id, bytesMax: idBytesMax)
        fields.read("key", into: &key, bytesMax: keyBytesMax)
        fields.read("salt", into: &salt, bytesMax: keyBytesMax)
        fields.read("client_secret", into: &secret, bytesMax: keyBytesMax)
        fields.read("token_url", into: &tokenURL, bytesMax: urlBytesMax)
        if !tokenURL.isEmpty {
            do { _ = try WebAddress(tokenURL) } catch { fields.fault("token_url", error.predicate) }
        }
        if id.isEmpty { fields.fault("id", "is missing") }
        if id.contains(":") || !HeaderRules.isValue(id) {
            fields.fault("id", "holds a colon or a control character, which a header cannot carry")
        }
        if key.isEmpty { fields.fault("key", "is missing") }
        try fields.check()
        let auth = AuthHMAC(id: id, key: key)
        try await site.engine.setCredentials(
            marketplace,
            PartnerCredentials(auth: auth, salt: salt, clientSecret: secret, tokenURL: tokenURL)
        )
        return try await state(site)
    }

    /// What the marketplace itself says. One that cannot be reached, or answers something else, is told as
    /// such.
    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let known = try await site.engine.accounts().marketplaces[.engineYardV1]?.registrationURL ?? ""
        let wanted = request.query["registration_url"] ?? known
        guard !wanted.isEmpty else {
            throw Problem(.conflict, "Where the marketplace lists services is not known yet; name its URL.")
        }
        let address: WebAddress
        do { address = try WebAddress(wanted) } catch {
            throw Problem("registration_url", error.predicate)
        }
        let said = ServiceListing(try await site.engine.ask(.engineYardV1, at: address))
        switch said {
        case .services(let list): return .json(.array(list))
        case .fault(let reason): throw Problem(.conflict, reason)
        }
    }

    @Sendable private static func register(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(try RequestBody.object(request.body))
        fields.refuseUnknown(["registration_url"])
        var url = ""
        fields.read("registration_url", into: &url, bytesMax: urlBytesMax)
        do {
            _ = try WebAddress(url)
        } catch {
            fields.fault("registration_url", error.predicate)
        }
        try fields.check()
        if let known = try await serviceURL(site) {
            throw Problem(.conflict, "The service is registered already, as \(known); update it instead.")
        }
        return try await announce(.register, at: url, PartnerService.own(site.publicURL).post, site)
    }

    @Sendable private static func update(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let url = try await registeredURL(site)
        return try await announce(.update, at: url, PartnerService.own(site.publicURL).post, site)
    }

    @Sendable private static func deregister(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await announce(.deregister, at: try await registeredURL(site), nil, site)
    }

    private static func serviceURL(_ site: Site) async throws -> String? {
        try await site.engine.accounts().marketplaces[.engineYardV1]?.serviceURL
    }

    private static func registeredURL(_ site: Site) async throws -> String {
        guard let url = try await serviceURL(site) else {
            throw Problem(.conflict, "The service is not registered with a marketplace.")
        }
        return url
    }

    private static func announce(_ purpose: PostPurpose, at url: String, _ body: JSON?, _ site: Site)
        async throws -> Reply
    {
        let post = try await site.engine.announce(purpose, to: .engineYardV1, at: url, body: body)
        guard let open = post else { return try await state(site) }
        let then = open.isDead ? "It is not tried again." : "It is tried again by itself."
        throw Problem(.conflict, "The marketplace did not take it: \(open.reason). \(then)")
    }

    private static func state(_ site: Site) async throws -> Reply {
        let table = try await site.engine.accounts()
        let known = table.marketplaces.sorted { $0.key.rawValue < $1.key.rawValue }.map { kind, own in
            JSON.object([
                JSON.Member("marketplace", .string(kind.word)),
                JSON.Member("id", .string(own.credentials.id)),
                JSON.Member("key", .string("***")),
                JSON.Member("service_url", own.serviceURL.map { .string($0) } ?? .null),
                JSON.Member(
                    "registration_url",
                    own.registrationURL.isEmpty ? .null : .string(own.registrationURL)
                ),
            ])
        }
        return .json(
            .object([
                JSON.Member("marketplaces", .array(known)),
                JSON.Member("billing_job", table.billingJob.map { .string("\($0)") } ?? .null),
            ])
        )
    }
}
