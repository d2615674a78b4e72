internal import Alerting
internal import Cron
internal import Domain
internal import Scheduling

// **Our own absence.** While Chronatog did not run, or could not decide, pings may have come in vain. That is
// reported as what it is, once, and not as a storm of checks that were not heard from.
extension Flow {
    /// So often a record says that somebody listens, when no other says so. What is told of a gap is exact to
    /// this.
    static let traceEvery = Span.seconds(60)

    /// Leaves a trace of being here, where anybody may ask for it later: in a folder with checks.
    mutating func leaveTrace(now: Timestamp, isLast: Bool = false) {
        guard !ledger.checks.isEmpty else { return }
        let quiet = now - ledger.lastTime
        if quiet >= Self.traceEvery || isLast && quiet > .zero { write(.serverAttended, now) }
    }

    /// Nobody could hear a ping from then until now: the server was down, or the machine asleep.
    /// - Parameter isTold: somebody is told of checks that are not judged again for long.
    mutating func excuseSilence(since: Timestamp, isTold: Bool = true, now: Timestamp) {
        var isNews = false
        for check in ledger.checks.ids {
            guard let entry = ledger.checks.entries[check], let plan = plan(of: check) else { continue }
            defer { arm(check) }
            // Nothing was wanted by then, whether somebody listened or not.
            if entry.starts.isEmpty, exclusion(of: entry.standing.expected, plan) != nil { continue }
            let gap = CheckMachine.unwatched(
                check,
                entry,
                plan.definition,
                since: since,
                until: now,
                next: { plan.next(after: now) }
            )
            guard var gap else { continue }
            gap.isTold = gap.isTold && isTold
            write(.checkUnwatched(gap), now)
            guard gap.isTold else { continue }
            checks.inDoubt.insert(check)
            isNews = true
        }
        if isNews { tellAbsence(now: now) }
    }

    /// One alert names all that are in doubt: one that is open already knows too few.
    private mutating func tellAbsence(now: Timestamp) {
        resolveAlert(key: AbsenceText.key, .recovered, now: now)
        let doubtful = checks.inDoubt.sorted().compactMap { check in
            ledger.checks.entries[check].flatMap { entry in entry.unwatched.map { (check, entry, $0) } }
        }
        let gaps = doubtful.map(\.2)
        guard let since = gaps.map(\.since).min(), let until = gaps.map(\.until).max() else { return }
        let text = AbsenceText(
            since: since,
            until: until,
            isWhole: gaps.allSatisfy { $0.since == since && $0.until == until },
            checks: doubtful.map { check, entry, _ in
                (plan(of: check)?.definition.title(check) ?? "check \(check)", entry.standing.expected)
            }
        )
        openAlert(
            AlertOpened(
                job: nil,
                key: AbsenceText.key,
                severity: .warning,
                cause: .unwatched,
                title: text.title,
                details: text.details,
                jobName: AbsenceText.name
            ),
            now: now
        )
    }

    /// A check was heard from, judged, or is not watched any more: when that is so of all that an absence
    /// left in doubt, it is over.
    mutating func noteHeard(_ check: CheckID, now: Timestamp) {
        guard checks.inDoubt.remove(check) != nil, checks.inDoubt.isEmpty else { return }
        resolveAlert(key: AbsenceText.key, .recovered, now: now)
    }

    // MARK: Blackouts

    /// The name of the blackout that an instant lies in for a check.
    func blackout(at instant: Timestamp, _ definition: CheckDefinition) -> String? {
        blackouts.isEmpty ? nil : blackouts.cover(labels: definition.tags)?.window(at: instant)?.name
    }

    /// The blackout that an expected instant lies in, if any, and what comes after it.
    func exclusion(of expected: Timestamp, _ plan: CheckPlan) -> CheckMachine.Exclusion? {
        guard !blackouts.isEmpty, let cover = blackouts.cover(labels: plan.definition.tags),
            let window = cover.window(at: expected)
        else { return nil }
        let end = cover.end(of: expected) ?? window.end
        return CheckMachine.Exclusion(blackout: window.name, next: plan.next(from: end))
    }

    /// The blackouts are about to change: what lay in one stays left out, however long its grace still is.
    mutating func excludePassed(now: Timestamp) {
        if blackouts.isEmpty { return }
        for check in ledger.checks.ids {
            guard let entry = ledger.checks.entries[check], !entry.isPaused, entry.starts.isEmpty,
                entry.standing.expected <= now, let plan = plan(of: check),
                let exclusion = exclusion(of: entry.standing.expected, plan)
            else { continue }
            write(.checkLapsed(CheckMachine.leaveOut(check, entry, plan.definition, exclusion)), now)
            noteHeard(check, now: now)
            arm(check)
        }
    }

    /// The blackouts have changed: a check that waits for the end of one may be expected sooner.
    mutating func reviewExcluded(now: Timestamp) {
        for check in ledger.checks.ids {
            guard let entry = ledger.checks.entries[check], !entry.excludedBy.isEmpty, !entry.isPaused,
                let plan = plan(of: check)
            else { continue }
            let end = blackouts.cover(labels: plan.definition.tags)?.end(of: now) ?? now
            let expected = plan.next(from: end)
            guard expected < entry.standing.expected else { continue }
            let standing = CheckMachine.revise(entry, plan.definition, expected: expected)
            write(
                .checkRevised(
                    CheckRevised(check: check, definition: entry.definition, standing: standing)
                ),
                now
            )
            arm(check)
        }
    }
}
