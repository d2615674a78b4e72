internal import Cron
internal import Domain
internal import Synchronization

/// A Chronatog in the memory of this process, for the tests of an app: it takes jobs and answers as the
/// server does, and calls nobody. Jobs run only when `runNow` says so, and then at once and well.
///
/// Each client made for `in-memory` has one of its own; hand one to several to let them share it.
public final class InMemoryServer: ClientTransport {
    static let serviceURL = "http://in-memory/chronatogapi/1/jobs"

    private struct Job {
        var callbackURL: String
        var members: [JSON.Member]
        var isPaused = false
        var runs: [Int] = []
    }

    private struct State {
        var jobs: [Int: Job] = [:]
        var lastID = 0
        var lastRun = 0
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
            state.jobs.values.flatMap { job in job.runs.map { ($0, job.callbackURL) } }
                .sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    public func send(_ request: ClientRequest) async throws(ChronatogError) -> ClientAnswer {
        let path = request.url.dropFirst(Self.serviceURL.count).prefix { $0 != "?" }
        let parts = path.split(separator: "/").map { String($0) }
        let body = try? JSONReader.value(of: String(decoding: request.body, as: UTF8.self))
        return state.withLock { state in
            switch (request.method, parts.count) {
            case ("POST", 0): Self.create(body ?? .null, &state)
            case ("GET", 0): Self.list(request.url, state)
            default: Self.answer(request.method, parts, &state)
            }
        }
    }

    private static func create(_ body: JSON, _ state: inout State) -> ClientAnswer {
        var faults: [String] = []
        let url = body["callback_url"]?.string ?? ""
        if !url.hasPrefix("http://"), !url.hasPrefix("https://") {
            faults.append("callback_url is not an http or https URL")
        }
        guard
            let lines = body["schedule"]?.array?.compactMap(\.string)
                ?? body["schedule"]?.string.map({ [$0] }), !lines.isEmpty
        else { return refusal(faults + ["schedule is missing"]) }
        for line in lines {
            do { _ = try Schedule(line) } catch { faults.append("schedule \(error)") }
        }
        guard faults.isEmpty, case .object(let members) = body else { return refusal(faults) }
        state.lastID += 1
        let job = Job(callbackURL: url, members: members)
        state.jobs[state.lastID] = job
        return answer(201, json(state.lastID, job))
    }

    private static func list(_ url: String, _ state: State) -> ClientAnswer {
        let after = url.split(separator: "&").last.flatMap { part in
            part.hasPrefix("after=") ? Int(part.dropFirst(6)) : nil
        }
        let jobs = state.jobs.sorted { $0.key < $1.key }.filter { $0.key > (after ?? 0) }.prefix(1000)
        return answer(200, .array(jobs.map { json($0.key, $0.value) }))
    }

    private static func answer(_ method: String, _ parts: [String], _ state: inout State) -> ClientAnswer {
        guard let id = parts.first.flatMap({ Int($0) }), let job = state.jobs[id], parts.count <= 2 else {
            return problem(404, ["There is no such job."])
        }
        switch (method, parts.count == 2 ? parts[1] : "") {
        case ("GET", ""): return answer(200, json(id, job))
        case ("DELETE", ""):
            state.jobs[id] = nil
            return ClientAnswer(status: 200, body: [])
        case ("POST", "run"):
            state.lastRun += 1
            state.jobs[id]?.runs.append(state.lastRun)
            return answer(202, run(state.lastRun))
        case ("POST", "pause"), ("POST", "resume"):
            let pauses = parts[1] == "pause"
            guard job.isPaused != pauses else {
                return problem(409, ["job \(id) is \(pauses ? "paused already" : "not paused")"])
            }
            state.jobs[id]?.isPaused = pauses
            return answer(200, state.jobs[id].map { json(id, $0) } ?? .null)
        case ("GET", "runs"): return answer(200, .array(job.runs.map(run)))
        case ("GET", "explain"):
            let sentence = "Jobs in memory have no slots; they run when they are told to."
            return answer(200, .object([JSON.Member("sentence", .string(sentence))]))
        default: return problem(404, ["There is no such route."])
        }
    }

    private static func json(_ id: Int, _ job: Job) -> JSON {
        let own = [
            JSON.Member("id", .string("\(id)")), JSON.Member("url", .string("\(serviceURL)/\(id)")),
            JSON.Member("state", .string(job.isPaused ? "paused" : "active")),
        ]
        return .object(own + job.members.filter { member in !own.contains { $0.key == member.key } })
    }

    private static func run(_ id: Int) -> JSON {
        .object([
            JSON.Member("id", .string("\(id)")), JSON.Member("trigger", .string("manual")),
            JSON.Member("scheduled_at", .string("")), JSON.Member("result", .string("ok")),
            JSON.Member("attempts", .array([.object([])])),
        ])
    }

    private static func refusal(_ messages: [String]) -> ClientAnswer { problem(422, messages) }

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
