internal import Cron
internal import Domain
internal import Journaling

/// `journal`: the records themselves, one JSON object a line, secrets masked. What `chronatog journal dump`
/// prints.
enum JournalRoutes {
    /// Records in one answer.
    static let recordsMax = 100_000
    static let recordsDefault = 10_000

    static let all = [
        Route(
            "GET",
            "\(RouteTable.prefix)/journal",
            .operatorOnly,
            "The journal's records, in order",
            answer: dump
        )
        .with {
            $0.query = [
                Route.Parameter("since", "a sequence: records after it", "0"),
                Route.Parameter("from", "a sequence or an instant, inclusive", "2026-01-01T00:00:00Z"),
                Route.Parameter("to", "a sequence or an instant, exclusive", "2000"),
                Route.Parameter("job", "a job's id", "1"),
                Route.Parameter("kind", "a kind of record; several with commas", "slotDecided"),
                Route.Parameter("limit", "1 to \(recordsMax), \(recordsDefault) if not given", "1000"),
            ]
            $0.answerType = "application/x-ndjson"
            $0.problems = [.historyGone, .invalid]
        }
    ]

    @Sendable private static func dump(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let since = try number(request, "since", 0...UInt64(Int64.max), default: 0)
        let limit = Int(try number(request, "limit", 1...UInt64(recordsMax), default: UInt64(recordsDefault)))
        let filter = try filter(request)
        let body = try await site.read { records -> [UInt8] in
            var body: [UInt8] = []
            var count = 0
            try records.refuseGone(Sequence(since))
            try records.scan(from: max(Sequence(since).next, filter.start), job: filter.job) { entry in
                if filter.isPast(entry) { return false }
                guard filter.wants(entry) else { return true }
                entry.json.write(to: &body)
                body.append(UInt8(ascii: "\n"))
                count += 1
                return count < limit
            }
            return body
        }
        return Reply(status: 200, headers: [("Content-Type", "application/x-ndjson")], body: body)
    }

    private static func filter(_ request: APIRequest) throws -> RecordFilter {
        var filter = RecordFilter()
        filter.from = try bound(request, "from")
        filter.to = try bound(request, "to")
        if let text = request.query["job"] {
            guard let number = UInt32(text), number > 0 else { throw Problem.notFound("job \(text)") }
            filter.job = JobID(number)
        }
        for word in (request.query["kind"] ?? "").split(separator: ",") {
            guard let kind = RecordKind(name: String(word)) else {
                let names = RecordKind.allCases.map(\.name)
                throw Problem(
                    "kind",
                    "\"\(word)\" is not a kind of record",
                    hint: NearestWord.question(String(word), in: names)
                )
            }
            filter.kinds.insert(kind)
        }
        return filter
    }

    private static func bound(_ request: APIRequest, _ name: String) throws -> RecordFilter.Bound? {
        guard let text = request.query[name] else { return nil }
        if let number = UInt64(text) { return .sequence(Sequence(number)) }
        return try request.query.instant(name).map { .time($0) }
    }

    private static func number(
        _ request: APIRequest,
        _ name: String,
        _ range: ClosedRange<UInt64>,
        default fallback: UInt64
    ) throws -> UInt64 {
        guard let text = request.query[name] else { return fallback }
        guard let number = UInt64(text), range.contains(number) else {
            throw Problem(
                name,
                "\"\(text)\" is not a number",
                hint: "\(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }
}
