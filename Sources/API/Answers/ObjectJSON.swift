internal import Cron
internal import Domain
internal import Engine
internal import Streaming

/// The objects behind `resource_uri`, with the fields that Tutum's clients look for: `uuid`, `resource_uri`,
/// `name`, `state`, parents by their URIs, and dates as RFC 1123 has them.
enum ObjectJSON {
    // MARK: Account, schedulers

    static func account(_ site: Site) async -> JSON {
        object(.account, ObjectView.accountID, "Running", [("name", .string("default"))])
    }

    static func schedulers(_ site: Site, _ caller: Caller) async throws -> [JSON] {
        try await site.engine.schedulers().filter { caller.mayUse(scheduler: $0.number) }.map { scheduler in
            object(
                .scheduler,
                "\(scheduler.number)",
                "Running",
                [
                    ("name", .string(scheduler.name)), ("username", .string(scheduler.username)),
                    ("account", .string(ObjectView.uri(.account, ObjectView.accountID))),
                ]
            )
        }
    }

    @Sendable static func scheduler(_ site: Site, _ request: APIRequest) async throws -> JSON {
        let uri = ObjectView.uri(.scheduler, request.parameters["id"] ?? "")
        if let found = try await schedulers(site, request.caller).first(where: {
            $0["resource_uri"]?.string == uri
        }) {
            return found
        }
        // One that was removed was there, and nothing else is left of it.
        guard request.caller == .operator, let number = UInt32(request.parameters["id"] ?? "") else {
            throw ObjectRoutes.missing(request)
        }
        let wasThere = try await removed(site) { entry in
            if case .schedulerRemoved(let record) = entry.record { record.number == number } else { false }
        }
        guard wasThere else { throw ObjectRoutes.missing(request) }
        return object(.scheduler, "\(number)", "Terminated", [])
    }

    // MARK: Jobs

    @Sendable static func jobs(
        _ site: Site,
        _ request: APIRequest,
        _ page: ObjectRoutes.Page
    ) async throws -> JSON {
        var after = JobID(0)
        var total = 0
        var shown: [JSON] = []
        while true {
            let views = try await site.engine.jobs(
                after: after,
                limit: ListLimits.countMax,
                as: request.caller
            )
            for view in views {
                if total >= page.offset, shown.count < page.limit { shown.append(job(view)) }
                total += 1
            }
            guard views.count == ListLimits.countMax, let last = views.last else { break }
            after = last.id
        }
        return page.of(shown, total: total)
    }

    @Sendable static func job(_ site: Site, _ request: APIRequest) async throws -> JSON {
        let id = try request.jobID()
        do throws(CommandError) {
            return job(try await site.engine.job(id, as: request.caller))
        } catch {
            guard case .noSuchJob = error, let owner = try await site.engine.owners(of: [id])[id],
                request.caller.mayUse(scheduler: owner)
            else { throw error }
            return object(.job, "\(id)", "Terminated", family(owner))
        }
    }

    private static func job(_ view: JobView) -> JSON {
        let state = view.entry.state.word
        return object(
            .job,
            "\(view.id)",
            state.prefix(1).uppercased() + state.dropFirst(),
            [
                ("name", .string(view.definition.name)),
                ("created_datetime", .string(date(view.entry.registeredAt))),
                ("next_datetime", view.entry.next == .distantFuture ? .null : .string(date(view.entry.next))),
                ("schedule", .array(view.definition.schedule.map { .string($0) })),
                ("zone", .string(view.definition.zone)),
                ("open_runs", .number(Int64(view.entry.openRuns))),
                ("last_result", view.entry.lastResult.map { .string($0.word) } ?? .null),
            ] + family(view.entry.scheduler)
        )
    }

    private static func family(_ owner: UInt32?) -> [(String, JSON?)] {
        [
            ("scheduler", owner.map { .string(ObjectView.uri(.scheduler, $0)) }),
            ("account", .string(ObjectView.uri(.account, ObjectView.accountID))),
        ]
    }

    // MARK: Runs

    /// Records looked at for a list of runs that names no job.
    private static let recentRecords: UInt64 = 20_000

