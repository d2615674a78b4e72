/// What `{{…}}` may name in a job's URL, header values and body.
package enum TemplateVariable: String, Sendable, CaseIterable {
    /// The slot's instant, RFC 3339 in UTC; for a run without a slot the moment it was asked for.
    case slot
    /// The same instant under the name that the header `Chronatog-Scheduled-At` has.
    case scheduledAt = "scheduled_at"
    /// The same instant as Unix time in milliseconds.
    case dueMilliseconds = "due_ms"
    /// The run's id.
    case run
    /// 1 for the first attempt.
    case attempt
    /// The job's id.
    case job
    /// The job's name.
    case name
    /// The moment this attempt is sent, RFC 3339 in UTC.
    case now
    /// The idempotency key.
    case key
}
