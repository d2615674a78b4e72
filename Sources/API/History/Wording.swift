internal import Cron
internal import Domain
internal import Streaming

/// How explanations name things: always with the instant, always with the number.
struct Wording {
    let times: LineTimes

    var zone: Zone { times.zone }

    /// `The slot of 2026-03-08T02:30:00 in America/New_York (2026-03-08T07:00:00Z)`.
    func slot(_ slot: Slot, capital: Bool = true) -> String {
        let the = capital ? "The" : "the"
        guard times.lines.count > 1 else { return "\(the) slot at \(when(slot))" }
        let text = times.lines[min(Int(slot.line), times.lines.count - 1)].schedule.text
        return "\(the) slot of line \(slot.line) (\(text)) at \(when(slot))"
    }

    /// The instant, and the local time where it says more.
    func when(_ slot: Slot) -> String {
        let instant = instant(slot.instant)
        guard
            zone.offset(at: Instant(seconds: slot.instant.seconds)) != 0
                || slot.local.seconds != slot.instant.seconds
        else { return instant }
        return "\(instant) (\(slot.local.text) in \(zone.name))"
    }

    func instant(_ stamp: Timestamp?) -> String { stamp?.rfc3339Text ?? "never" }

    /// What the clock did at or around an instant, for a local time that it skipped or repeated.
    func change(at transition: Transition) -> String {
        let (before, after) = (clock(transition.localBefore), clock(transition.localAfter))
        let way = transition.shift > 0 ? "forward" : "back"
        return
            """
            the clock in \(zone.name) went \(way) from \(before) to \(after) at \
            \(transition.instant.rfc3339)
            """
    }

    func clock(_ local: LocalDateTime) -> String {
        let text = local.text
        let time = text.suffix(8)
        return String(time.hasSuffix(":00") ? time.dropLast(3) : time)
    }

    func date(_ local: LocalDateTime) -> String { String(local.text.prefix(10)) }

    /// A length for people: `90s`, `2h5m`, with no more precision than helps.
    func length(_ span: Span) -> String {
        let magnitude = abs(span.microseconds)
        let unit: Int64 = magnitude >= 60_000_000 ? 1_000_000 : magnitude >= 1_000_000 ? 100_000 : 1000
        return Span(microseconds: magnitude / unit * unit).text
    }

    func count(_ number: Int, _ noun: String) -> String { number == 1 ? "1 \(noun)" : "\(number) \(noun)s" }

    /// What became of a run, to follow its name.
    func fate(_ run: RunHistory) -> String {
        guard let result = run.result else {
            if let retry = run.retryAt, let last = run.attempts.last {
                return
                    """
                    is still open: attempt \(last.n) \(outcome(last)), and the next is due at \
                    \(instant(retry))
                    """
            }
            return "is still open: attempt \((run.attempts.last?.n ?? 0) + 1) is under way"
        }
        let ended = "at \(instant(run.endedAt))"
        switch result {
        case .ok: return "ended ok \(ended)"
        case .failed: return "failed \(ended)"
        case .cancelledByNext:
            return "was cancelled \(ended), because the next slot came due (overlap=cancel)"
        case .cancelled: return "was cancelled \(ended), because somebody asked for that"
        default: return "ended as \(result.word) \(ended)"
        }
    }

    /// One attempt's outcome, to follow "attempt 2".
    func outcome(_ report: AttemptReport) -> String {
        let took = "after \(length(Span(microseconds: Int64(report.timings.total))))"
        let by = report.address.isEmpty ? "" : " by \(report.address)"
        guard let failure = report.failure else { return "was answered \(report.status)\(by) \(took)" }
        if report.status != 0, failure.kind == .status { return "was answered \(report.status)\(by) \(took)" }
        return "failed (\(failure.kind.word): \(failure.message))"
    }

    /// All attempts in a row, to begin a sentence.
    func attempts(_ run: RunHistory) -> String {
        let shown = run.attempts.suffix(4)
        var words = shown.map { "attempt \($0.n) \(outcome($0))" }
        if run.attempts.count > shown.count {
            words.insert("\(count(run.attempts.count - shown.count, "earlier attempt")) failed", at: 0)
        }
        guard let last = words.popLast() else { return "no attempt was made" }
        return words.isEmpty ? last : "\(words.joined(separator: ", ")), and then \(last)"
    }
}
