internal import Domain
internal import Engine

/// `jobs`: what people ask Chronatog to call, and when.
enum JobRoutes {
    private static let path = "\(RouteTable.prefix)/jobs"

    static let all = [
        Route("POST", path, .scheduler, "Create a job", answer: create).with {
            $0.query = [
                Route.Parameter(
                    "scheduler",
                    "number or name of the scheduler it goes to (operator only)",
                    "1"
                ),
                dryRunParameter,
            ]
            $0.requestSchema = "JobRequest"
            $0.answerStatus = 201
            $0.answerSchema = "Job"
            $0.problems = [.malformed, .tooLarge, .invalid, .storageFull]
        },
        Route("GET", path, .scheduler, "List jobs, oldest first", answer: list).with {
            $0.query =
                Listed.parameters("a job's id") + [
                    Route.Parameter("label", "only jobs with this label", "team:billing")
                ]
            $0.answerSchema = "[Job]"
            $0.problems = [.invalid]
        },
        Route("GET", "\(path)/{id}", .scheduler, "Read a job", answer: read).with {
            $0.answerSchema = "Job"
            $0.problems = [.notFound]
        },
        Route(
            "PUT",
            "\(path)/{id}",
            .scheduler,
            "Replace a job: fields left out take their defaults",
            answer: replace
        )
        .with(revising),
        Route(
            "PATCH",
            "\(path)/{id}",
            .scheduler,
            "Change the fields given; null takes one back",
            answer: change
        )
        .with(revising),
        Route("DELETE", "\(path)/{id}", .scheduler, "Remove a job", answer: remove).with {
            $0.isConditional = true
            $0.problems = [.notFound, .stale, .storageFull]
        },
        Route(
            "GET",
            "\(path)/{id}/secret",
            .scheduler,
            "The key that the job's calls are signed with",
            answer: secret
        )
        .with {
            $0.showsSecrets = true
            $0.answerSchema = "Secret"
            $0.problems = [.notFound]
        },
    ]

    private static let dryRunParameter = Route.Parameter(
        "dry_run",
        "true: check everything and answer 200 with what the job would be, and for a change with `changes`, "
            + "the fields that would differ; nothing is recorded",
        "true"
    )

    private static let revising: @Sendable (inout Route) -> Void = {
        $0.isConditional = true
        $0.query = [dryRunParameter]
        $0.requestSchema = "JobRequest"
        $0.answerSchema = "Job"
        $0.problems = [.malformed, .notFound, .stale, .tooLarge, .invalid, .storageFull]
    }

