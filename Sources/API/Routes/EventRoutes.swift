internal import Cron
internal import Domain
internal import Engine
internal import Streaming

/// `events`: committed records, as the outside sees them; a list, or with `Accept: application/x-ndjson` one
/// object a line.
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
                Route.Parameter("from", "an instant: events of then and later", "2026-03-08T07:00:00Z"),
                Route.Parameter("to", "an instant: events before it", "2026-03-09T07:00:00Z"),
                Route.Parameter("text", "what an event's JSON has to contain, in any case", "timeout"),
            ]
            $0.answerSchema = "[Event]"
            $0.problems = [.notFound, .historyGone, .invalid]
        }
    ]

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let limit = try request.query.limit()
        let search = try EventSearch(request)
        if let job = search.job, try await !site.mayRead(job, as: request.caller) {
            throw Problem.notFound("job \(job)")
        }
        let caller = request.caller
        let owners = try await site.ownership(for: caller)
        let (events, hasMore) = try await site.read { records -> ([EventView], Bool) in
            try records.refuseGone(search.since)
            var events: [EventView] = []
            var hasMore = false
            try records.scan(from: try search.start(in: records), job: search.job) { entry in
                let event = EventView(entry)
                guard search.wants(event), try mayShow(event, entry, caller, owners, records) else {
                    return true
                }
                if events.count == limit { hasMore = true } else { events.append(event) }
                return !hasMore
            }
            return (events, hasMore)
        }
        let next = hasMore ? events.last.map { "\($0.sequence)" } : nil
        var reply = Reply.list(events.map(\.json), request, site, next: next, parameter: "since")
        if request.values("accept").contains(where: { $0.hasPrefix("application/x-ndjson") }) {
            reply.body = events.flatMap { Array("\($0.json.text)\n".utf8) }
            reply.headers.removeAll { $0.name == "Content-Type" }
            reply.headers.append((name: "Content-Type", value: "application/x-ndjson"))
        }
        return reply
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
}

/// Which events are looked for: all that is said has to hold.
struct EventSearch: Sendable {
    private(set) var since = Sequence.zero
    private(set) var job: JobID?
    private let types: [String]
    private let from: Timestamp?
    private let to: Timestamp?
    /// In lower case.
    private let text: String?

    init(_ request: APIRequest) throws {
        let query = request.query
        types = query.list("type")
        let known = EventType.allCases
        for filter in types where !known.contains(where: { $0.matches(filter) }) {
            throw Problem(
                "type",
                "\"\(filter)\" is not a type of event",
                hint: NearestWord.hint(for: filter, among: known.map(\.rawValue))
            )
        }
        from = try query.instant("from")
        to = try query.instant("to")
        text = query["text"].map { $0.lowercased() }
        if let text = query["since"] {
            guard let number = UInt64(text), number < UInt64(Int64.max) else {
                throw Problem(
                    "since",
                    "\"\(text)\" is not a sequence",
                    hint: "the seq of the last event seen, or 0"
                )
            }
            since = Sequence(number)
        }
        if let text = query["job"] {
            guard let number = UInt32(text), number > 0 else { throw Problem.notFound("job \(text)") }
            job = JobID(number)
        }
    }

    /// The index of times may lead a little before the first.
    func start(in records: any RecordSource) throws -> Sequence {
        guard let from else { return since.next }
        return max(since.next, try records.sequence(firstAtOrAfter: from))
    }

    func wants(_ event: EventView) -> Bool {
        if !types.isEmpty, !types.contains(where: { event.type.matches($0) }) { return false }
        if let from, event.time < from { return false }
        // No end of the search: clocks go back.
        if let to, event.time >= to { return false }
        return text.map { event.json.text.lowercased().contains($0) } ?? true
    }
}
