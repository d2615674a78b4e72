internal import Domain
internal import Engine

/// The policies of a job: how long, how often, and what then.
enum PolicyForm {
    static func read(_ fields: inout Fields, into job: inout JobDefinition) {
        readTimeouts(&fields, into: &job.deadlines)
        readSuccess(&fields, into: &job.success)
        readRetry(&fields, into: &job.retry)
        readCatchup(&fields, into: &job.catchup)
        readOverlap(&fields, into: &job.overlap)
        readLimit(&fields, into: &job.limit)
        fields.read("jitter", into: &job.jitter, default: .zero)
        fields.read("start", into: &job.start)
        fields.read("end", into: &job.end)
        fields.read("max_runs", into: &job.runsMax, default: 0, within: 0...JobLimits.countMax)
        fields.read(
            "on_unknown",
            into: &job.onUnknown,
            default: .retry,
            choices: OnUnknown.allCases.map { ($0.word, $0) }
        )
        fields.read("history_age", into: &job.history.age, default: .zero, atLeast: .minutes(1))
        fields.read("history_runs", into: &job.history.runs, default: 0, within: 1...JobLimits.countMax)
        fields.read(
            "history_bytes",
            into: &job.history.bodyBytesMax,
            default: 0,
            within: 1...JobLimits.historyBytesMax
        )
        fields.read("alert_after", into: &job.alertAfter, default: 1, within: 0...JobLimits.countMax)
        fields.read("resolve_after", into: &job.resolveAfter, default: 1, within: 1...JobLimits.countMax)
        fields.read(
            "completion",
            into: &job.completion,
            default: .answer,
            choices: Completion.allCases.map { ($0.word, $0) }
        )
        fields.read(
            "blackout_then",
            into: &job.blackoutThen,
            default: .skip,
            choices: BlackoutThen.allCases.map { ($0.word, $0) }
        )
        fields.read("max_runtime", into: &job.maxRuntime, default: .zero, atLeast: .milliseconds(1))
        fields.read("alert_unusual", into: &job.watchesPace)
        fields.read("sentry_monitor", into: &job.sentryMonitor, bytesMax: JobLimits.monitorBytesMax)
        if !job.sentryMonitor.allSatisfy({
            $0.isASCII && ($0.isLowercase || $0.isNumber || "-_".contains($0))
        }) {
            fields.fault("sentry_monitor", "is no slug: small letters, digits, - and _")
        }
        fields.read(
            "alert_severity",
            into: &job.alertSeverity,
            default: .error,
            choices: AlertSeverity.allCases.map { ($0.word, $0) }
        )
        fields.read("run_deadline", into: &job.runDeadline, default: .hours(1), atLeast: .milliseconds(1))
    }

    private static func readTimeouts(_ fields: inout Fields, into deadlines: inout CallDeadlines) {
        guard var inner = fields.object("timeouts") else { return }
        if fields.value("timeouts") == nil { deadlines = CallDeadlines() }
        let standard = CallDeadlines()
        inner.refuseUnknown(["name", "connect", "first_byte", "total"])
        let least = Span.milliseconds(1)
        inner.read("name", into: &deadlines.name, default: standard.name, atLeast: least)
        inner.read("connect", into: &deadlines.connect, default: standard.connect, atLeast: least)
        inner.read("first_byte", into: &deadlines.firstByte, default: standard.firstByte, atLeast: least)
        inner.read("total", into: &deadlines.total, default: standard.total, atLeast: least)
        fields.take(faultsOf: inner)
    }

    private static func readSuccess(_ fields: inout Fields, into rule: inout SuccessRule) {
        guard var inner = fields.object("success") else { return }
        if fields.value("success") == nil { rule = SuccessRule() }
        inner.refuseUnknown(["status", "body_contains", "body_matches"])
        readStatuses(&inner, into: &rule.statuses)
        inner.read("body_contains", into: &rule.bodyContains, bytesMax: JobLimits.patternBytesMax)
        inner.read("body_matches", into: &rule.bodyMatches, bytesMax: JobLimits.patternBytesMax)
        do {
            _ = try Pattern(rule.bodyMatches)
        } catch {
            inner.fault("body_matches", "\(error)")
        }
        fields.take(faultsOf: inner)
    }

    private static func readStatuses(_ fields: inout Fields, into statuses: inout [ClosedRange<UInt16>]) {
        guard fields.has("status") else { return }
        guard let value = fields.value("status") else { return statuses = [] }
        let items: [JSON] = value.array ?? [value]
        guard items.count <= JobLimits.statusRangesMax else {
            return fields.fault("status", "has more than \(JobLimits.statusRangesMax) entries")
        }
        var ranges: [ClosedRange<UInt16>] = []
        for item in items {
            guard let range = statusRange(item) else {
                return fields.fault(
                    "status",
                    "has an entry that is neither a status nor a range",
                    hint: "[200, \"300-399\"], from 100 to 599"
                )
            }
            ranges.append(range)
        }
        statuses = ranges
    }

