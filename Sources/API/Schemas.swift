internal import Domain

/// The shapes of requests and answers, as JSON Schema.
enum Schemas {
    /// A reference by name; `[Job]` is a list of `Job`.
    static func reference(_ name: String) -> JSON {
        guard name.hasPrefix("[") else {
            return .object([JSON.Member("$ref", .string("#/components/schemas/\(name)"))])
        }
        return .object([
            JSON.Member("type", .string("array")),
            JSON.Member("items", reference(String(name.dropFirst().dropLast()))),
        ])
    }

    static let all: [JSON.Member] =
        [
            JSON.Member("JobRequest", object(jobRequest)),
            JSON.Member("Job", object(jobRequest.filter { $0.0 != "auth" } + jobAnswer)),
            JSON.Member("Run", object(run)),
            JSON.Member("Slot", object(slot)),
            JSON.Member("PlannedSlot", object(plannedSlot)),
            JSON.Member("Explanation", object(explanation)),
            JSON.Member("Problem", object(problem)),
        ] + small + checkIns + blackouts + streams + partner

    // MARK: Building

    typealias Property = (String, JSON)

    static func object(_ properties: [Property], required: [String] = []) -> JSON {
        var members = [
            JSON.Member("type", .string("object")),
            JSON.Member("properties", .object(properties.map { JSON.Member($0.0, $0.1) })),
        ]
        if !required.isEmpty { members.append(JSON.Member("required", .array(required.map { .string($0) }))) }
        return .object(members)
    }

    static func type(_ names: String..., about: String? = nil) -> JSON {
        let type: JSON = names.count == 1 ? .string(names[0]) : .array(names.map { .string($0) })
        return .compact([("type", type), ("description", about.map { .string($0) })])
    }

    static func choice(_ words: [String]) -> JSON {
        .object([
            JSON.Member("type", .string("string")), JSON.Member("enum", .array(words.map { .string($0) })),
        ])
    }

    static func list(_ item: JSON) -> JSON {
        .object([JSON.Member("type", .string("array")), JSON.Member("items", item)])
    }

    static let text = type("string")
    static let number = type("integer")
    static let flag = type("boolean")
    private static let span = type("string", "integer", about: "90s, 5m, 24h, 365d, or whole seconds")
    static let instant = JSON.object([
        JSON.Member("type", .array([.string("string"), .string("null")])),
        JSON.Member("format", .string("date-time")),
    ])

    // MARK: Jobs

    private static let jobRequest: [Property] =
        [
            ("callback_url", text),
            ("schedule", .object([JSON.Member("oneOf", .array([text, list(text)]))])),
            ("name", text), ("dialect", choice(["unix", "seconds", "quartz"])), ("zone", text),
            ("dst", choice(["vixie", "literal", "once", "shift", "utc"])),
            ("day_match", choice(["or", "and"])),
            ("method", text), ("headers", type("object", about: "values come back as ***")),
            ("body", type("string", "null")), ("body_secret", flag),
            (
                "auth",
                object([("basic", object([("username", text), ("password", text)])), ("bearer", text)])
            ),
            ("timeouts", object([("name", span), ("connect", span), ("first_byte", span), ("total", span)])),
            (
                "success",
                object([
                    ("status", list(type("integer", "string"))), ("body_contains", text),
                    ("body_matches", text),
                ])
            ),
        ] + policies

