import ArgumentParser
import Domain

/// `chronatog jobs [JOB]`
struct JobsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List the jobs, or show one with everything it is made of."
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "A job's id or name.") var job: String?
    @Option(help: "Only jobs with this label.") var label: String?
    @Option(help: "Show at most so many.") var limit: Int = 1000
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        if let job {
            let id = try await server.job(job)
            let answer = try await server.request("GET", "\(ServerConnection.api)/jobs/\(id)")
            StandardStream.output.write(json ? answer.pretty + "\n" : Fields.text(answer))
            return
        }
        var jobs: [JSON] = []
        try await server.pages("/jobs", query: label.map { [("label", $0)] } ?? [], limit: limit) {
            jobs.append($0)
        }
        if json {
            StandardStream.output.line(JSON.array(jobs).pretty)
            return
        }
        guard !jobs.isEmpty else {
            if let label { return StandardStream.error.line("no job has the label \(label)") }
            StandardStream.error.line(
                "no jobs yet; chronatog add '*/5 * * * *' https://example.com/hook makes one"
            )
            return
        }
        var columns = ["id", "name", "schedule", "zone", "state", "next_at", "callback_url"]
        if jobs.contains(where: { !$0.plain("labels").isEmpty }) { columns.append("labels") }
        let titles = ["next_at": "NEXT", "callback_url": "CALLS"]
        var table = TextTable(columns.map { titles[$0] ?? $0.uppercased() })
        for job in jobs { table.add(columns.map { Self.cell($0, of: job) }) }
        StandardStream.output.write(table.text())
    }

    /// What starts a job of a stream, and what it does, stand where others have their schedule and URL.
    private static func cell(_ column: String, of job: JSON) -> String {
        let text = job.plain(column)
        guard text.isEmpty else { return text }
        switch column {
        case "schedule":
            let triggers = job["triggers"]?.array ?? []
            return triggers.map { "\($0.plain("stream")): \($0.plain("on"))" }.joined(separator: ", ")
        case "callback_url":
            return (job["steps"]?.array ?? []).map(\.stepKind).joined(separator: ", ")
        default: return ""
        }
    }
}

extension JSON {
    /// The one field of a step that is not about when it is taken.
    fileprivate var stepKind: String {
        guard case .object(let members) = self else { return "" }
        return members.first { $0.key != "on" }?.key ?? ""
    }
}

/// `chronatog run JOB`
struct RunCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a job now. Takes no slot: its schedule goes on as it was."
    )

    static let flags: [String: String]? = [:]
    @OptionGroup var server: ServerOptions
    @Argument(help: "A job's id or name.") var job: String
    @Option(help: "What to do if a run is open: skip, queue-one, queue-all, cancel or allow.") var overlap:
        String?
    @Flag(help: "Wait for the run's end; exit status 1 unless it is ok.") var wait = false
    @Option(help: "Wait at most so long.") var timeout: String = "5m"
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        guard let limit = Span(timeout) else {
            throw .asked("--timeout takes a duration such as 30s or 5m, not \"\(timeout)\"")
        }
        let id = try await server.job(job)
        let query = Query.text(overlap.map { [("overlap", $0)] } ?? [])
        var run = try await server.request("POST", "\(ServerConnection.api)/jobs/\(id)/run\(query)")
        guard let runID = run["id"]?.identifier else { throw .failed("the server did not name the run") }
        if wait { run = try await end(of: runID, limit, server) }
        StandardStream.output.write(json ? run.pretty + "\n" : Fields.text(run))
        if wait, run.plain("result") != "ok" { throw .negative }
        if !wait, !json { StandardStream.error.line("\nchronatog runs \(id)          what became of it") }
    }

    private func end(
        of run: String,
        _ limit: Span,
        _ server: ServerConnection
    ) async throws(CommandFailure) -> JSON {
        let progress = Progress("waiting for run \(run)")
        defer { progress.end() }
        let deadline = ContinuousClock.now + .microseconds(limit.microseconds)
        while true {
            let state = try await server.request("GET", "\(ServerConnection.api)/runs/\(run)")
            if !state.plain("result").isEmpty { return state }
            guard ContinuousClock.now < deadline else {
                throw .failed(
                    "run \(run) is still open after \(limit.text)",
                    hint: "chronatog runs --run \(run) looks again"
                )
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// `chronatog pause JOB`
struct PauseCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pause a job. Slots in the pause end as `paused`."
    )

    static let flags: [String: String]? = [:]
    @OptionGroup var server: ServerOptions
    @Argument(help: "A job's id or name.") var job: String
    @Option(help: "Until this instant; otherwise until it is resumed.") var until: String?
    @Option(help: "Why, for those who look later.") var reason: String?
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        let id = try await server.job(job)
        let body = JSON.compact([
            ("until", until.map { .string($0) }), ("reason", reason.map { .string($0) }),
        ])
        let answer = try await server.request("POST", "\(ServerConnection.api)/jobs/\(id)/pause", body: body)
        if json { return StandardStream.output.line(answer.pretty) }
        StandardStream.output.line("job \(id) is paused\(until.map { " until \($0)" } ?? "")")
    }
}

/// `chronatog resume JOB`
struct ResumeCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "End a job's pause.")

    static let flags: [String: String]? = [:]
    @OptionGroup var server: ServerOptions
    @Argument(help: "A job's id or name.") var job: String
    @Option(help: "What happens to the slots in the pause: none, last or all.") var catchup: String?
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        let id = try await server.job(job)
        let body = JSON.compact([("catchup", catchup.map { .string($0) })])
        let answer = try await server.request("POST", "\(ServerConnection.api)/jobs/\(id)/resume", body: body)
        if json { return StandardStream.output.line(answer.pretty) }
        StandardStream.output.line("job \(id) is \(answer.plain("state")); next \(answer.plain("next_at"))")
    }
}

/// `chronatog rm JOB…`
struct RemoveCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove jobs. What they did stays in the journal."
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "Ids or names.") var jobs: [String]

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        for job in jobs {
            let id = try await server.job(job)
            _ = try await server.request("DELETE", "\(ServerConnection.api)/jobs/\(id)")
            StandardStream.output.line("job \(id) is removed")
        }
    }
}
