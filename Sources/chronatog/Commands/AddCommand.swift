import ArgumentParser
import Cron
import Domain

/// `chronatog add SCHEDULE URL`
struct AddCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a job: when to call, and what.",
        discussion: """
            chronatog add '*/5 * * * *' https://example.com/hook
            chronatog add '30 2 * * *' https://example.com/go --name backup --zone America/New_York
            chronatog add '@every 90s' https://example.com/in --header 'X-Key: abc' --body '{"at":"{{slot}}"}'
            """
    )

    static let flags: [String: String]? = [
        "callback_url": "URL", "schedule": "SCHEDULE", "headers": "--header", "labels": "--label",
        "timeouts.total": "--timeout",
    ]

    @OptionGroup var server: ServerOptions
    @Argument(
        help: "'*/5 * * * *', '@hourly', '@every 90s', '@at 2026-12-24T18:00', an ISO 8601 interval, …"
    )
    var schedule: String
    @Argument(help: "The URL to call; /_sink/… is the built-in target of serve --ephemeral.") var url: String

    @Option(help: "A name, to call the job by.") var name: String?
    @Option(name: .customLong("also"), help: "Another schedule of the same job; repeatable.") var more:
        [String] = []
    @Option(help: "GET, POST, …; otherwise GET without a body and POST with one.") var method: String?
    @Option(help: "'Name: value'; repeatable.") var header: [String] = []
    @Option(help: "The body, or @FILE.") var body: String?
    @Option(help: "Zone of the wall clock; otherwise the server's --zone.") var zone: String?
    @Option(help: "What clock changes do: vixie, literal, once, shift or utc.") var dst: String?
    @Option(help: "unix, seconds or quartz.") var dialect: String?
    @Option(help: "If a run is still open: skip, queue-one, queue-all, cancel or allow.") var overlap: String?
    @Option(help: "Slots that passed while the server was down: last, none, first or all.") var catchup:
        String?
    @Option(help: "Attempts after the first.") var retries: Int64?
    @Option(help: "Shortest wait before another attempt.") var backoffMin: String?
    @Option(help: "Longest time for one call.") var timeout: String?
    @Option(help: "Spread calls over so long after the slot.") var jitter: String?
    @Option(help: "No slots before this instant.") var start: String?
    @Option(help: "No slots from this instant on.") var end: String?
    @Option(help: "Finish after so many runs.") var maxRuns: Int64?
    @Option(help: "What ends a run that is answered 202: answer or ping.") var completion: String?
    @Option(help: "Slots in a blackout: skip them, or run-after: run one of them when it is over.")
    var blackoutThen: String?
    @Option(help: "A run open for longer opens an alert.") var maxRuntime: String?
    @Flag(help: "Warn when a run takes an unusual time.") var alertUnusual = false
    @Option(help: "A word to find it by: team:billing; repeatable.") var label: [String] = []
    @Option(help: "The scheduler it belongs to.") var scheduler: String?
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        let query = Query.text(scheduler.map { [("scheduler", $0)] } ?? [])
        let job = try await server.request("POST", "\(ServerConnection.api)/jobs\(query)", body: try draft())
        if json { return StandardStream.output.line(job.pretty) }
        StandardStream.output.write(JobSummary(job).text())
    }

    private func draft() throws(CommandFailure) -> JSON {
        let text = { (value: String?) -> JSON? in value.map { .string($0) } }
        let schedules: JSON =
            more.isEmpty ? .string(schedule) : .array(([schedule] + more).map { .string($0) })
        return .compact([
            ("callback_url", .string(url)), ("schedule", schedules), ("name", text(name)),
            ("method", text(method)),
            ("headers", header.isEmpty ? nil : try headers()), ("body", text(try bodyText())),
            ("zone", text(zone)),
            ("dst", text(dst)), ("dialect", text(dialect)), ("overlap", text(overlap)),
            ("catchup", text(catchup)),
            ("retries", retries.map { .number($0) }), ("backoff_min", text(backoffMin)),
            ("timeouts", timeout.map { .object([.init("total", .string($0))]) }), ("jitter", text(jitter)),
            ("start", text(start)), ("end", text(end)), ("max_runs", maxRuns.map { .number($0) }),
            ("completion", text(completion)), ("blackout_then", text(blackoutThen)),
            ("max_runtime", text(maxRuntime)), ("alert_unusual", alertUnusual ? .bool(true) : nil),
            ("labels", label.isEmpty ? nil : .array(label.map { .string($0) })),
        ])
    }

    private func headers() throws(CommandFailure) -> JSON {
        var members: [JSON.Member] = []
        for line in header {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw .asked("--header takes 'Name: value', not \"\(line)\"")
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            members.append(.init(String(line[..<colon]), .string(String(value))))
        }
        return .object(members)
    }

    private func bodyText() throws(CommandFailure) -> String? {
        guard let body, body.hasPrefix("@") else { return body }
        do { return try SmallFile.text(of: String(body.dropFirst())) } catch { throw .asked(error.sentence) }
    }
}

/// What a person wants to see of a job just made: id, sense, next times, warnings, and what to type next.
struct JobSummary {
    private let job: JSON
    private static let nextShown = 3

    init(_ job: JSON) {
        self.job = job
    }

    func text() -> String {
        let id = job.plain("id")
        let name = job.plain("name")
        var text = "job \(id)\(name.isEmpty ? "" : " \"\(name)\"") calls \(job.plain("callback_url"))\n"
        for line in lines { text += "  when   \(line)\(sense(of: line))\n" }
        let times = next()
        for (index, time) in times.enumerated() { text += "  \(index == 0 ? "next" : "    ")   \(time)\n" }
        if times.isEmpty { text += "  next   never\n" }
        for warning in job["warnings"]?.array ?? [] {
            text += "  note   \(warning["message"]?.plain ?? warning["sentence"]?.plain ?? warning.plain)\n"
        }
        return text + """

            chronatog run \(id)          call it now
            chronatog runs \(id)         what became of its calls
            chronatog explain \(id)      why it ran, or why not

            """
    }

    private var lines: [String] {
        switch job["schedule"] {
        case .array(let values)?: values.compactMap(\.string)
        case .string(let line)?: [line]
        default: []
        }
    }

    private var options: ScheduleOptions {
        ScheduleOptions(
            dialect: job["dialect"]?.string.flatMap { Dialect(rawValue: $0) },
            dayMatch: job["day_match"]?.string.flatMap { DayMatch(rawValue: $0) } ?? .or
        )
    }

    private func sense(of line: String) -> String {
        guard let schedule = try? Schedule(line, options: options) else { return "" }
        let zone = job.plain("zone")
        return "  (\(schedule.describe())\(zone.isEmpty ? "" : ", \(zone)"))"
    }

    /// The server says the first; the others are worked out here when nothing but the text decides them.
    private func next() -> [String] {
        guard let first = job["next_at"]?.string, let instant = Instant(rfc3339: first) else { return [] }
        guard lines.count == 1, !lines[0].contains("H"), !lines[0].contains("~"), job["end"]?.string == nil,
            job.plain("blackouts").isEmpty,
            let schedule = try? Schedule(lines[0], options: options),
            let zone = try? ZoneDatabase.embedded.zone(named: job.plain("zone")),
            let dst = DSTPolicy(rawValue: job.plain("dst"))
        else { return [first] }
        let recurrence = Recurrence(schedule, zone: zone, dst: dst, anchor: instant)
        var times = [first]
        var position = instant
        while times.count < Self.nextShown, let following = recurrence.nextRun(after: position) {
            times.append(following.rfc3339)
            position = following
        }
        return times
    }
}