    private static let policies: [Property] = [
        ("retries", number), ("backoff_min", span), ("backoff_max", span), ("doublings", number),
        ("retry_until", choice(RetryUntil.allCases.map(\.word))),
        ("catchup", choice(Catchup.allCases.map(\.word))), ("catchup_window", span), ("catchup_max", number),
        ("catchup_rate", type("string", about: "1/s")), ("misfire_after", span),
        ("overlap", choice(Overlap.allCases.map(\.word))),
        ("overlap_scope", choice(OverlapScope.allCases.map(\.word))),
        ("queue_max", number), ("max_open", number), ("jitter", span), ("start", instant), ("end", instant),
        ("max_runs", type("integer", "null")), ("on_unknown", choice(OnUnknown.allCases.map(\.word))),
        ("limit_key", text), ("limit_parallel", type("integer", "null")),
        ("limit_rate", type("string", "null", about: "10/1m")), ("limit_wait", span), ("run_deadline", span),
        ("keep_body", number), ("keep_success_body", flag), ("redirects", number),
        ("history_age", type("string", "null", about: "30d")), ("history_runs", type("integer", "null")),
        ("history_bytes", type("integer", "null")),
        ("alert_after", type("integer", about: "failures in a row that open an alert; 0: none")),
        ("resolve_after", type("integer", about: "successes in a row that resolve it")),
        ("completion", choice(Completion.allCases.map(\.word))),
        ("blackout_then", choice(BlackoutThen.allCases.map(\.word))),
        ("max_runtime", type("string", "integer", "null", about: "a run open for longer opens an alert")),
        ("alert_unusual", flag),
        ("alert_severity", choice(AlertSeverity.allCases.map(\.word))), ("sentry_monitor", text),
        ("labels", list(type("string", about: "1 to 64 of a-z 0-9 . _ : / -"))),
        (
            "triggers",
            list(
                type(
                    "object",
                    about: "{stream, on, type, action, state, parent, after}: starts without schedule"
                )
            )
        ),
        (
            "steps",
            list(
                type(
                    "object",
                    about: "{enrich|slack|pagerduty|http|alert|note: {…}, on: […]}, instead of callback_url"
                )
            )
        ),
    ]

    private static let jobAnswer: [Property] = [
        ("id", text), ("url", text), ("scheduler", number),
        ("state", choice(["active", "paused", "finished"])),
        ("paused_reason", type("string", "null")), ("paused_until", instant), ("next_at", instant),
        ("blackouts", list(type("string", about: "the names of those that it is under"))),
        ("open_runs", number), ("queued_slots", number), ("last_result", type("string", "null")),
        (
            "runs",
            type("object", about: "closed, ok, p50_us, p95_us: of all runs ever, estimates for the last two")
        ),
        ("revision", number), ("sequence", number), ("created_at", instant), ("description", text),
        ("warnings", list(text)), ("badge_url", type("string", "null")),
    ]

    // MARK: Checks

    private static let checkRequest: [Property] = [
        ("name", text), ("slug", type("string", about: "a-z 0-9 _ -, unique within its scheduler")),
        ("tags", list(text)),
        ("schedule", .object([JSON.Member("oneOf", .array([type("string", "null"), list(text)]))])),
        ("zone", text), ("period", type("string", "integer", "null", about: "without a schedule; 1d")),
        ("grace", span),
        ("max_runtime", type("string", "integer", "null", about: "from a start to its end; null: the grace")),
        ("failures_to_open", number), ("successes_to_resolve", number),
        (
            "alert_unusual",
            type("boolean", about: "warn of much more frequent successes, and of unusual durations")
        ),
        ("follows_check_ins", type("boolean", about: "a check-in's monitor_config changes it")),
    ]

    private static let checkAnswer: [Property] = [
        ("id", text), ("url", text), ("scheduler", number),
        ("state", choice(["paused", "down", "started", "late", "waiting", "up"])),
        ("status", choice(CheckStatus.allCases.map(\.word))), ("ping_url", text),
        ("slug_url", type("string", "null")), ("badge_url", type("string", "null")), ("expected_at", instant),
        ("deadline_at", instant),
        ("blackout", type("string", "null", about: "that expected_at lies in: nothing is wanted by then")),
        ("last_ping_at", instant), ("last_duration", type("string", "null")), ("failures", number),
        ("successes", number), ("open_starts", number), ("pings", number),
        (
            "unwatched",
            type("object", "null", about: "since, until: the server was down when a ping may have come")
        ),
        ("usual_interval", type("string", "null", about: "learned, with alert_unusual; null before 20")),
        ("usual_duration", type("string", "null", about: "learned, with alert_unusual; null before 20")),
        ("description", text), ("sequence", number), ("created_at", instant),
    ]

    private static let ping: [Property] = [
        ("id", text), ("at", instant), ("kind", choice(PingKind.allCases.map(\.word))),
        ("exit_code", type("integer", "null")), ("rid", type("string", "null")),
        ("duration", type("string", "null")), ("method", text), ("source", text), ("body_bytes", number),
        ("body", type("string", "null", about: "of one ping, not in lists")),
        ("body_hex", type("string", "null", about: "where the body is not UTF-8")),
    ]