    /// The latest first: one job's, or of all the last that the newest records tell of.
    @Sendable static func runs(
        _ site: Site,
        _ request: APIRequest,
        _ page: ObjectRoutes.Page
    ) async throws -> JSON {
        let wanted = page.offset + page.limit
        var list = RunList(limit: ListLimits.countMax, isTail: true)
        if let uri = request.query["object"] {
            let parts = uri.split(separator: "/")
            guard parts.count == 4, parts.starts(with: ["api", "v1", "job"]), let number = UInt32(parts[3])
            else {
                throw Problem("object", "\"\(uri)\" is not a job's resource_uri", hint: "/api/v1/job/1/")
            }
            let view = try await site.engine.job(JobID(number), as: request.caller)
            list = try await site.read { records in
                var list = RunList(limit: max(wanted, ListLimits.countMax), isTail: true)
                try records.scan(view) { list.add($0) }
                return list
            }
        } else {
            let head = try await site.engine.figures().sequence
            let (owners, caller) = (site.owners, request.caller)
            list = try await site.read { records in
                var list = RunList(limit: max(wanted, ListLimits.countMax), isTail: true)
                let first = head.value > recentRecords ? head.value - recentRecords : 1
                try records.scan(from: Sequence(first)) { entry in
                    guard RunHistory.run(of: entry) != nil, let job = entry.record.job else { return true }
                    if case .scheduler(let own) = caller, try owners.owner(of: job, in: records) != own {
                        return true
                    }
                    _ = list.add(entry)
                    return true
                }
                return list
            }
        }
        return page.of(list.answer.reversed().map { run($0, owner: nil) })
    }

    @Sendable static func run(_ site: Site, _ request: APIRequest) async throws -> JSON {
        let found = try await RunRoutes.run(site, request)
        return run(found, owner: try await site.engine.owners(of: [found.job])[found.job])
    }

    static func run(_ run: RunHistory, owner: UInt32?) -> JSON {
        let pending: RunState = run.retryAt == nil ? .inProgress : .pending
        let state = run.result.map { RunState($0) } ?? pending
        return object(
            .run,
            "\(run.id)",
            state.rawValue,
            [
                ("action", .string("Job Run")), ("method", .string("POST")),
                ("object", .string(ObjectView.uri(.job, run.job))),
                ("path", .string("\(RouteTable.prefix)/jobs/\(run.job)/run")), ("location", .string("")),
                ("start_date", .string(date(run.startedAt))),
                ("end_date", run.endedAt.map { .string(date($0)) } ?? .null),
                ("is_user_action", .bool(run.trigger == .manual)),
                ("can_be_canceled", .bool(run.isOpen)), ("can_be_retried", .bool(!run.isOpen)),
                ("result", run.result.map { .string($0.word) } ?? .null),
                ("attempts", .number(Int64(run.attempts.count))),
            ] + family(owner)
        )
    }

    /// A line an attempt, and the end.
    static func log(_ run: RunHistory) -> [String] {
        var lines = ["\(date(run.startedAt)) run \(run.id) of job \(run.job) began (\(run.trigger.word))"]
        for report in run.attempts {
            let took = Domain.Span(microseconds: Int64(report.timings.total)).text
            let outcome =
                report.failure.map { "\($0.kind.word): \($0.message)" } ?? "answered \(report.status)"
            lines.append("attempt \(report.n) after \(took): \(outcome)")
            let body = String(decoding: report.body, as: UTF8.self)
            lines += body.split(whereSeparator: \.isNewline).map { "  \($0)" }
        }
        if let result = run.result, let end = run.endedAt {
            lines.append("\(date(end)) ended: \(result.word)")
        }
        return lines
    }

    // MARK: Checks

    static func checks(_ site: Site, _ caller: Caller) async throws -> [JSON] {
        var all: [JSON] = []
        var after = CheckID(0)
        while true {
            let views = try await site.engine.checks(after: after, limit: ListLimits.countMax, as: caller)
            all += views.map { check($0) }
            guard views.count == ListLimits.countMax, let last = views.last else { return all }
            after = last.id
        }
    }

    @Sendable static func check(_ site: Site, _ request: APIRequest) async throws -> JSON {
        guard let text = request.parameters["id"], let number = UInt32(text), "\(number)" == text else {
            throw ObjectRoutes.missing(request)
        }
        let id = CheckID(number)
        do throws(CommandError) {
            return check(try await site.engine.check(id, as: request.caller))
        } catch {
            guard case .noSuchCheck = error, request.caller == .operator else { throw error }
            guard try await removed(site, { $0.record.check == id }) else { throw error }
            return object(.check, text, "Terminated", [])
        }
    }

    private static func check(_ view: CheckView) -> JSON {
        let word = view.entry.isPaused ? "paused" : view.entry.standing.status.word
        return object(
            .check,
            "\(view.id)",
            word.prefix(1).uppercased() + word.dropFirst(),
            [
                ("name", .string(view.definition.name)),
                ("created_datetime", .string(date(view.entry.registeredAt))),
            ] + family(view.entry.scheduler)
        )
    }

    /// Whether the journal tells of something that is not there any more.
    static func removed(
        _ site: Site,
        _ isIt: @escaping @Sendable (Entry) -> Bool
    ) async throws -> Bool {
        try await site.read { records in
            var found = false
            try records.scan(from: Sequence(1)) { entry in
                found = isIt(entry)
                return !found
            }
            return found
        }
    }

