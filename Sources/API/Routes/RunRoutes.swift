internal import Domain
internal import Engine

/// `runs`: what was called, and what came of it.
enum RunRoutes {
    static let all = [
        Route(
            "GET",
            "\(RouteTable.prefix)/jobs/{id}/runs",
            .scheduler,
            "List a job's runs, oldest first",
            answer: list
        )
        .with {
            $0.query =
                Listed.parameters("a run's id") + [
                    Route.Parameter(
                        "last",
                        "instead of limit and after: the last so many, oldest first",
                        "10"
                    )
                ]
            $0.answerSchema = "[Run]"
            $0.problems = [.notFound, .invalid]
        },
        Route("GET", "\(RouteTable.prefix)/runs/{id}", .scheduler, "Read a run", answer: read).with {
            $0.answerSchema = "Run"
            $0.problems = [.notFound]
        },
        Route(
            "POST",
            "\(RouteTable.prefix)/runs/{id}/release",
            .scheduler,
            "Call again for a slot held as unknown-held, with its key",
            answer: release
        )
        .with {
            $0.answerStatus = 202
            $0.answerSchema = "Run"
            $0.problems = [.notFound, .conflict, .storageFull]
        },
    ]

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let view = try await site.engine.job(try request.jobID(), as: request.caller)
        let last = try request.query.number("last", in: 1...ListLimits.countMax)
        let limit = try last ?? request.query.limit()
        let after = try Listed.after(request).map { Sequence($0) } ?? .zero
        let now = try await site.now()
        let list = try await site.read { records in
            let begin = try records.historyStart(of: view, now: now)
            var list = RunList(limit: limit, isTail: last != nil)
            if last == nil {
                try records.scan(view, from: max(after.next, begin.sequence)) { list.add($0) }
            } else {
                for entry in try recent(limit, of: view, in: records) where entry.sequence >= begin.sequence {
                    _ = list.add(entry)
                }
            }
            return list
        }
        let runs = list.answer
        return .list(
            runs.map(\.json),
            request,
            site,
            next: list.hasMore ? runs.last.map { "\($0.id)" } : nil
        )
    }

    /// The records since the last so many runs were opened, in order.
    private static func recent(_ count: Int, of view: JobView, in records: any RecordSource) throws -> [Entry]
    {
        var (entries, left): ([Entry], Int) = ([], count)
        try records.scanBack(from: view.entry.newest, of: view.id) { entry in
            entries.append(entry)
            if RunHistory(opening: entry) != nil { left -= 1 }
            return left > 0
        }
        return entries.reversed()
    }

    @Sendable private static func read(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(try await run(site, request).json)
    }

    /// A run held as unknown is called again, with its slot's key, when somebody has looked.
    @Sendable private static func release(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let held = try await run(site, request)
        guard held.result == .unknownHeld, let slot = held.slot else {
            throw CommandError.conflict("run \(held.id) is not a slot's run that ended as unknown-held")
        }
        let opened = try await site.engine.release(slot, of: held.job, as: request.caller)
        return .json(RunHistory(id: opened.id, open: opened.run).json, status: 202)
    }

    static func run(_ site: Site, _ request: APIRequest) async throws -> RunHistory {
        let id = try request.runID()
        let (now, engine, caller) = (try await site.now(), site.engine, request.caller)
        let found = try await site.read { records -> RunHistory? in
            if id < records.historyStart.sequence {
                throw Problem.historyGone(before: records.historyStart)
            }
            guard let opening = try records.find(id), var run = RunHistory(opening: opening) else {
                return nil
            }
            try records.scan(from: id.next, job: run.job) { entry in
                run.add(entry)
                return run.isOpen
            }
            return run
        }
        guard let run = found, try await site.mayRead(run.job, as: request.caller) else {
            throw Problem.notFound("run \(id)")
        }
        if let view = try? await engine.job(run.job, as: caller) {
            let begin = try await site.read { try $0.historyStart(of: view, now: now) }
            if id < begin.sequence { throw Problem.historyGone(before: begin) }
        }
        return run
    }
}

extension Site {
    /// Whether the caller owns a job, which may be removed by now.
    func mayRead(_ job: JobID, as caller: Caller) async throws -> Bool {
        guard case .scheduler(let own) = caller else { return true }
        let owners = owners
        return try await read { try owners.owner(of: job, in: $0) } == own
    }
}