    // MARK: Tokens

    private static let token: [Property] = [
        ("name", text), ("role", choice(TokenRole.allCases.map(\.word))),
        ("job", type("string", "null", about: "the only job that it starts; with the role trigger")),
    ]

    private static let newToken: [Property] = [
        ("url", text), ("since", instant), ("token", type("string", about: "shown this once")),
        ("trigger_url", type("string", "null", about: "POST there starts the job; shown this once")),
    ]

    // MARK: What happened

    private static let failure = object([
        ("kind", choice(FailureKind.allCases.map(\.word))), ("message", text), ("next_step", text),
    ])

    private static let attempt = object([
        ("n", number), ("status", type("integer", "null")), ("address", type("string", "null")),
        (
            "timings_us",
            object([
                ("name", number), ("connect", number), ("tls", number), ("first_byte", number),
                ("total", number),
            ])
        ),
        ("failure", failure), ("body", type("string", "null")), ("truncated", flag),
    ])

    private static let results = SlotResult.allCases.map(\.word)

    private static let run: [Property] = [
        ("id", text), ("job", text), ("slot", type("string", "null")),
        ("trigger", choice(["schedule", "manual", "reboot", "released"])), ("scheduled_at", instant),
        ("started_at", instant), ("ended_at", instant), ("result", choice(results)), ("failure", failure),
        ("attempts", list(attempt)), ("retry_at", instant), ("awaited_until", instant),
    ]

    private static let slot: [Property] = [
        ("id", text), ("slot", instant), ("local", text), ("fold", number), ("line", number),
        ("run", type("string", "null")), ("result", choice(results)),
        ("reason", choice(DecisionReason.allCases.map(\.word))), ("into", type("string", "null")),
        ("blackout", type("string", "null")), ("decided_at", instant), ("sequence", type("integer", "null")),
    ]

    private static let plannedSlot: [Property] = [
        ("id", text), ("job", text), ("name", text), ("slot", instant), ("local", text), ("fold", number),
        ("line", number), ("result", type("string", "null")),
        ("blackout", type("string", "null", about: "that it falls into")),
        ("runs_at", type("string", "null", about: "the end of the blackout that it is kept for")),
    ]

    private static let explanation: [Property] = [
        ("job", text), ("at", text), ("slot", type("string", "null")), ("result", type("string", "null")),
        ("reason", type("string", "null")), ("sentence", text), ("records", list(reference("Event"))),
    ]

    private static let problem: [Property] = [
        ("type", text), ("title", text), ("status", number), ("detail", text),
        ("errors", list(object([("field", text), ("message", text), ("hint", text)]))),
        ("error_messages", list(text)),
    ]

    private static let rules: [Property] = [
        ("level", choice(ChannelLevel.allCases.map(\.word))),
        ("severity", choice(AlertSeverity.allCases.map(\.word))),
        ("after", span), ("remind", span), ("group", span),
        ("quiet", type("string", "null", about: "22:00-07:00")), ("quiet_zone", type("string", "null")),
        ("quiet_critical", type("boolean", "null")),
    ]