    private static func statusRange(_ item: JSON) -> ClosedRange<UInt16>? {
        let ends: [Int64?]
        switch item {
        case .number(let status): ends = [status, status]
        case .string(let text):
            let sides = text.split(separator: "-", omittingEmptySubsequences: false)
            guard let first = sides.first, sides.count <= 2 else { return nil }
            ends = [Int64(first), Int64(sides.count == 2 ? sides[1] : first)]
        default: return nil
        }
        guard let low = ends[0], let high = ends[1], (100...599).contains(low), (low...599).contains(high)
        else {
            return nil
        }
        return UInt16(low)...UInt16(high)
    }

    private static func readRetry(_ fields: inout Fields, into retry: inout RetryPolicy) {
        let standard = RetryPolicy()
        fields.read(
            "retries",
            into: &retry.retries,
            default: standard.retries,
            within: 0...JobLimits.retriesMax
        )
        let least = Span.milliseconds(1)
        fields.read("backoff_min", into: &retry.backoffMin, default: standard.backoffMin, atLeast: least)
        fields.read("backoff_max", into: &retry.backoffMax, default: standard.backoffMax, atLeast: least)
        fields.read(
            "doublings",
            into: &retry.doublings,
            default: standard.doublings,
            within: 0...JobLimits.doublingsMax
        )
        fields.read(
            "retry_until",
            into: &retry.until,
            default: .nextSlot,
            choices: RetryUntil.allCases.map { ($0.word, $0) }
        )
        if retry.backoffMax < retry.backoffMin {
            fields.fault("backoff_max", "is less than backoff_min (\(retry.backoffMin.text))")
        }
    }

    private static func readCatchup(_ fields: inout Fields, into catchup: inout CatchupPolicy) {
        let standard = CatchupPolicy()
        fields.read(
            "catchup",
            into: &catchup.mode,
            default: nil,
            choices: Catchup.allCases.map { ($0.word, $0) }
        )
        fields.read("catchup_window", into: &catchup.window, default: standard.window)
        fields.read(
            "catchup_max",
            into: &catchup.slotsMax,
            default: standard.slotsMax,
            within: 0...JobLimits.catchupMax
        )
        fields.read("misfire_after", into: &catchup.misfireAfter, default: standard.misfireAfter)
        guard fields.has("catchup_rate") else { return }
        guard let value = fields.value("catchup_rate") else { return catchup.spacing = standard.spacing }
        guard let (count, period) = rate(value), period.microseconds / Int64(count) > 0 else {
            return fields.fault("catchup_rate", "is not a rate", hint: "\"1/s\", \"10/1m\"")
        }
        catchup.spacing = Span(microseconds: period.microseconds / Int64(count))
    }

    private static func readOverlap(_ fields: inout Fields, into overlap: inout OverlapPolicy) {
        let standard = OverlapPolicy()
        fields.read(
            "overlap",
            into: &overlap.mode,
            default: .skip,
            choices: Overlap.allCases.map { ($0.word, $0) }
        )
        fields.read(
            "overlap_scope",
            into: &overlap.scope,
            default: .run,
            choices: OverlapScope.allCases.map { ($0.word, $0) }
        )
        fields.read(
            "queue_max",
            into: &overlap.queueMax,
            default: standard.queueMax,
            within: 1...JobLimits.queueMax
        )
        fields.read(
            "max_open",
            into: &overlap.openMax,
            default: standard.openMax,
            within: 1...JobLimits.openMax
        )
    }

    private static func readLimit(_ fields: inout Fields, into limit: inout LimitPolicy) {
        fields.read("limit_key", into: &limit.key, bytesMax: JobLimits.nameBytesMax)
        fields.read("limit_parallel", into: &limit.parallel, default: 0, within: 0...JobLimits.countMax)
        fields.read("limit_wait", into: &limit.wait, default: .minutes(5))
        guard fields.has("limit_rate") else { return }
        guard let value = fields.value("limit_rate") else {
            (limit.rate, limit.period) = (0, .seconds(1))
            return
        }
        guard let (count, period) = rate(value) else {
            return fields.fault("limit_rate", "is not a rate", hint: "\"10/1m\": ten calls a minute")
        }
        (limit.rate, limit.period) = (count, period)
    }

    /// `10/1m`, `1/s`.
    private static func rate(_ value: JSON) -> (count: UInt32, period: Span)? {
        guard let text = value.string else { return nil }
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2, let count = UInt32(sides[0]), count > 0 else { return nil }
        let isUnit = sides[1].first.map { !$0.isNumber } ?? false
        guard let period = Span((isUnit ? "1" : "") + sides[1]), period > .zero else { return nil }
        return (count, period)
    }

    /// As `catchup_rate` is shown: `1/s`, `1/5s`.
    static func rateText(spacing: Span) -> String {
        let isUnit = [Span.seconds(1), .minutes(1), .hours(1), .days(1)].contains(spacing)
        return "1/\(isUnit ? spacing.text.dropFirst() : spacing.text[...])"
    }

    /// As `limit_rate` is shown.
    static func text(rate: UInt32, period: Span) -> String { "\(rate)/\(period.text)" }
}
