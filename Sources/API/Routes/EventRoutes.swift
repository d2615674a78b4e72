internal import Cron
internal import Domain
internal import Engine
internal import Streaming

/// `events`: committed records, as the outside sees them.
enum EventRoutes {
    static let all = [
        Route("GET", "\(RouteTable.prefix)/events", .scheduler, "What happened, in order", answer: list).with
        {
            $0.query = [
                Route.Parameter("since", "a `seq`: events after it", "0"),
                Route.Parameter(
                    "limit",
                    "1 to \(ListLimits.countMax), \(ListLimits.defaultCount) if not given",
                    "100"
                ),
                Route.Parameter(
                    "type",
                    "a type such as run.closed, or run.*; several with commas",
                    "run.closed"
                ),
                Route.Parameter("job", "a job's id", "1"),
            ]
            $0.answerSchema = "[Event]"
            $0.problems = [.notFound, .historyGone, .invalid]
        }
    ]

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let limit = try request.query.limit()
        let types = try types(request)
        var since = Sequence.zero
        if let text = request.query["since"] {
            guard let number = UInt64(text), number < UInt64(Int64.max) else {
                throw Problem(
                    "since",
                    "\"\(text)\" is not a sequence",
                    hint: "the seq of the last event seen, or 0"
                )
            }
            since = Sequence(number)
        }
        let job = try job(request)
        if let job, try await !site.mayRead(job, as: request.caller) { throw Problem.notFound("job \(job)") }
        let (caller, last) = (request.caller, since)
        let owners = try await site.ownership(for: caller)
        let (events, hasMore) = try await site.read { records -> ([EventView], Bool) in
            try records.refuseGone(last)
            var events: [EventView] = []
            var hasMore = false
            try records.scan(from: last.next, job: job) { entry in
                let event = EventView(entry)
                guard types.isEmpty || types.contains(where: { event.type.matches($0) }),
                    try mayShow(event, entry, caller, owners, records)
                else { return true }
                if events.count == limit { hasMore = true } else { events.append(event) }
                return !hasMore
            }
            return (events, hasMore)
        }
        let next = hasMore ? events.last.map { "\($0.sequence)" } : nil
        return .list(events.map(\.json), request, site, next: next, parameter: "since")
    }

    private static func mayShow(
        _ event: EventView,
        _ entry: Entry,
        _ caller: Caller,
        _ owners: Ownership,
        _ records: any RecordSource
    ) throws -> Bool {
        if event.visibility == .internal { return false }
        guard case .scheduler(let own) = caller else { return true }
        return try event.isForAccounts && owners.owner(of: entry.record, in: records) == own
    }

    private static func types(_ request: APIRequest) throws -> [String] {
        guard let text = request.query["type"] else { return [] }
        let filters = text.split(separator: ",").map { String($0) }
        let known = EventType.allCases
        for filter in filters where !known.contains(where: { $0.matches(filter) }) {
            throw Problem(
                "type",
                "\"\(filter)\" is not a type of event",
                hint: NearestWord.hint(for: filter, among: known.map(\.rawValue))
            )
        }
        return filters
    }

    private static func job(_ request: APIRequest) throws -> JobID? {
        guard let text = request.query["job"] else { return nil }
        guard let number = UInt32(text), number > 0 else { throw Problem.notFound("job \(text)") }
        return JobID(number)
    }
}
