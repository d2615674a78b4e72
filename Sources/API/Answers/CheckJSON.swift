internal import Cron
internal import Domain
internal import Engine
internal import Streaming

extension Site {
    /// A check as its owner sees it, in the form in which it can be sent back.
    func json(_ view: CheckView, now: Timestamp) -> JSON {
        let (definition, entry) = (view.definition, view.entry)
        return .object(
            [
                JSON.Member("id", .string("\(view.id)")),
                JSON.Member("url", .string(url("\(RouteTable.prefix)/checks/\(view.id)"))),
            ] + definition.shown + [
                JSON.Member("scheduler", .number(Int64(entry.scheduler))),
                JSON.Member("state", .string(view.state(now: now))),
                JSON.Member("status", .string(entry.standing.status.word)),
                JSON.Member("ping_url", .string(url("/ping/\(view.address.text)"))),
                JSON.Member("slug_url", slugURL(view).map { .string($0) } ?? .null),
                JSON.Member("badge_url", badgeURL(view).map { .string($0) } ?? .null),
                JSON.Member("expected_at", entry.standing.expected.json),
                JSON.Member("deadline_at", entry.standing.deadline.json),
                JSON.Member("blackout", view.blackout.map { .string($0) } ?? .null),
                JSON.Member("last_ping_at", entry.lastPing?.json ?? .null),
                JSON.Member("last_duration", entry.lastDuration.map { .string($0.text) } ?? .null),
                JSON.Member("failures", .number(Int64(entry.standing.failures))),
                JSON.Member("successes", .number(Int64(entry.standing.successes))),
                JSON.Member("open_starts", .number(Int64(entry.starts.count))),
                JSON.Member("pings", .number(Int64(clamping: entry.pings))),
                JSON.Member("unwatched", entry.unwatched.map { $0.json } ?? .null),
                JSON.Member("usual_interval", usual(entry.habit?.usualInterval)),
                JSON.Member("usual_duration", usual(entry.habit?.usualDuration)),
                JSON.Member("description", .string(definition.sense)),
                JSON.Member("sequence", .number(Int64(clamping: entry.sequence.value))),
                JSON.Member("created_at", entry.registeredAt.json),
            ]
        )
    }

    private func usual(_ span: Span?) -> JSON { span.map { .string($0.text) } ?? .null }

    private func badgeURL(_ view: CheckView) -> String? {
        guard let key = view.badgeKey, !view.definition.slug.isEmpty else { return nil }
        return url("/badge/\(key)/\(view.definition.slug).svg")
    }

    private func slugURL(_ view: CheckView) -> String? {
        guard let key = view.pingKey, !view.definition.slug.isEmpty else { return nil }
        return url("/ping/\(key)/\(view.definition.slug)")
    }
}

extension CheckView {
    /// One word for all of it: paused, down, started, waiting (nothing has come yet), late (in its grace) or
    /// up.
    func state(now: Timestamp) -> String {
        if entry.isPaused { return "paused" }
        if entry.standing.status == .down { return "down" }
        if !entry.starts.isEmpty { return "started" }
        if entry.standing.expected <= now, blackout == nil { return "late" }
        return entry.standing.status.word
    }
}

extension CheckDefinition {
    fileprivate var shown: [JSON.Member] {
        [
            JSON.Member("name", .string(name)), JSON.Member("slug", .string(slug)),
            JSON.Member("tags", .array(tags.map { .string($0) })),
            JSON.Member("schedule", scheduleJSON), JSON.Member("zone", .string(zone)),
            JSON.Member("period", schedule.isEmpty ? .string(period.text) : .null),
            JSON.Member("grace", .string(grace.text)),
            JSON.Member("max_runtime", maxRuntime == .zero ? .null : .string(maxRuntime.text)),
            JSON.Member("failures_to_open", .number(Int64(failuresToOpen))),
            JSON.Member("successes_to_resolve", .number(Int64(successesToResolve))),
            JSON.Member("alert_unusual", .bool(watchesPace)),
            JSON.Member("follows_check_ins", .bool(followsCheckIns)),
        ]
    }

    private var scheduleJSON: JSON {
        switch schedule.count {
        case 0: .null
        case 1: .string(schedule[0])
        default: .array(schedule.map { .string($0) })
        }
    }

    /// When a ping is wanted, in words.
    fileprivate var sense: String {
        if schedule.isEmpty { return "every \(period.text)" }
        return schedule.compactMap { try? Schedule($0).describe() }.joined(separator: "; ")
    }
}

extension Unwatched {
    fileprivate var json: JSON {
        .object([JSON.Member("since", since.json), JSON.Member("until", until.json)])
    }
}

extension PingTrace {
    var json: JSON {
        .object([
            JSON.Member("id", .string("\(sequence)")), JSON.Member("at", at.json),
            JSON.Member("kind", .string(kind.word)),
            JSON.Member("exit_code", exitCode.map { .number(Int64($0)) } ?? .null),
            JSON.Member("rid", run.map { .string($0.text) } ?? .null),
            JSON.Member("duration", duration.map { .string($0.text) } ?? .null),
            JSON.Member("method", .string(method)), JSON.Member("source", .string(source)),
            JSON.Member("body_bytes", .number(Int64(clamping: bodyBytes))),
        ])
    }
}