    private static let small: [JSON.Member] = [
        JSON.Member("Empty", object([])),
        JSON.Member("Pause", object([("until", instant), ("reason", text)])),
        JSON.Member("Resume", object([("catchup", choice(["none", "last", "all"]))])),
        JSON.Member("Discarded", object([("discarded", number)])),
        JSON.Member("Secret", object([("secret", text)])),
        JSON.Member(
            "Next",
            object([("instants", list(instant)), ("description", text), ("warnings", list(text))])
        ),
        JSON.Member(
            "Event",
            object([("seq", number), ("type", text), ("time", instant), ("job", text), ("run", text)])
        ),
        JSON.Member(
            "StreamEvent",
            object([
                ("type", text), ("action", choice(["create", "update", "delete"])), ("parents", list(text)),
                ("resource_uri", text), ("state", text), ("uuid", text), ("datetime", instant),
                ("seq", number), ("event", text),
            ])
        ),
        JSON.Member("Object", object([("uuid", text), ("resource_uri", text), ("state", text)])),
        JSON.Member(
            "ObjectList",
            object([
                (
                    "meta",
                    object([
                        ("limit", number), ("next", type("string", "null")), ("offset", number),
                        ("previous", type("string", "null")), ("total_count", number),
                    ])
                ), ("objects", list(reference("Object"))),
            ])
        ),
        JSON.Member("SchedulerRequest", object([("name", text), ("username", text), ("password", text)])),
        JSON.Member("Scheduler", object([("id", text), ("url", text), ("name", text), ("username", text)])),
        JSON.Member(
            "NewScheduler",
            object([("id", text), ("url", text), ("name", text), ("username", text), ("password", text)])
        ),
        JSON.Member(
            "Alert",
            object([
                ("id", text), ("key", text), ("state", choice(["open", "acknowledged", "resolved"])),
                ("severity", text), ("cause", text), ("title", text), ("details", list(text)),
                ("job", type("string", "null", about: "null: a check's or a stream's, which `key` names")),
                ("job_url", type("string", "null")), ("opened_at", instant), ("acknowledged_at", instant),
                ("resolved_at", instant), ("end", type("string", "null")), ("channels", list(text)),
                ("references", list(object([("channel", text), ("name", text), ("value", text)]))),
            ])
        ),
        JSON.Member(
            "Channel",
            object([
                ("name", text), ("summary", text), ("source", choice(["flags", "api"])),
                ("settings", object([])), ("rules", object(rules)), ("paused", flag),
                ("rests_until", instant), ("broken", type("string", "null")),
            ])
        ),
        JSON.Member(
            "ChannelRequest",
            object(
                [
                    ("name", text),
                    ("settings", type("object", about: "kind, and what the kind takes: url, key, dsn, …")),
                    ("rules", object(rules)), ("paused", flag),
                ],
                required: ["name", "settings"]
            )
        ),
        JSON.Member(
            "ChannelChange",
            object([("settings", type("object")), ("rules", object(rules)), ("paused", flag)])
        ),
        JSON.Member(
            "Message",
            object([
                ("id", text), ("state", choice(["waiting", "dead"])), ("channel", text), ("kind", text),
                ("alert", type("string", "null")), ("job", type("string", "null")), ("intended_at", instant),
                ("attempts", number), ("retry_at", instant),
                (
                    "waits_for",
                    type("string", "null", about: "blackout NAME, quiet hours, or message ID before it")
                ),
                ("reason", type("string", "null")), ("overtaken", flag),
                ("goes_with", type("string", "null")),
            ])
        ),
        JSON.Member("CheckRequest", object(checkRequest)),
        JSON.Member("Check", object(checkRequest + checkAnswer)),
        JSON.Member("Ping", object(ping)),
        JSON.Member("CheckIn", object([("id", text)])),
        JSON.Member(
            "PingKey",
            object([("ping_key", type("string", "null")), ("url", type("string", "null"))])
        ),
        JSON.Member("TokenRequest", object(token)),
        JSON.Member("Token", object(token + [("url", text), ("since", instant)])),
        JSON.Member("NewToken", object(token + newToken)),
        JSON.Member("Triggered", object([("requestId", text), ("run", text), ("resource_uri", text)])),
        JSON.Member("TestMessage", object([("message", text)])),
        JSON.Member("Payload", object([("payload", text)])),
        JSON.Member("Resent", object([("resent", number), ("skipped", number)])),
        JSON.Member("Clock", object([("now", instant), ("frozen", flag), ("speed", number)])),
        JSON.Member(
            "ClockRequest",
            object([("advance", span), ("set", instant), ("freeze", flag), ("speed", number)])
        ),
        JSON.Member(
            "Version",
            object([("name", text), ("version", text), ("zones", text), ("events", number)])
        ),
        JSON.Member(
            "Health",
            object([
                ("status", text), ("sequence", number), ("jobs", number), ("open_runs", number),
                ("behind", text),
            ])
        ),
        JSON.Member(
            "SinkCall",
            object([
                ("n", number), ("at", instant), ("method", text), ("target", text),
                ("headers", type("object")),
                ("body", text), ("body_bytes", number), ("status", type("integer", "null")),
            ])
        ),
    ]
}
