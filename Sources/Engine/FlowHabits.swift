internal import Alerting
internal import Domain
internal import Scheduling

// **What is unusual about a success.** Only of checks that ask for it (`alert_unusual`).
extension Flow {
    /// - Parameter before: what was usual until this success, which is recorded by now.
    mutating func judgeHabit(
        _ check: CheckID,
        _ plan: CheckPlan,
        before: CheckHabit,
        duration: Span?,
        now: Timestamp
    ) {
        if let duration { judgeDuration(check, plan, duration, before, now: now) }
        guard let after = ledger.checks.entries[check]?.habit else { return }
        switch CheckPace.isTooOften(after) {
        case nil: break
        case false?: resolveAlert(key: CheckPace.intervalKey(of: check), .recovered, now: now)
        case true?:
            let interval = before.lastSuccess.map { now - $0 } ?? .zero
            let name = plan.definition.title(check)
            warn(
                CheckPace.intervalKey(of: check),
                CheckPace.title(tooOften: name, interval: interval, usual: after.intervals.p50),
                "\(after.shortInARow) in a row came sooner than a quarter of the usual time",
                name: name,
                now: now
            )
        }
    }

    private mutating func judgeDuration(
        _ check: CheckID,
        _ plan: CheckPlan,
        _ duration: Span,
        _ before: CheckHabit,
        now: Timestamp
    ) {
        let key = CheckPace.durationKey(of: check)
        let (usual, seen) = (before.durations, before.durationsSeen)
        switch PaceRule.judge(duration, usual: usual, runs: seen) {
        case nil: break
        case .usual: resolveAlert(key: key, .recovered, now: now)
        case .some(let verdict):
            let name = plan.definition.title(check)
            warn(
                key,
                PaceRule.title(verdict, name: name, duration: duration, usual: usual),
                "of \(seen) runs, 95 in 100 took less than \(usual.p95.text)",
                name: name,
                now: now
            )
        }
    }

    private mutating func warn(
        _ key: String,
        _ title: String,
        _ detail: String,
        name: String,
        now: Timestamp
    ) {
        openAlert(
            AlertOpened(
                job: nil,
                key: key,
                severity: .warning,
                cause: .unusual,
                title: title,
                details: [detail],
                jobName: name
            ),
            now: now
        )
    }

    mutating func resolveHabitAlerts(of check: CheckID, _ end: AlertEnd, now: Timestamp) {
        resolveAlert(key: CheckPace.durationKey(of: check), end, now: now)
        resolveAlert(key: CheckPace.intervalKey(of: check), end, now: now)
    }
}