    // MARK: Alerts and messages

    static func openAlerts(_ site: Site, _ caller: Caller) async throws -> [JSON] {
        let views = try await site.engine.openAlerts()
        let owners = try await site.owners(of: views.map(\.alert.opened))
        return zip(views, owners).compactMap { view, owner in
            guard mayRead(owner, caller) else { return nil }
            return alert(view.id, view.alert.opened, at: view.alert.openedAt, state(of: view), owner)
        }
    }

    @Sendable static func alert(_ site: Site, _ request: APIRequest) async throws -> JSON {
        let id = try request.runID()
        let entry = try await site.read { try $0.find(id) }
        guard let entry, case .alertOpened(let opened) = entry.record else {
            throw ObjectRoutes.missing(request)
        }
        // Of a check that is gone the journal tells.
        let ownership = try await site.ownership(for: request.caller)
        let owner = try await site.read { try ownership.owner(of: entry.record, in: $0) }
        guard mayRead(owner, request.caller) else { throw ObjectRoutes.missing(request) }
        let open = try await site.engine.openAlerts().first { $0.id == id }
        return alert(id, opened, at: entry.time, open.map(state(of:)) ?? "Resolved", owner)
    }

    private static func state(of view: AlertView) -> String {
        view.alert.acknowledgedAt == nil ? "Open" : "Acknowledged"
    }

    /// What belongs to no job or check is the operator's.
    private static func mayRead(_ owner: UInt32?, _ caller: Caller) -> Bool {
        owner.map { caller.mayUse(scheduler: $0) } ?? (caller == .operator)
    }

    private static func alert(
        _ id: AlertID,
        _ opened: AlertOpened,
        at time: Timestamp,
        _ state: String,
        _ owner: UInt32?
    ) -> JSON {
        object(
            .alert,
            "\(id)",
            state,
            [
                ("name", .string(opened.title)), ("key", .string(opened.key)),
                ("severity", .string(opened.severity.word)), ("cause", .string(opened.cause.word)),
                ("job", opened.job.map { .string(ObjectView.uri(.job, $0)) }),
                ("check", CheckID(alertKey: opened.key).map { .string(ObjectView.uri(.check, $0)) }),
                ("created_datetime", .string(date(time))),
            ] + family(owner)
        )
    }

    static func delivery(_ view: MessageView) -> JSON {
        let state = view.message.isDead ? "Failed" : "Pending"
        return delivery(view.id, view.message.channel, view.message.kind, view.message.alert, state)
    }

    @Sendable static func delivery(_ site: Site, _ request: APIRequest) async throws -> JSON {
        let id = try request.runID()
        if let waiting = try await site.engine.pendingMessages().first(where: { $0.id == id }) {
            return delivery(waiting)
        }
        let entry = try await site.read { try $0.find(id) }
        guard case .messageIntended(let intent)? = entry?.record else { throw ObjectRoutes.missing(request) }
        let state = try await site.read { try end(of: id, in: $0) }
        return delivery(id, intent.channel, intent.kind, intent.alert, state)
    }

    /// One that is neither waiting nor dead has arrived, unless somebody discarded it.
    private static func end(of id: MessageID, in records: any RecordSource) throws -> String {
        var isDiscarded = false
        // It may have gone with another.
        var leader = id
        try records.scan(from: id) { entry in
            switch entry.record {
            case .messagesGrouped(let record) where record.members.contains(id): leader = record.leader
            case .messageDelivered(let record): return record.message != id && record.message != leader
            case .messageDiscarded(let record):
                isDiscarded = record.message == id
                return !isDiscarded
            default: break
            }
            return true
        }
        return isDiscarded ? "Terminated" : "Success"
    }

    private static func delivery(
        _ id: MessageID,
        _ channel: String,
        _ kind: MessageKind,
        _ alert: AlertID,
        _ state: String
    ) -> JSON {
        object(
            .delivery,
            "\(id)",
            state,
            [
                ("name", .string("\(kind.word) to \(channel)")), ("channel", .string(channel)),
                ("alert", alert == .zero ? .null : .string(ObjectView.uri(.alert, alert))),
            ]
        )
    }

    // MARK: Parts

    static func object(
        _ kind: ObjectKind,
        _ id: String,
        _ state: String,
        _ more: [(String, JSON?)]
    ) -> JSON {
        .compact(
            [
                ("uuid", .string(id)), ("resource_uri", .string(ObjectView.uri(kind, id))),
                ("state", .string(state)),
            ] + more
        )
    }

    /// `Sun, 06 Nov 1994 08:49:37 +0000`
    private static func date(_ time: Timestamp) -> String {
        HTTPDate.text(time).replacing(" GMT", with: " +0000")
    }
}
