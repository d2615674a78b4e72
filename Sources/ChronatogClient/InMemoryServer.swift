internal import Cron
internal import Domain
internal import Effects
internal import Synchronization

/// A Chronatog in the memory of this process, for the tests of an app: it takes jobs and answers as the
/// server does, and calls nobody. Jobs run only when `runNow` says so, and then at once and well.
///
/// Each client made for `in-memory` has one of its own; hand one to several to let them share it.
public final class InMemoryServer: ClientTransport {
    /// What a request for a job may say.
    package static let jobFields = MemoryJob.fields
    static let serviceURL = "http://in-memory/chronatogapi/1/jobs"
    private static let root = "http://in-memory/chronatogapi/1"

    private struct State {
        var jobs: [Int: MemoryJob] = [:]
        var lastID = 0
        /// As in the server, runs are known by the sequence of the event that opened them.
        var events: [(json: JSON, type: String, job: Int)] = []
        var runs: [Int: (job: Int, at: Instant)] = [:]

        mutating func note(_ type: String, _ job: Int, run: Int? = nil) {
            let now = SystemTime().now
            let json = JSON.compact([
                ("seq", .number(Int64(events.count + 1))), ("type", .string(type)),
                ("time", .string(Instant(seconds: now.seconds).rfc3339)), ("job", .string("\(job)")),
                ("run", run.map { .string("\($0)") }),
            ])
            events.append((json, type, job))
        }
    }

    private let state = Mutex(State())

    public init() {}

    /// Forgets all jobs and begins to count anew.
    public func reset() {
        state.withLock { $0 = State() }
    }

    /// Callback URLs of the runs so far, oldest first: what a real server would have called.
    public var calls: [String] {
        state.withLock { state in
            state.runs.sorted { $0.key < $1.key }.compactMap { state.jobs[$0.value.job]?.callbackURL }
        }
    }

    public func send(_ request: ClientRequest) async throws(ChronatogError) -> ClientAnswer {
        let path = request.url.dropFirst(Self.root.count).prefix { $0 != "?" }
        let parts = path.split(separator: "/").map { String($0) }
        let query = Query(request.url)
        let body = try? JSONReader.value(of: String(decoding: request.body, as: UTF8.self))
        return state.withLock { state in
            switch (request.method, parts.first ?? "", parts.count) {
            case ("POST", "jobs", 1): Self.create(body ?? .null, &state)
            case ("GET", "jobs", 1): Self.list(query, state)
            case (_, "jobs", 2...): Self.answer(request.method, Array(parts.dropFirst()), query, body, &state)
            case ("GET", "runs", 2): Self.run(parts[1], state)
            case ("GET", "events", 1): Self.events(query, state)
            case ("GET", "next", 1): Self.next(query)
            default: Self.problem(404, ["There is no such route."])
            }
        }
    }

    // MARK: Jobs

    private static func create(_ body: JSON, _ state: inout State) -> ClientAnswer {
        let now = Instant(seconds: SystemTime().now.seconds)
        guard case .object(let members) = body else { return problem(400, ["the body is not a JSON object"]) }
        do {
            let job = try MemoryJob(members, anchor: now)
            state.lastID += 1
            state.jobs[state.lastID] = job
            state.note("job.registered", state.lastID)
            return answer(201, job.json(state.lastID, serviceURL))
        } catch {
            return problem(422, error.messages)
        }
    }

    private static func list(_ query: Query, _ state: State) -> ClientAnswer {
        let jobs = state.jobs.sorted { $0.key < $1.key }.filter { $0.key > query.number("after", or: 0) }
            .prefix(query.number("limit", or: 100))
        return answer(200, .array(jobs.map { $0.value.json($0.key, serviceURL) }))
    }

