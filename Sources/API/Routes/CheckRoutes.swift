internal import Domain
internal import Effects
internal import Engine

/// `checks`: what has to be heard from, and how it stands.
enum CheckRoutes {
    private static let path = "\(RouteTable.prefix)/checks"
    private static let keyPath = "\(RouteTable.prefix)/ping-key"

    static let all = [
        Route("POST", path, .scheduler, "Create a check", answer: create).with {
            $0.query = [ownerParameter]
            $0.requestSchema = "CheckRequest"
            $0.answerStatus = 201
            $0.answerSchema = "Check"
            $0.problems = [.malformed, .notFound, .conflict, .invalid, .storageFull]
        },
        Route("GET", path, .scheduler, "List checks, oldest first", answer: list).with {
            $0.query =
                Listed.parameters("a check's id") + [
                    .init("tag", "only checks with this tag", "nightly"),
                    .init("slug", "only the check with this slug", "backup"),
                ]
            $0.answerSchema = "[Check]"
            $0.problems = [.invalid]
        },
        Route("GET", "\(path)/{id}", .scheduler, "Read a check", answer: read).with {
            $0.answerSchema = "Check"
            $0.problems = [.notFound]
        },
        Route(
            "PUT",
            "\(path)/{id}",
            .scheduler,
            "Replace a check: fields left out take their defaults",
            answer: replace
        ).with(revising),
        Route(
            "PATCH",
            "\(path)/{id}",
            .scheduler,
            "Change a check's fields given; null takes one back",
            answer: change
        ).with(revising),
        Route("DELETE", "\(path)/{id}", .scheduler, "Remove a check", answer: remove).with {
            $0.isConditional = true
            $0.problems = [.notFound, .stale, .storageFull]
        },
        Route(
            "POST",
            "\(path)/{id}/pause",
            .scheduler,
            "Expect nothing until resumed or pinged",
            answer: pause
        )
        .with(turning),
        Route("POST", "\(path)/{id}/resume", .scheduler, "Expect pings again", answer: resume).with(turning),
        Route("GET", "\(path)/{id}/pings", .scheduler, "List a check's pings, newest first", answer: pings)
            .with {
                $0.query = [
                    .init("limit", "1 to \(pingsMax), \(CheckEntry.recentMax) if not given", "20"),
                    .init("before", "a ping's id: the last element of the page before"),
                ]
                $0.answerSchema = "[Ping]"
                $0.problems = [.notFound, .invalid]
            },
        Route("GET", "\(path)/{id}/pings/{ping}", .scheduler, "Read a ping with its body", answer: ping).with
        {
            $0.answerSchema = "Ping"
            $0.problems = [.notFound]
        },
        Route("GET", keyPath, .scheduler, "The key in slug URLs; null before the first check", answer: key)
            .with {
                $0.showsSecrets = true
                $0.query = [ownerParameter]
                $0.answerSchema = "PingKey"
                $0.problems = [.notFound]
            },
        Route(
            "POST",
            "\(keyPath)/renew",
            .scheduler,
            "Make a new ping key; the old one stops working",
            answer: renew
        )
        .with {
            $0.query = [ownerParameter]
            $0.answerSchema = "PingKey"
            $0.problems = [.notFound, .storageFull]
        },
    ]

    private static let pingsMax = 1000

    private static let ownerParameter = Route.Parameter(
        "scheduler",
        "number or name of the scheduler that owns it (operator only)",
        "1"
    )

    private static let revising: @Sendable (inout Route) -> Void = {
        $0.isConditional = true
        $0.requestSchema = "CheckRequest"
        $0.answerSchema = "Check"
        $0.problems = [.malformed, .notFound, .stale, .invalid, .storageFull]
    }

    private static let turning: @Sendable (inout Route) -> Void = {
        $0.answerSchema = "Check"
        $0.problems = [.notFound, .conflict, .storageFull]
    }

