internal import Domain
internal import Effects
internal import Engine

/// `schedulers`: Basic credentials, and who owns jobs. The operator's business.
enum SchedulerRoutes {
    private static let path = "\(RouteTable.prefix)/schedulers"
    private static let usernameBytesMax = 200
    /// Given by a person: shorter ones are refused.
    private static let passwordBytesMin = 8

    static let all = [
        Route(
            "POST",
            path,
            .operatorOnly,
            "Make credentials; the password is shown this once",
            answer: create
        ).with {
            $0.requestSchema = "SchedulerRequest"
            $0.isRequestOptional = true
            $0.answerStatus = 201
            $0.answerSchema = "NewScheduler"
            $0.problems = [.malformed, .conflict, .invalid, .storageFull]
        },
        Route("GET", path, .operatorOnly, "List schedulers, oldest first", answer: list).with {
            $0.query = Listed.parameters("a scheduler's id")
            $0.answerSchema = "[Scheduler]"
        },
        Route("GET", "\(path)/{id}", .operatorOnly, "Read a scheduler", answer: read).with {
            $0.answerSchema = "Scheduler"
            $0.problems = [.notFound]
        },
        Route("DELETE", "\(path)/{id}", .operatorOnly, "Remove a scheduler that has no jobs", answer: remove)
            .with {
                $0.problems = [.notFound, .conflict]
            },
    ]

    @Sendable private static func create(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(try RequestBody.object(request.body, isOptional: true))
        fields.refuseUnknown(["name", "username", "password"])
        var (name, username, password) = ("", "", "")
        fields.read("name", into: &name, bytesMax: JobLimits.nameBytesMax)
        fields.read("username", into: &username, bytesMax: usernameBytesMax)
        fields.read("password", into: &password, bytesMax: usernameBytesMax)
        if username.contains(":") || !HeaderRules.isValue(username) {
            fields.fault("username", "holds a colon or a control character, which Basic cannot carry")
        }
        if fields.value("password") != nil, password.utf8.count < passwordBytesMin {
            fields.fault(
                "password",
                "has fewer than \(passwordBytesMin) bytes",
                hint: "leave it out to have one made"
            )
        }
        try fields.check()
        if username.isEmpty { username = "U" + hexadecimal(site.entropy.bytes(7)) }
        if password.isEmpty { password = "P" + hexadecimal(site.entropy.bytes(13)) }
        let record = try await site.engine.registerScheduler(
            name: name,
            username: username,
            password: password
        )
        site.gate.forget()
        guard case .object(var members) = json(record, site) else { return .empty }
        members.append(JSON.Member("password", .string(password)))
        return .json(
            .object(members),
            status: 201,
            headers: [("Location", site.url("\(path)/\(record.number)")), ("Cache-Control", "no-store")]
        )
    }

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let limit = try request.query.limit()
        let after = try Listed.after(request) ?? 0
        let all = try await site.engine.schedulers().filter { UInt64($0.number) > after }
        let shown = all.prefix(limit)
        let next = all.count > limit ? shown.last.map { "\($0.number)" } : nil
        return .list(shown.map { json($0, site) }, request, site, next: next)
    }

    @Sendable private static func read(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let number = try number(request)
        guard let found = try await site.engine.schedulers().first(where: { $0.number == number }) else {
            throw Problem(.noSuchScheduler(number))
        }
        return .json(json(found, site))
    }

    @Sendable private static func remove(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let number = try number(request)
        try await site.engine.removeScheduler(number)
        site.gate.forget()
        return .empty
    }

    private static func number(_ request: APIRequest) throws -> UInt32 {
        let text = request.parameters["id"] ?? ""
        guard let number = APIRequest.decimal(text).flatMap({ UInt32(exactly: $0) }) else {
            throw Problem.notFound("scheduler \(text)")
        }
        return number
    }

    private static func json(_ record: SchedulerRegistered, _ site: Site) -> JSON {
        .object([
            JSON.Member("id", .string("\(record.number)")),
            JSON.Member("url", .string(site.url("\(path)/\(record.number)"))),
            JSON.Member("name", .string(record.name)),
            JSON.Member("username", .string(record.username)),
        ])
    }
}
