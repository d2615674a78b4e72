import ArgumentParser
import Domain

/// `chronatog runs JOB`
struct RunsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List a job's runs, or show one with all its attempts."
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "A job's id or name.") var job: String?
    @Option(help: "Show this run, with every attempt.") var run: String?
    @Option(help: "Show at most so many.") var limit: Int = 100
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if (job == nil) == (run == nil) { throw ValidationError("Give a job, or a run with --run.") }
    }

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        if let run {
            let answer = try await server.request("GET", "\(ServerConnection.api)/runs/\(Query.encoded(run))")
            StandardStream.output.write(json ? answer.pretty + "\n" : Fields.text(answer))
            return
        }
        let id = try await server.job(job ?? "")
        var runs: [JSON] = []
        try await server.pages("/jobs/\(id)/runs", limit: limit) { runs.append($0) }
        if json { return StandardStream.output.line(JSON.array(runs).pretty) }
        let hasSteps = runs.contains { $0["steps"]?.array?.isEmpty == false }
        var table = TextTable(
            ["RUN", "SCHEDULED", "STARTED", "TRIGGER", "ATTEMPTS", "STATUS", "RESULT", "FAILURE"]
                + (hasSteps ? ["STEPS"] : [])
        )
        for run in runs {
            let attempts = run["attempts"]?.array ?? []
            let steps = (run["steps"]?.array ?? []).map { step in
                let note = step.plain("note")
                return note.isEmpty ? step.plain("kind") : note
            }
            table.add(
                [
                    run.plain("id"), run.plain("scheduled_at"), run.plain("started_at"), run.plain("trigger"),
                    String(attempts.count), attempts.last?.plain("status") ?? "",
                    run["result"]?.string ?? "open", run["failure"]?["message"]?.plain ?? "",
                ] + (hasSteps ? [steps.joined(separator: "; ")] : [])
            )
        }
        if table.isEmpty { return StandardStream.error.line("job \(id) has not run yet") }
        StandardStream.output.write(table.text())
    }
}

/// `chronatog slots JOB`
struct SlotsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "slots",
        abstract: "List what was decided for every slot of a job, run or not."
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "A job's id or name.") var job: String
    @Option(help: "From this instant on.") var from: String?
    @Option(help: "Before this instant.") var to: String?
    @Option(help: "Show at most so many.") var limit: Int = 100
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        let id = try await server.job(job)
        var slots: [JSON] = []
        let query = [("from", from), ("to", to)].compactMap { name, value in value.map { (name, $0) } }
        try await server.pages("/jobs/\(id)/slots", query: query, limit: limit) { slots.append($0) }
        if json { return StandardStream.output.line(JSON.array(slots).pretty) }
        var table = TextTable(["SLOT", "LOCAL", "DECIDED", "RUN", "RESULT", "REASON", "INTO"])
        for slot in slots {
            let reason = [slot.plain("reason"), slot.plain("blackout")].filter { !$0.isEmpty }
            table.add([
                slot.plain("slot"), slot.plain("local"), slot.plain("decided_at"), slot.plain("run"),
                slot.plain("result"), reason.joined(separator: " "), slot.plain("into"),
            ])
        }
        if table.isEmpty { return StandardStream.error.line("job \(id) has no slot there") }
        StandardStream.output.write(table.text())
    }
}