    @Sendable private static func create(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let surroundings = try await site.surroundings()
        let form = JobForm(object: try RequestBody.object(request.body), surroundings: surroundings)
        let draft = try form.draft(.whole, current: nil)
        let scheduler = try await site.scheduler(wantedBy: request)
        if try request.isDryRun {
            let view = try await site.engine.preview(draft, scheduler: scheduler)
            return .json(site.json(view, now: surroundings.now))
        }
        let view = try await site.engine.register(draft, scheduler: scheduler)
        site.owners.note(view.id, view.entry.scheduler)
        return .object(
            site.json(view, now: surroundings.now),
            sequence: view.entry.sequence,
            status: 201,
            location: site.url("\(path)/\(view.id)")
        )
    }

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let limit = try request.query.limit()
        let after = try Listed.after(request).map { JobID(UInt32(clamping: $0)) } ?? JobID(0)
        let label = try Labels.wanted(request)
        let now = try await site.now()
        let views = try await jobs(site, request, after: after, limit: limit + 1, label: label)
        let shown = views.prefix(limit)
        return .list(
            shown.map { site.json($0, now: now) },
            request,
            site,
            next: views.count > limit ? shown.last.map { "\($0.id)" } : nil
        )
    }

    /// Jobs after one, those with the label if there is one. Pages keep the engine free for its work.
    private static func jobs(
        _ site: Site,
        _ request: APIRequest,
        after: JobID,
        limit: Int,
        label: String?
    ) async throws -> [JobView] {
        guard let label else {
            return try await site.engine.jobs(after: after, limit: limit, as: request.caller)
        }
        var found: [JobView] = []
        var cursor = after
        while found.count < limit {
            let page = try await site.engine.jobs(after: cursor, limit: 1000, as: request.caller)
            guard let last = page.last else { break }
            found += page.filter { $0.definition.labels.contains(label) }
            cursor = last.id
        }
        return Array(found.prefix(limit))
    }

    @Sendable private static func read(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let view = try await site.engine.job(try request.jobID(), as: request.caller)
        return .object(site.json(view, now: try await site.now()), sequence: view.entry.sequence)
    }

    @Sendable private static func replace(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await revise(site, request, .whole)
    }

    @Sendable private static func change(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await revise(site, request, .changes)
    }

    private static func revise(_ site: Site, _ request: APIRequest, _ mode: JobForm.Mode) async throws
        -> Reply
    {
        let surroundings = try await site.surroundings()
        let form = JobForm(object: try RequestBody.object(request.body), surroundings: surroundings)
        let change: @Sendable (JobDefinition) throws(CommandError) -> JobDraft = {
            current throws(CommandError) in try form.draft(mode, current: current)
        }
        let (job, ifMatch) = (try request.jobID(), try request.ifMatch())
        if try request.isDryRun {
            let (old, new) = try await site.engine.preview(
                job,
                as: request.caller,
                ifMatch: ifMatch,
                change: change
            )
            return .json(site.json(new, over: old, now: surroundings.now))
        }
        let view = try await site.engine.revise(job, as: request.caller, ifMatch: ifMatch, change: change)
        return .object(site.json(view, now: surroundings.now), sequence: view.entry.sequence)
    }

    @Sendable private static func remove(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await site.engine.remove(try request.jobID(), as: request.caller, ifMatch: try request.ifMatch())
        return .empty
    }

    @Sendable private static func secret(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let secret = try await site.engine.signingSecret(of: try request.jobID(), as: request.caller)
        return .json(.compact([("secret", .string(secret))]), headers: [("Cache-Control", "no-store")])
    }
}

extension APIRequest {
    /// Whether only the answer is wanted, not the deed.
    fileprivate var isDryRun: Bool {
        get throws {
            guard let text = query["dry_run"] else { return false }
            guard let flag = Bool(text) else {
                throw Problem("dry_run", "\"\(text)\" is neither true nor false")
            }
            return flag
        }
    }
}

extension Site {
    /// Whose a new job or check is: a scheduler's own, or the one that the operator names.
    func scheduler(wantedBy request: APIRequest) async throws -> UInt32 {
        let wanted = request.query["scheduler"]
        if case .scheduler(let own) = request.caller {
            guard wanted == nil || wanted == "\(own)" else {
                throw Problem.notFound("scheduler \(wanted ?? "")")
            }
            return own
        }
        guard let wanted else { return try await gate.defaultScheduler() }
        let all = try await engine.schedulers()
        guard
            let found = all.first(where: {
                "\($0.number)" == wanted || $0.name == wanted || $0.username == wanted
            })
        else { throw Problem.notFound("scheduler \(wanted)") }
        return found.number
    }
}

/// What lists have in common.
enum Listed {
    static func parameters(_ after: String) -> [Route.Parameter] {
        [
            Route.Parameter(
                "limit",
                "1 to \(ListLimits.countMax), \(ListLimits.defaultCount) if not given",
                "100"
            ),
            Route.Parameter("after", "\(after): the last element of the page before"),
        ]
    }

    /// `after` as a decimal id.
    static func after(_ request: APIRequest) throws -> UInt64? {
        guard let text = request.query["after"] else { return nil }
        guard let number = UInt64(text) else {
            throw Problem("after", "\"\(text)\" is not an id of this list")
        }
        return number
    }
}
