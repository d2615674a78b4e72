/// The names in a job, as they go in and as they come out.
enum JobFields {
    /// What a request may say.
    static let request = [
        "callback_url", "schedule", "name", "dialect", "zone", "dst", "day_match", "method", "headers",
        "body",
        "body_secret", "auth", "timeouts", "success", "retries", "backoff_min", "backoff_max", "doublings",
        "retry_until", "catchup", "catchup_window", "catchup_max", "catchup_rate", "misfire_after", "overlap",
        "overlap_scope", "queue_max", "max_open", "jitter", "start", "end", "max_runs", "on_unknown",
        "limit_key",
        "limit_parallel", "limit_rate", "limit_wait", "run_deadline", "keep_body", "keep_success_body",
        "redirects", "labels", "history_age", "history_runs", "history_bytes",
        "alert_after", "resolve_after", "completion", "blackout_then", "max_runtime", "alert_unusual",
        "alert_severity", "sentry_monitor", "triggers", "steps",
    ]

    /// What only answers say. A request may carry it, so that a job that was read can be sent back; it means
    /// nothing.
    static let answer = [
        "id", "url", "state", "paused_reason", "paused_until", "next_at", "blackouts", "sequence",
        "created_at",
        "warnings",
        "scheduler", "revision", "open_runs", "queued_slots", "last_result", "runs", "description",
        "badge_url",
    ]
}

/// Bounds on what a job may say.
enum JobLimits {
    static let linesMax = 16
    static let triggersMax = 16
    static let stepsMax = 16
    static let filterWordsMax = 64
    static let startsPerMinuteMax: Int64 = 60_000
    static let labelsMax = 16
    static let labelBytesMax = 64
    static let nameBytesMax = 200
    static let monitorBytesMax = 50
    static let urlBytesMax = 8192
    static let headersMax = 64
    static let headerBytesMax = 8192
    static let bodyBytesMax = 256 << 10
    static let statusRangesMax = 32
    static let patternBytesMax = 1024
    static let reasonBytesMax = 500
    static let keepBodyBytesMax: Int64 = 1 << 20
    static let redirectsMax: Int64 = 20
    static let retriesMax: Int64 = 1000
    static let doublingsMax: Int64 = 32
    static let catchupMax: Int64 = 100_000
    static let queueMax: Int64 = 10_000
    static let openMax: Int64 = 10_000
    static let countMax = Int64(UInt32.max)
    static let historyBytesMax: Int64 = 1 << 40
}
