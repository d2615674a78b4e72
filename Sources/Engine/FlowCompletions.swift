internal import Alerting
internal import Dispatching
internal import Domain
internal import Effects
internal import Scheduling

// **A run that outlives its call.** A job with `completion: ping` that is answered 202 has handed its work
// over: the run stays open until the URL in the call's `Chronatog-Completion-URL` is pinged, or until
// `run_deadline`. It closes once, like any other.
extension Flow {
    /// After a start, what should have ended meanwhile has this long to say so: its ping may have met a
    /// closed door.
    static let completionGrace = Span.minutes(1)

    /// The first attempt goes out: the run's URL is known from now on, for the work may be done before the
    /// answer is here, and its longest runtime begins.
    mutating func watch(_ id: RunID, _ run: OpenRun, _ definition: JobDefinition) {
        if definition.completion == .ping,
            let name = keys.completion(storeID: ledger.storeID, run: id, openedAt: run.openedAt)
        {
            checks.note(id, name: name)
        }
        if definition.maxRuntime > .zero {
            timetable.set(.runtime(id), at: run.openedAt + definition.maxRuntime)
        }
    }

    /// The work is done. Where the job wants it, the time it took is compared with its usual one.
    mutating func succeed(
        _ id: RunID,
        _ run: OpenRun,
        _ report: AttemptReport,
        _ definition: JobDefinition,
        now: Timestamp
    ) {
        // Waits between attempts are no work.
        guard definition.watchesPace, run.attempt == 1 else {
            return close(id, run, as: .ok, report, now: now)
        }
        let entry = ledger.jobs[run.job]
        close(id, run, as: .ok, report, now: now)
        let (duration, usual) = (now - run.openedAt, entry.durations)
        switch PaceRule.judge(duration, usual: usual, runs: entry.runsClosed) {
        case nil: break
        case .usual: resolveAlert(key: PaceRule.key(of: run.job), .recovered, now: now)
        case .some(let verdict):
            let name = definition.name.isEmpty ? "job \(run.job)" : definition.name
            openAlert(
                AlertOpened(
                    job: run.job,
                    key: PaceRule.key(of: run.job),
                    severity: .warning,
                    cause: .unusual,
                    title: PaceRule.title(verdict, name: name, duration: duration, usual: usual),
                    details: ["of \(entry.runsClosed) runs, 95 in 100 took less than \(usual.p95.text)"],
                    jobName: name
                ),
                now: now
            )
        }
    }

    /// Answered 202: the end is to come.
    mutating func awaitCompletion(
        _ id: RunID,
        _ run: OpenRun,
        _ report: AttemptReport,
        _ definition: JobDefinition,
        now: Timestamp
    ) {
        let until = run.openedAt + definition.runDeadline
        write(.runAwaited(RunAwaited(job: run.job, run: id, report: report, until: until)), now)
        timetable.set(.runDeadline(id), at: until)
    }

    /// A ping to a run's URL. A start and a log say nothing of the end; a run that is over stays as it ended.
    mutating func complete(_ id: RunID, _ ping: Ping, now: Timestamp) {
        guard let run = ledger.openRuns[id] else { return }
        var report = ledger.awaited[id]?.report ?? AttemptReport(n: run.attempt)
        switch ping.kind {
        case .start, .log: break
        case .success:
            guard let definition = courier.prepare(run.job, ledger)?.definition else { return }
            succeed(id, run, report, definition, now: now)
        case .fail:
            let code = ping.exitCode.map { ": exit code \($0)" } ?? ""
            report.failure = Failure(.completion, "the completion ping says that it failed\(code)")
            report.body = ping.body
            report.isTruncated = ping.bodyBytes > UInt64(ping.body.count)
            close(id, run, as: .failed, report, now: now)
        }
    }

    /// No ping came in time.
    mutating func giveUp(_ awaited: RunAwaited, now: Timestamp) {
        guard let run = ledger.openRuns[awaited.run], awaited.until <= now else { return }
        var report = awaited.report
        let patience = (awaited.until - run.openedAt).text
        report.failure = Failure(.completion, "answered 202, and no completion ping came within \(patience)")
        close(awaited.run, run, as: .failed, report, now: now)
    }

    /// A run has been open for longer than `max_runtime`: somebody should look, but nothing is given up.
    mutating func outlast(_ id: RunID, now: Timestamp) {
        guard let run = ledger.openRuns[id], let definition = courier.prepare(run.job, ledger)?.definition,
            definition.maxRuntime > .zero, run.openedAt + definition.maxRuntime <= now
        else { return }
        let name = definition.name.isEmpty ? "job \(run.job)" : definition.name
        openAlert(
            AlertOpened(
                job: run.job,
                key: AlertRule.runtimeKey(of: run.job),
                severity: .warning,
                cause: .timedOut,
                title: "\(name) has run for longer than \(definition.maxRuntime.text)",
                details: ["run \(id) is still open; it is given up at its run_deadline"],
                jobName: name
            ),
            now: now
        )
    }
}
