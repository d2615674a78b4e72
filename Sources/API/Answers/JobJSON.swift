internal import Cron
package import Domain
internal import Engine
internal import Scheduling
internal import Streaming

extension Site {
    /// A job as the API shows it: nothing secret, and everything in the form in which it can be sent back.
    func json(_ view: JobView, now: Timestamp) -> JSON {
        var members = [
            JSON.Member("id", .string("\(view.id)")),
            JSON.Member("url", .string(url("\(RouteTable.prefix)/jobs/\(view.id)"))),
        ]
        members += view.definition.shown
        let times = LineTimes.today(view, zones: zones)
        let warnings =
            (times?.warnings(from: now) ?? []) + (times?.blackoutWarnings(view) ?? [])
            + view.missingStreams.map { "No stream named \($0) is watched: chronatog stream add" }
        members += [
            JSON.Member("scheduler", .number(Int64(view.entry.scheduler))),
            JSON.Member("state", .string(view.entry.state.word)),
            JSON.Member("paused_reason", view.pause.map { .string($0.reason) } ?? .null),
            JSON.Member("paused_until", view.pause?.until?.json ?? .null),
            JSON.Member("next_at", view.nextCall(times)?.json ?? .null),
            JSON.Member("blackouts", .array((view.cover?.names ?? []).map { .string($0) })),
            JSON.Member("open_runs", .number(Int64(view.entry.openRuns))),
            JSON.Member("queued_slots", .number(Int64(view.entry.queuedSlots))),
            JSON.Member("last_result", view.entry.lastResult.map { .string($0.word) } ?? .null),
            JSON.Member("runs", view.entry.runsJSON),
            JSON.Member("revision", .number(Int64(view.entry.revision))),
            JSON.Member("sequence", .number(Int64(clamping: view.entry.sequence.value))),
            JSON.Member("created_at", view.entry.registeredAt.json),
            JSON.Member(
                "description",
                .string((times?.lines ?? []).map { $0.schedule.describe() }.joined(separator: "; "))
            ),
            JSON.Member("warnings", .array(warnings.map { .string($0) })),
            JSON.Member(
                "badge_url",
                view.badgeKey.map { .string(url("/badge/\($0)/job-\(view.id).svg")) } ?? .null
            ),
        ]
        return .object(members)
    }
}

extension Site {
    /// What a change would make of a job, with the names of the fields that it changes: also those where only
    /// a secret differs, which shows as `***` before and after (`headers.X-Key` for a header's).
    func json(_ new: JobView, over old: JobView, now: Timestamp) -> JSON {
        let (before, after) = (json(old, now: now), json(new, now: now))
        var changes = JobFields.request.filter { before[$0] != after[$0] }
        let (oldSecrets, newSecrets) = (old.definition.callback.secrets, new.definition.callback.secrets)
        for place in newSecrets.keys.sorted() {
            guard let secret = oldSecrets[place], secret != newSecrets[place] else { continue }
            let header = new.definition.callback.headers.first { place == "header/\($0.name.lowercased())" }
            let field = header.map { "headers.\($0.name)" } ?? (place == "body" ? "body" : "callback_url")
            if !changes.contains(field) { changes.append(field) }
        }
        guard case .object(let members) = after else { return after }
        return .object(members + [JSON.Member("changes", .array(changes.map { .string($0) }))])
    }
}

extension JobEntry {
    /// Counts and durations that outlast the runs themselves.
    fileprivate var runsJSON: JSON {
        .object([
            JSON.Member("closed", .number(Int64(runsClosed))),
            JSON.Member("ok", .number(Int64(runsOK))),
            JSON.Member("p50_us", runsClosed > 0 ? .number(durations.p50.microseconds) : .null),
            JSON.Member("p95_us", runsClosed > 0 ? .number(durations.p95.microseconds) : .null),
        ])
    }
}

