internal import Cron
internal import Domain
internal import Effects

/// A job of `InMemoryServer`: what was asked for, and checked as far as the server checks what an app can
/// get wrong.
struct MemoryJob {
    /// What is wrong with a job, in the server's manner: a field's name and what is the matter with it.
    struct Refused: Error {
        var messages: [String]
    }

    /// What a request may say (`JobRequest` of the API).
    static let fields: Set<String> = [
        "callback_url", "schedule", "name", "dialect", "zone", "dst", "day_match", "method", "headers",
        "body", "body_secret", "auth", "timeouts", "success", "retries", "backoff_min", "backoff_max",
        "doublings", "retry_until", "catchup", "catchup_window", "catchup_max", "catchup_rate",
        "misfire_after", "overlap", "overlap_scope", "queue_max", "max_open", "jitter", "start", "end",
        "max_runs", "on_unknown", "limit_key", "limit_parallel", "limit_rate", "limit_wait", "run_deadline",
        "keep_body", "keep_success_body", "redirects", "labels", "history_age", "history_runs",
        "history_bytes", "alert_after", "resolve_after", "completion", "blackout_then", "max_runtime",
        "alert_unusual", "alert_severity", "sentry_monitor", "triggers", "steps",
    ]
    /// What only answers say; a request may carry it back.
    private static let answers: Set<String> = [
        "id", "url", "state", "paused_reason", "paused_until", "next_at", "sequence", "created_at",
        "warnings",
        "scheduler", "revision", "open_runs", "queued_slots", "last_result", "runs", "description",
        "badge_url",
    ]
    private static let nameBytesMax = 200

    private let members: [JSON.Member]
    private let rules: [Recurrence]
    private let anchor: Instant
    let callbackURL: String
    var isPaused = false

    init(_ given: [JSON.Member], anchor: Instant) throws(Refused) {
        members = given.filter { !Self.answers.contains($0.key) }
        self.anchor = anchor
        func value(_ name: String) -> JSON? { given.first { $0.key == name }?.value }
        var faults = members.filter { !Self.fields.contains($0.key) }.map { "\($0.key) is not a field" }
        callbackURL = value("callback_url")?.string ?? ""
        if !callbackURL.hasPrefix("http://"), !callbackURL.hasPrefix("https://") {
            faults.append("callback_url is not an http or https URL")
        }
        if (value("name")?.string?.utf8.count ?? 0) > Self.nameBytesMax {
            faults.append("name is longer than \(Self.nameBytesMax) bytes")
        }
        let lines = value("schedule")?.array?.compactMap(\.string) ?? value("schedule")?.string.map { [$0] }
        var rules: [Recurrence] = []
        for line in lines ?? [] {
            do {
                rules.append(
                    try Self.rule(
                        line,
                        zone: value("zone")?.string ?? "",
                        dialect: value("dialect")?.string ?? "",
                        anchor
                    )
                )
            } catch {
                faults += error.messages
            }
        }
        if lines?.isEmpty ?? true { faults.append("schedule is missing") }
        if !faults.isEmpty { throw Refused(messages: faults) }
        self.rules = rules
    }

    /// With the fields that are given changed; null takes one back.
    func changed(_ body: JSON) throws(Refused) -> MemoryJob {
        guard case .object(let new) = body else { throw Refused(messages: ["the body is not a JSON object"]) }
        let kept = members.filter { member in !new.contains { $0.key == member.key } }
        var job = try MemoryJob(kept + new.filter { $0.value != .null }, anchor: anchor)
        job.isPaused = isPaused
        return job
    }

    static func rule(_ line: String, zone: String, dialect: String, _ anchor: Instant) throws(Refused)
        -> Recurrence
    {
        do {
            return Recurrence(
                try Schedule(line, options: ScheduleOptions(dialect: Dialect(rawValue: dialect))),
                zone: zone.isEmpty ? .utc : try ZoneDatabase.embedded.zone(named: zone),
                anchor: anchor
            )
        } catch {
            throw Refused(messages: ["\(error is ZoneError ? "zone" : "schedule") \(error)"])
        }
    }

    func json(_ id: Int, _ serviceURL: String) -> JSON {
        let now = Instant(seconds: SystemTime().now.seconds)
        let next = rules.compactMap { $0.nextRun(after: now) }.min()
        let own = [
            JSON.Member("id", .string("\(id)")), JSON.Member("url", .string("\(serviceURL)/\(id)")),
            JSON.Member("state", .string(isPaused ? "paused" : "active")),
            JSON.Member("next_at", next.map { .string($0.rfc3339) } ?? .null),
        ]
        return .object(own + members)
    }
}