/// `chronatog plan`
struct PlanCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what will run, in order, all jobs together."
    )

    @OptionGroup var server: ServerOptions
    @Option(name: .customLong("for"), help: "Look so far ahead.") var length: String = "24h"
    @Option(help: "From this instant, exclusive; otherwise now.") var from: String?
    @Option(help: "Before this instant; otherwise --for decides.") var to: String?
    @Option(help: "Show at most so many.") var limit: Int = 100
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        guard let span = Span(length) else {
            throw .asked("--for takes a duration such as 48h or 7d, not \"\(length)\"")
        }
        var start = from
        if start == nil {
            start = try await server.request("GET", "\(ServerConnection.api)/clock").plain("now")
        }
        guard let first = start, let instant = Moments.instant(first) else {
            throw .asked("--from takes an instant such as 2026-01-01T00:00:00Z")
        }
        let query = [
            ("from", first), ("to", to ?? Moments.text(instant + span)), ("limit", String(limit)),
        ]
        let answer = try await server.request("GET", "\(ServerConnection.api)/plan\(Query.text(query))")
        if json { return StandardStream.output.line(answer.pretty) }
        var table = TextTable(["SLOT", "LOCAL", "JOB", "NAME", "RUNS"])
        for slot in answer.array ?? [] {
            table.add([
                slot.plain("slot"), slot.plain("local"), slot.plain("job"), slot.plain("name"),
                Self.fate(of: slot),
            ])
        }
        if table.isEmpty { return StandardStream.error.line("nothing is due in that time") }
        StandardStream.output.write(table.text())
    }

    private static func fate(of slot: JSON) -> String {
        let blackout = slot.plain("blackout").isEmpty ? "" : "blackout \(slot.plain("blackout"))"
        if let result = slot["result"]?.string {
            return "no: \(result)\(blackout.isEmpty ? "" : " (\(blackout))")"
        }
        return blackout.isEmpty ? "yes" : "at \(slot.plain("runs_at")), after \(blackout)"
    }
}

/// `chronatog explain JOB [AT]`
struct ExplainCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a job ran at a time, or why it did not.",
        discussion: """
            AT is an instant (2026-03-08T07:00:00Z), or a local time in the job's zone without an offset, so
            that a time that a clock change skips can be asked about:
              chronatog explain backup 2026-03-08T02:30
            Without AT, the last slot that was decided.
            """
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "A job's id or name.") var job: String
    @Argument(help: "An instant, or a local time in the job's zone.") var at: String?
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        let id = try await server.job(job)
        let query = Query.text(at.map { [("at", $0)] } ?? [])
        let answer = try await server.request("GET", "\(ServerConnection.api)/jobs/\(id)/explain\(query)")
        if json { return StandardStream.output.line(answer.pretty) }
        StandardStream.output.line(answer.plain("sentence"))
        var facts = ""
        for key in ["slot", "result", "reason"] where !answer.plain(key).isEmpty {
            let value = answer[key] ?? .null
            facts += "  \(key)\(String(repeating: " ", count: 8 - key.count))"
            if case .object = value {
                facts += [value.plain("slot"), value.plain("local")].filter { !$0.isEmpty }.joined(
                    separator: ", local "
                )
            } else {
                facts += value.plain
            }
            facts += "\n"
        }
        StandardStream.output.write(facts)
        for record in answer["records"]?.array ?? [] {
            StandardStream.output.line("  record  \(record.text)")
        }
    }
}

/// `chronatog events`
struct EventsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Print events, one JSON object a line, oldest first."
    )

    @OptionGroup var server: ServerOptions
    @Option(help: "Those after this sequence; 0 is from the beginning.") var since: UInt64 = 0
    @Option(help: "Print at most so many, then end.") var limit: Int?
    @Option(help: "Types such as run.closed or run.*, with commas.") var type: String?
    @Option(help: "A job's id or name.") var job: String?
    @Option(help: "Those of this instant and later.") var from: String?
    @Option(help: "Those before this instant.") var to: String?
    @Option(help: "Those that contain this, in any case.") var text: String?
    @Flag(help: "Go on as they happen; a look every half second. (See `stream tail`.)") var follow = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        var filter: [(String, String)] = []
        if let job { filter.append(("job", try await server.job(job))) }
        for (name, value) in [("type", type), ("from", from), ("to", to), ("text", text)] {
            if let value { filter.append((name, value)) }
        }
        var last = since
        var left = limit ?? .max
        while left > 0 {
            let size = min(left, 1000)
            let query = Query.text(filter + [("since", String(last)), ("limit", String(size))])
            let events = try await server.request("GET", "\(ServerConnection.api)/events\(query)").array ?? []
            for event in events {
                StandardStream.output.line(event.text)
                let sequence = event["seq"] ?? event["sequence"] ?? event["id"]
                last = sequence?.identifier.flatMap { UInt64($0) } ?? last
            }
            left -= events.count
            if events.count < size {
                guard follow else { return }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}
