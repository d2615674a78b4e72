internal import Domain
internal import Effects
internal import Engine
internal import Streaming

/// `tokens`: what the operator gives out so that others may do some things, and the URLs that start a run
/// without any credentials.
enum TokenRoutes {
    private static let path = "\(RouteTable.prefix)/tokens"
    /// What is posted to a trigger URL stands in the journal, with the run.
    static let eventBytesMax = 64 << 10

    static let all = [
        Route("POST", path, .operatorOnly, "Make a token; it is shown this once", answer: add).with {
            $0.requestSchema = "TokenRequest"
            $0.answerStatus = 201
            $0.answerSchema = "NewToken"
            $0.problems = [.malformed, .notFound, .conflict, .invalid, .storageFull]
        },
        Route("GET", path, .operatorOnly, "List tokens, without the tokens themselves", answer: list).with {
            $0.answerSchema = "[Token]"
        },
        Route("DELETE", "\(path)/{name}", .operatorOnly, "Revoke a token, from now on", answer: remove).with {
            $0.problems = [.notFound, .storageFull]
        },
        Route(
            "POST",
            "/trigger/{key}",
            .anyone,
            "Start a run of the job that the key is for",
            answer: trigger
        )
        .with {
            $0.takesAnyQuery = true
            $0.answerStatus = 202
            $0.answerSchema = "Triggered"
            $0.problems = [.malformed, .notFound, .conflict, .tooLarge, .throttled, .storageFull]
        },
    ]

    @Sendable private static func add(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(try RequestBody.object(request.body))
        fields.refuseUnknown(["name", "role", "job"])
        var (name, role, job) = ("", TokenRole.read, "")
        fields.read("name", into: &name, bytesMax: AccessToken.nameBytesMax)
        let roles = TokenRole.allCases.map { (word: $0.word, choice: $0) }
        fields.read("role", into: &role, default: .read, choices: roles)
        fields.read("job", into: &job, bytesMax: 10)
        if !CheckForm.isSlug(name) { fields.fault("name", "has to be of a-z 0-9 _ -") }
        if !fields.has("role") {
            fields.fault("role", "is missing", hint: "one of \(roles.map(\.word).joined(separator: ", "))")
        }
        let number = APIRequest.decimal(job).flatMap { UInt32(exactly: $0) }
        if !job.isEmpty {
            if number == nil { fields.fault("job", "\"\(job)\" is not the id of a job") }
            if role != .trigger { fields.fault("job", "is for the role trigger only") }
        }
        try fields.check()
        let text = "ct_\(hexadecimal(site.entropy.bytes(32)))"
        let token = AccessToken(
            name: name,
            role: role,
            job: number.map { JobID($0) },
            digest: Gate.digest(text)
        )
        let known = try await site.engine.addToken(token)
        site.gate.forgetTokens()
        guard case .object(var members) = json(known, site) else { return .empty }
        members += [
            JSON.Member("token", .string(text)),
            JSON.Member("trigger_url", token.job == nil ? .null : .string(site.url("/trigger/\(text)"))),
        ]
        return .json(
            .object(members),
            status: 201,
            headers: [("Location", site.url("\(path)/\(name)")), ("Cache-Control", "no-store")]
        )
    }

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(.array(try await site.engine.tokens().map { json($0, site) }))
    }

    /// It stops to count before the record is written: the news of it is the last that its streams are due.
    @Sendable private static func remove(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let name = request.parameters["name"] ?? ""
        try await site.gate.revokeToken(name)
        do {
            try await site.engine.removeToken(name)
        } catch {
            site.gate.forgetTokens()
            throw error
        }
        // Whoever read the list in between read it with the token.
        try await site.gate.revokeToken(name)
        return .empty
    }

    private static func json(_ known: KnownToken, _ site: Site) -> JSON {
        let token = known.token
        return .object([
            JSON.Member("name", .string(token.name)), JSON.Member("role", .string(token.role.word)),
            JSON.Member("job", token.job.map { .string("\($0)") } ?? .null),
            JSON.Member("url", .string(site.url("\(path)/\(token.name)"))),
            JSON.Member("since", known.since.json),
        ])
    }

    // MARK: Trigger URLs

    @Sendable private static func trigger(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let (token, job) = try await site.gate.admitTrigger(request)
        guard let opened = try await site.engine.trigger(job, by: token.name, event: try event(request.body))
        else {
            var problem = Problem(.throttled, "Too many runs were started this way; wait a minute.")
            problem.headers = [Problem.Header(name: "Retry-After", value: "60")]
            throw problem
        }
        let run = site.url("\(RouteTable.prefix)/runs/\(opened.id)")
        return .json(
            .object([
                JSON.Member("requestId", .string("\(opened.id)")), JSON.Member("run", .string(run)),
                JSON.Member("resource_uri", .string(ObjectView.uri(.run, opened.id))),
            ]),
            status: 202,
            headers: [("Location", run)]
        )
    }

    /// What was sent, as the event of the run: JSON as it is, any other text as a JSON string.
    private static func event(_ body: [UInt8]) throws -> [UInt8] {
        guard body.count <= eventBytesMax else {
            throw Problem(.tooLarge, "What is sent to a trigger is limited to \(eventBytesMax) bytes.")
        }
        if body.isEmpty || (try? JSONReader.value(of: body)) != nil { return body }
        guard let text = String(validating: body, as: UTF8.self) else {
            throw Problem(.malformed, "What is sent to a trigger has to be JSON, or text in UTF-8.")
        }
        return Array(JSON.string(text).text.utf8)
    }
}