    private static func answer(
        _ method: String,
        _ parts: [String],
        _ query: Query,
        _ body: JSON?,
        _ state: inout State
    ) -> ClientAnswer {
        guard let id = parts.first.flatMap({ Int($0) }), let job = state.jobs[id], parts.count <= 2 else {
            return problem(404, ["There is no such job."])
        }
        switch (method, parts.count == 2 ? parts[1] : "") {
        case ("GET", ""): break
        case ("PATCH", ""):
            do {
                state.jobs[id] = try job.changed(body ?? .null)
                state.note("job.revised", id)
            } catch {
                return problem(422, error.messages)
            }
        case ("DELETE", ""):
            state.jobs[id] = nil
            state.note("job.removed", id)
            return ClientAnswer(status: 200, body: [])
        case ("POST", "run"):
            let run = state.events.count + 1
            state.note("run.opened", id, run: run)
            state.runs[run] = (id, Instant(seconds: SystemTime().now.seconds))
            state.note("run.closed", id, run: run)
            return answer(202, shown(run, state))
        case ("POST", "pause"), ("POST", "resume"):
            let pauses = parts[1] == "pause"
            guard job.isPaused != pauses else {
                return problem(409, ["job \(id) is \(pauses ? "paused already" : "not paused")"])
            }
            state.jobs[id]?.isPaused = pauses
            state.note(pauses ? "job.paused" : "job.resumed", id)
        case ("GET", "runs"):
            let own = state.runs.filter { $0.value.job == id }.keys.sorted()
            let last = own.suffix(query.number("last", or: query.number("limit", or: 100)))
            return answer(200, .array(last.map { shown($0, state) }))
        // Time does not pass here, so no slot ever comes.
        case ("GET", "slots"): return answer(200, .array([]))
        case ("GET", "explain"):
            let sentence = "Jobs in memory have no slots; they run when they are told to."
            return answer(200, .object([JSON.Member("sentence", .string(sentence))]))
        default: return problem(404, ["There is no such route."])
        }
        return answer(200, state.jobs[id].map { $0.json(id, serviceURL) } ?? .null)
    }

    // MARK: History

    private static func run(_ id: String, _ state: State) -> ClientAnswer {
        guard let run = Int(id), let known = state.runs[run], state.jobs[known.job] != nil else {
            return problem(404, ["There is no run \(id)."])
        }
        return answer(200, shown(run, state))
    }

    private static func shown(_ id: Int, _ state: State) -> JSON {
        .object([
            JSON.Member("id", .string("\(id)")), JSON.Member("trigger", .string("manual")),
            JSON.Member("scheduled_at", .string(state.runs[id]?.at.rfc3339 ?? "")),
            JSON.Member("result", .string("ok")), JSON.Member("attempts", .array([.object([])])),
        ])
    }

    private static func events(_ query: Query, _ state: State) -> ClientAnswer {
        let types = query["type"].split(separator: ",").map { String($0) }
        let job = query.number("job", or: 0)
        if job != 0, state.jobs[job] == nil { return problem(404, ["There is no job \(job)."]) }
        let wanted = state.events.dropFirst(query.number("since", or: 0)).filter { event in
            (job == 0 || event.job == job)
                && (types.isEmpty || types.contains { $0 == event.type || isFamily($0, of: event.type) })
        }
        return answer(200, .array(wanted.prefix(query.number("limit", or: 100)).map(\.json)))
    }

    /// `job.*`
    private static func isFamily(_ filter: String, of type: String) -> Bool {
        filter.hasSuffix(".*") && type.hasPrefix(filter.dropLast())
    }

    private static func next(_ query: Query) -> ClientAnswer {
        let zone = query["zone"]
        let start = Instant(rfc3339: query["from"]) ?? Instant(seconds: SystemTime().now.seconds)
        do {
            let rule = try MemoryJob.rule(query["expression"], zone: zone, dialect: query["dialect"], start)
            var instants: [JSON] = []
            var cursor = start
            while instants.count < query.number("count", or: 10), let next = rule.nextRun(after: cursor) {
                instants.append(.string(next.rfc3339))
                cursor = next
            }
            return answer(200, .object([JSON.Member("instants", .array(instants))]))
        } catch {
            return problem(422, error.messages)
        }
    }

    // MARK: Answers

    private static func problem(_ status: Int, _ messages: [String]) -> ClientAnswer {
        answer(
            status,
            .object([JSON.Member("error_messages", .array(messages.map { .string($0) }))])
        )
    }

    private static func answer(_ status: Int, _ json: JSON) -> ClientAnswer {
        ClientAnswer(status: status, body: Array(json.text.utf8))
    }
}

/// What follows a URL's `?`.
private struct Query {
    private var pairs: [String: String] = [:]

    init(_ url: String) {
        guard let mark = url.firstIndex(of: "?") else { return }
        for pair in url[url.index(after: mark)...].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            pairs[String(sides[0])] = sides.count == 2 ? Self.plain(sides[1]) : ""
        }
    }

    private static func plain(_ text: Substring) -> String {
        var bytes = Array(text.utf8)[...]
        var out: [UInt8] = []
        while let byte = bytes.popFirst() {
            let escaped =
                byte == UInt8(ascii: "%")
                ? UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16) : nil
            if escaped != nil { bytes = bytes.dropFirst(2) }
            out.append(escaped ?? byte)
        }
        return String(decoding: out, as: UTF8.self)
    }

    subscript(_ name: String) -> String { pairs[name] ?? "" }

    func number(_ name: String, or usual: Int) -> Int { Int(self[name]) ?? usual }
}
