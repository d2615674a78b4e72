internal import Cron
internal import Domain

/// A packed definition for a dump: what differs from the defaults, secrets masked.
func definitionJSON(_ packed: [UInt8]) -> JSON {
    guard let definition = try? JobDefinition(packed: packed) else {
        return .object([JSON.Member("unreadable_bytes", .count(packed.count))])
    }
    return definition.json
}

extension JobDefinition {
    fileprivate var json: JSON {
        let standard = JobDefinition(callback: callback, schedule: schedule)
        let lines = schedule.map { JSON.string($0) }
        return .object(
            .present([
                ("name", text(name)),
                ("scheduler", scheduler == 0 ? nil : .count(scheduler)),
                ("schedule", lines.count == 1 && !isScheduleList ? lines[0] : .array(lines)),
                ("dialect", dialect.map { .string($0.rawValue) }),
                ("zone", zone == standard.zone ? nil : .string(zone)),
                ("dst", dst == standard.dst ? nil : .string(dst.rawValue)),
                ("day_match", dayMatch == standard.dayMatch ? nil : .string(dayMatch.rawValue)),
                ("callback", callback.json),
                ("timeouts", deadlines == standard.deadlines ? nil : deadlines.json),
                ("success", success == standard.success ? nil : success.json),
                ("retry", retry == standard.retry ? nil : retry.json),
                ("catchup", catchup == standard.catchup ? nil : catchup.json),
                ("overlap", overlap == standard.overlap ? nil : overlap.json),
                ("limit", limit == standard.limit ? nil : limit.json),
                ("jitter", jitter == .zero ? nil : .span(jitter)),
                ("start", start.map { .instant($0) }),
                ("end", end.map { .instant($0) }),
                ("max_runs", runsMax == 0 ? nil : .count(runsMax)),
                ("on_unknown", onUnknown == standard.onUnknown ? nil : .string(onUnknown.word)),
                ("run_deadline", runDeadline == standard.runDeadline ? nil : .span(runDeadline)),
                ("history_age", history.age == .zero ? nil : .span(history.age)),
                ("history_runs", history.runs == 0 ? nil : .count(history.runs)),
                ("history_bytes", history.bodyBytesMax == 0 ? nil : .count(history.bodyBytesMax)),
                ("alert_after", alertAfter == 1 ? nil : .count(alertAfter)),
                ("resolve_after", resolveAfter == 1 ? nil : .count(resolveAfter)),
                ("completion", completion == .answer ? nil : .string(completion.word)),
                ("max_runtime", maxRuntime == .zero ? nil : .span(maxRuntime)),
                ("alert_unusual", watchesPace ? .bool(true) : nil),
                ("alert_severity", alertSeverity == .error ? nil : .string(alertSeverity.word)),
                ("sentry_monitor", sentryMonitor.isEmpty ? nil : .string(sentryMonitor)),
                ("labels", labels.isEmpty ? nil : .array(labels.map { .string($0) })),
                ("triggers", list(reaction?.triggers.map(\.json))),
                ("steps", list(reaction?.steps.map(\.json))),
            ])
        )
    }
}

extension Callback {
    fileprivate var json: JSON {
        let standard = Callback(target: target)
        let url: JSON =
            switch target {
            case .sink(let path): .string(path)
            case .url(let url): .string(url.masked)
            case .billing: .string(CallTarget.billingPath)
            case .steps: .null
            }
        let secrets: [JSON.Member] =
            if case .url(let url) = target {
                .present([("query", url.query?.masked), ("user_info", url.userInfo?.masked)])
            } else {
                []
            }
        return .object(
            .present([
                ("method", text(method)),
                ("url", url),
                ("sealed", secrets.isEmpty ? nil : .object(secrets)),
                ("headers", headers.isEmpty ? nil : .object(headers.map { .init($0.name, $0.value.masked) })),
                ("body", bodyJSON),
                ("redirects_max", redirectsMax == 0 ? nil : .count(redirectsMax)),
                (
                    "keep_body_bytes_max",
                    keepBodyBytesMax == standard.keepBodyBytesMax ? nil : .count(keepBodyBytesMax)
                ),
                ("keeps_success_body", keepsSuccessBody ? .bool(true) : nil),
            ])
        )
    }

    private var bodyJSON: JSON? {
        switch body {
        case .none: nil
        case .plain(let text): .string(text)
        case .sealed(let sealed): sealed.masked
        }
    }
}

extension Sealed {
    var masked: JSON { .string("sealed:\(hexadecimal(keyID))") }
}

// Policies: a policy that was changed at all shows all of its fields, as it is stored.

extension CallDeadlines {
    fileprivate var json: JSON {
        .object(
            .present([
                ("name", .span(name)), ("connect", .span(connect)), ("first_byte", .span(firstByte)),
                ("total", .span(total)),
            ])
        )
    }
}

extension SuccessRule {
    fileprivate var json: JSON {
        let ranges = statuses.map { range in
            range.count == 1
                ? JSON.count(range.lowerBound) : JSON.string("\(range.lowerBound)-\(range.upperBound)")
        }
        return .object(
            .present([
                ("status", ranges.isEmpty ? nil : .array(ranges)), ("body_contains", text(bodyContains)),
                ("body_matches", text(bodyMatches)),
            ])
        )
    }
}

extension RetryPolicy {
    fileprivate var json: JSON {
        .object(
            .present([
                ("retries", .count(retries)), ("backoff_min", .span(backoffMin)),
                ("backoff_max", .span(backoffMax)),
                ("doublings", .count(doublings)), ("until", .string(until.word)),
            ])
        )
    }
}

extension CatchupPolicy {
    fileprivate var json: JSON {
        .object(
            .present([
                ("mode", mode.map { .string($0.word) }), ("window", .span(window)), ("max", .count(slotsMax)),
                ("spacing", .span(spacing)), ("misfire_after", .span(misfireAfter)),
            ])
        )
    }
}

extension OverlapPolicy {
    fileprivate var json: JSON {
        .object(
            .present([
                ("mode", .string(mode.word)), ("scope", .string(scope.word)), ("queue_max", .count(queueMax)),
                ("max_open", .count(openMax)),
            ])
        )
    }
}

extension LimitPolicy {
    fileprivate var json: JSON {
        .object(
            .present([
                ("key", text(key)), ("parallel", .count(parallel)), ("rate", .count(rate)),
                ("period", .span(period)),
                ("wait", .span(wait)),
            ])
        )
    }
}

extension JSON {
    fileprivate static func span(_ span: Span) -> JSON { .string(span.text) }
}

/// nil for an empty list, which is no member.
private func list(_ values: [JSON]?) -> JSON? { values.flatMap { $0.isEmpty ? nil : .array($0) } }

/// nil for an empty text, which is no member.
private func text(_ text: String) -> JSON? { text.isEmpty ? nil : .string(text) }