extension JobView {
    /// When it calls next: slots in blackouts do not.
    func nextCall(_ times: LineTimes?) -> Timestamp? {
        if let heldBackUntil { return heldBackUntil }
        guard cover != nil, entry.next != .distantFuture, let times else { return entry.next }
        return times.plan.nextCall(after: entry.next - Span(microseconds: 1), under: cover)
    }
}

extension LineTimes {
    /// A job's lines as they are now; nil when they no longer compile.
    static func today(_ view: JobView, zones: ZoneDatabase) -> LineTimes? {
        guard let zone = try? zones.zone(named: view.definition.zone) else { return nil }
        return try? LineTimes(
            view.definition,
            job: view.id,
            registeredAt: view.entry.registeredAt,
            zone: zone
        )
    }

    /// That the next slot does not run, and why.
    fileprivate func blackoutWarnings(_ view: JobView) -> [String] {
        guard let fate = plan.fate(at: view.entry.next, under: view.cover) else { return [] }
        var sentence = "The next slot, at \(view.entry.next.rfc3339Text ?? ""), falls into the blackout"
        sentence += " \"\(fate.name)\" and "
        switch fate {
        case .kept(_, let end): sentence += "runs when that is over, at \(end.rfc3339Text ?? "")."
        case .excluded:
            let after = "; the newest of its slots there runs when that is over"
            sentence += "is left out\(plan.runsAfterBlackout ? after : "")."
        }
        return [sentence]
    }

    /// What the zone's next changes do to the lines.
    func warnings(from now: Timestamp) -> [String] {
        var sentences: [String] = []
        for (index, line) in lines.enumerated() {
            for note in lint(line, from: Instant(seconds: now.seconds)) {
                sentences.append(lines.count == 1 ? note.sentence : "Line \(index): \(note.sentence)")
            }
        }
        return sentences
    }
}

extension CallTarget {
    /// What may be shown.
    var shown: String {
        switch self {
        case .sink(let path): path
        case .url(let url): url.masked
        case .billing: Self.billingPath
        case .steps: ""
        }
    }
}

extension Callback {
    fileprivate var members: [JSON.Member] {
        var isSecret = false
        let shownBody: JSON
        switch body {
        case .none: shownBody = .null
        case .plain(let text): shownBody = .string(text)
        case .sealed:
            shownBody = .string(CallbackForm.mask)
            isSecret = true
        }
        return [
            JSON.Member("method", .string(effectiveMethod)),
            JSON.Member("headers", .object(headers.map { JSON.Member($0.name, .string(CallbackForm.mask)) })),
            JSON.Member("body", shownBody),
            JSON.Member("body_secret", .bool(isSecret)),
            JSON.Member("redirects", .number(Int64(redirectsMax))),
            JSON.Member("keep_body", .number(Int64(keepBodyBytesMax))),
            JSON.Member("keep_success_body", .bool(keepsSuccessBody)),
        ]
    }
}

extension JobDefinition {
    /// What a request said or left to the defaults, secrets as `***`, in the order of the documentation.
    package var shown: [JSON.Member] {
        [
            JSON.Member("name", .string(name)),
            JSON.Member("callback_url", .string(callback.target.shown)),
            JSON.Member(
                "schedule",
                isScheduleList || schedule.isEmpty && reaction != nil
                    ? .array(schedule.map { .string($0) }) : .string(schedule.first ?? "")
            ),
            JSON.Member("dialect", dialect.map { .string($0.rawValue) } ?? .null),
            JSON.Member("zone", .string(zone)),
            JSON.Member("dst", .string(dst.rawValue)),
            JSON.Member("day_match", .string(dayMatch.rawValue)),
        ] + callback.members + policyMembers
    }