    @Sendable private static func create(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let surroundings = try await site.surroundings()
        let form = CheckForm(object: try RequestBody.object(request.body), surroundings: surroundings)
        let definition = try form.definition(over: nil)
        let scheduler = try await site.scheduler(wantedBy: request)
        let view = try await site.engine.registerCheck(definition, scheduler: scheduler)
        return .object(
            site.json(view, now: surroundings.now),
            sequence: view.entry.sequence,
            status: 201,
            location: site.url("\(path)/\(view.id)")
        )
    }

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let limit = try request.query.limit()
        let after = try Listed.after(request).map { CheckID(UInt32(clamping: $0)) } ?? CheckID(0)
        let (tag, slug) = (request.query["tag"], request.query["slug"])
        let now = try await site.now()
        var found: [CheckView] = []
        var cursor = after
        while found.count <= limit {
            let page = try await site.engine.checks(after: cursor, limit: pingsMax, as: request.caller)
            guard let last = page.last else { break }
            found += page.filter { view in
                (tag.map { view.definition.tags.contains($0) } ?? true)
                    && (slug.map { view.definition.slug == $0 } ?? true)
            }
            cursor = last.id
        }
        let shown = found.prefix(limit)
        let next = found.count > limit ? shown.last.map { "\($0.id)" } : nil
        return .list(shown.map { site.json($0, now: now) }, request, site, next: next)
    }

    @Sendable private static func read(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await reply(site, try await site.engine.check(try request.checkID(), as: request.caller))
    }

    @Sendable private static func replace(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await revise(site, request, isWhole: true)
    }

    @Sendable private static func change(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await revise(site, request, isWhole: false)
    }

    private static func revise(_ site: Site, _ request: APIRequest, isWhole: Bool) async throws -> Reply {
        let surroundings = try await site.surroundings()
        let form = CheckForm(object: try RequestBody.object(request.body), surroundings: surroundings)
        let view = try await site.engine.reviseCheck(
            try request.checkID(),
            as: request.caller,
            ifMatch: try request.ifMatch()
        ) { current throws(CommandError) in try form.definition(over: isWhole ? nil : current) }
        return try await reply(site, view)
    }

    @Sendable private static func remove(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let check = try request.checkID()
        try await site.engine.removeCheck(check, as: request.caller, ifMatch: try request.ifMatch())
        return .empty
    }

    @Sendable private static func pause(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await reply(site, try await site.engine.pauseCheck(try request.checkID(), as: request.caller))
    }

    @Sendable private static func resume(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await reply(site, try await site.engine.resumeCheck(try request.checkID(), as: request.caller))
    }

    private static func reply(_ site: Site, _ view: CheckView) async throws -> Reply {
        .object(site.json(view, now: try await site.now()), sequence: view.entry.sequence)
    }

    // MARK: Pings

    /// The latest are in the ledger; each names the one before it, so older ones are looked up in the
    /// journal one by one.
    @Sendable private static func pings(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let limit = try request.query.number("limit", in: 1...pingsMax) ?? CheckEntry.recentMax
        let view = try await site.engine.check(try request.checkID(), as: request.caller)
        let before = try request.query["before"].map { text in
            guard let number = APIRequest.decimal(text) else {
                throw Problem("before", "\"\(text)\" is not a ping's id")
            }
            return Sequence(number)
        }
        let traces = view.entry.recent.reversed().filter { trace in before.map { trace.sequence < $0 } ?? true
        }
        if traces.count >= limit || UInt64(view.entry.recent.count) == view.entry.pings {
            return .json(.array(traces.prefix(limit).map(\.json)))
        }
        let known = Array(traces)
        let from = known.last?.sequence ?? before
        let older = try await site.read { records in
            try olderPings(than: from, of: view.id, limit - known.count, records)
        }
        return .json(.array((known + older).map(\.json)))
    }

    private static func olderPings(
        than newest: Sequence?,
        of check: CheckID,
        _ count: Int,
        _ records: any RecordSource
    ) throws -> [PingTrace] {
        var found: [PingTrace] = []
        guard let newest, case .checkPinged(let first)? = try records.find(newest)?.record,
            first.check == check
        else { return [] }
        var next = first.previous
        while next != .zero, found.count < count, let entry = try records.find(next),
            case .checkPinged(let record) = entry.record
        {
            found.append(PingTrace(record, entry.sequence, at: entry.time))
            next = record.previous
        }
        return found
    }

    @Sendable private static func ping(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let view = try await site.engine.check(try request.checkID(), as: request.caller)
        let text = request.parameters["ping"] ?? ""
        guard let number = APIRequest.decimal(text) else { throw Problem.notFound("ping \(text)") }
        let entry = try await site.read { try $0.find(Sequence(number)) }
        guard let entry, case .checkPinged(let record) = entry.record, record.check == view.id,
            case .object(let members) = PingTrace(record, entry.sequence, at: entry.time).json
        else { throw Problem.notFound("ping \(text) of check \(view.id)") }
        let body = String(validating: record.ping.body, as: UTF8.self)
        return .json(
            .object(
                members + [
                    JSON.Member("body", body.map { .string($0) } ?? .null),
                    JSON.Member("body_hex", body == nil ? .string(hexadecimal(record.ping.body)) : .null),
                ]
            )
        )
    }

    // MARK: The key of slug URLs

    @Sendable private static func key(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let scheduler = try await site.scheduler(wantedBy: request)
        return reply(site, key: try await site.engine.pingKey(of: scheduler))
    }

    @Sendable private static func renew(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let scheduler = try await site.scheduler(wantedBy: request)
        return reply(site, key: try await site.engine.renewPingKey(of: scheduler))
    }

    private static func reply(_ site: Site, key: String?) -> Reply {
        .json(
            .object([
                JSON.Member("ping_key", key.map { .string($0) } ?? .null),
                JSON.Member("url", key.map { .string(site.url("/ping/\($0)/")) } ?? .null),
            ]),
            headers: [("Cache-Control", "no-store")]
        )
    }
}

extension APIRequest {
    /// The check named in the path.
    fileprivate func checkID() throws -> CheckID {
        guard let text = parameters["id"], let number = Self.decimal(text),
            let small = UInt32(exactly: number)
        else { throw Problem.notFound("check \(parameters["id"] ?? "")") }
        return CheckID(small)
    }
}