    private var policyMembers: [JSON.Member] {
        callMembers + catchupMembers + [
            JSON.Member("overlap", .string(overlap.mode.word)),
            JSON.Member("overlap_scope", .string(overlap.scope.word)),
            JSON.Member("queue_max", .number(Int64(overlap.queueMax))),
            JSON.Member("max_open", .number(Int64(overlap.openMax))),
            JSON.Member("jitter", .string(jitter.text)),
            JSON.Member("start", start?.json ?? .null),
            JSON.Member("end", end?.json ?? .null),
            JSON.Member("max_runs", runsMax == 0 ? .null : .number(Int64(runsMax))),
            JSON.Member("on_unknown", .string(onUnknown.word)),
            JSON.Member("limit_key", .string(limit.key)),
            JSON.Member("limit_parallel", limit.parallel == 0 ? .null : .number(Int64(limit.parallel))),
            JSON.Member(
                "limit_rate",
                limit.rate == 0 ? .null : .string(PolicyForm.text(rate: limit.rate, period: limit.period))
            ),
            JSON.Member("limit_wait", .string(limit.wait.text)),
            JSON.Member("run_deadline", .string(runDeadline.text)),
            JSON.Member("history_age", history.age == .zero ? .null : .string(history.age.text)),
            JSON.Member("history_runs", history.runs == 0 ? .null : .number(Int64(history.runs))),
            JSON.Member(
                "history_bytes",
                history.bodyBytesMax == 0 ? .null : .number(Int64(clamping: history.bodyBytesMax))
            ),
            JSON.Member("alert_after", .number(Int64(alertAfter))),
            JSON.Member("resolve_after", .number(Int64(resolveAfter))),
            JSON.Member("completion", .string(completion.word)),
            JSON.Member("blackout_then", .string(blackoutThen.word)),
            JSON.Member("max_runtime", maxRuntime == .zero ? .null : .string(maxRuntime.text)),
            JSON.Member("alert_unusual", .bool(watchesPace)),
            JSON.Member("alert_severity", .string(alertSeverity.word)),
            JSON.Member("sentry_monitor", .string(sentryMonitor)),
            JSON.Member("labels", .array(labels.map { .string($0) })),
            JSON.Member("triggers", .array(reaction?.triggers.map(\.json) ?? [])),
            JSON.Member("steps", .array(reaction?.steps.map(\.json) ?? [])),
        ]
    }

    private var callMembers: [JSON.Member] {
        let ranges = success.statuses.isEmpty ? [200...299] : success.statuses
        let statuses = ranges.map { range -> JSON in
            range.count == 1
                ? .number(Int64(range.lowerBound)) : .string("\(range.lowerBound)-\(range.upperBound)")
        }
        return [
            JSON.Member(
                "timeouts",
                .object([
                    JSON.Member("name", .string(deadlines.name.text)),
                    JSON.Member("connect", .string(deadlines.connect.text)),
                    JSON.Member("first_byte", .string(deadlines.firstByte.text)),
                    JSON.Member("total", .string(deadlines.total.text)),
                ])
            ),
            JSON.Member(
                "success",
                .object([
                    JSON.Member("status", .array(statuses)),
                    JSON.Member("body_contains", .string(success.bodyContains)),
                    JSON.Member("body_matches", .string(success.bodyMatches)),
                ])
            ),
            JSON.Member("retries", .number(Int64(retry.retries))),
            JSON.Member("backoff_min", .string(retry.backoffMin.text)),
            JSON.Member("backoff_max", .string(retry.backoffMax.text)),
            JSON.Member("doublings", .number(Int64(retry.doublings))),
            JSON.Member("retry_until", .string(retry.until.word)),
        ]
    }

    private var catchupMembers: [JSON.Member] {
        [
            JSON.Member("catchup", .string(catchupMode.word)),
            JSON.Member("catchup_window", .string(catchup.window.text)),
            JSON.Member("catchup_max", .number(Int64(catchup.slotsMax))),
            JSON.Member("catchup_rate", .string(PolicyForm.rateText(spacing: catchup.spacing))),
            JSON.Member("misfire_after", .string(catchup.misfireAfter.text)),
        ]
    }
}
