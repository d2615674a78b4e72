internal import Alerting
internal import Dispatching
internal import Domain
internal import Effects
internal import Integrations
internal import Scheduling

// A run between its opening and its one end.
extension Flow {
    /// A failed attempt is tried again, or closes the run.
    mutating func fail(
        _ id: RunID,
        _ run: OpenRun,
        _ report: AttemptReport,
        _ definition: JobDefinition,
        retryAfter: String?,
        now: Timestamp
    ) {
        let decision = RetryDecision.decide(
            report,
            run: id,
            run,
            policy: definition.retry,
            runDeadline: definition.runDeadline,
            retryAfter: retryAfter,
            nextSlot: ledger.jobs[run.job].next,
            now: now
        )
        switch decision {
        case .retry(let at):
            write(.attemptFailed(AttemptFailed(job: run.job, run: id, report: report, retryAt: at)), now)
            timetable.set(.retry(id), at: at)
        case .giveUp:
            close(id, run, as: .failed, report, now: now)
            // 410 says that the target is gone for good: calling on would only annoy.
            if report.status == 410, ledger.jobs[run.job].state == .active {
                pauseJob(run.job, until: nil, reason: "the target answered 410 Gone", now: now)
            }
        }
    }

    /// Closes a run and lets whatever waited behind it go on.
    mutating func close(
        _ id: RunID,
        _ run: OpenRun,
        as result: SlotResult,
        _ report: AttemptReport,
        steps: [StepReport] = [],
        now: Timestamp
    ) {
        let depth = run.trigger == .stream ? ledger.reactions.causes[id]?.depth ?? 0 : 0
        let closed = RunClosed(
            job: run.job,
            run: id,
            result: result,
            report: report,
            steps: steps,
            depth: depth
        )
        write(.runClosed(closed), now)
        metrics.count(result)
        if checkIns != nil { checkIn(id, of: run.job, result == .ok ? .ok : .error, now: now) }
        judge(run.job, result, report, now: now)
        if !ledger.alerts.open.isEmpty, ledger.jobs[run.job].openRuns == 0 {
            resolveAlert(key: AlertRule.runtimeKey(of: run.job), .recovered, now: now)
        }
        pace.note(run.job, lasted: now - run.openedAt, isSkipping: ledger.jobs[run.job].skipsInARow > 0)
        wake(run.job, now: now)
    }

    /// The next attempt of a run is due: it needs a place like any other call.
    mutating func tryAgain(_ id: RunID, now: Timestamp, isTurn: Bool = false) {
        guard let run = ledger.openRuns[id], let at = run.retryAt, at <= now, let plan = plan(of: run.job)
        else {
            return
        }
        let limit = limits.index(of: plan.limitKey)
        switch limits.take(limit, plan.limit, now: now, jumps: isTurn) {
        case .taken:
            write(.attemptIntended(AttemptIntended(job: run.job, run: id, n: run.attempt + 1)), now)
            launch(id, limit: limit)
        case .full:
            wait(id, run, limit, isTurn: isTurn)
        case .until(let time):
            wait(id, run, limit, isTurn: isTurn)
            timetable.set(.limitRoom(limit), at: time)
        }
    }

    private mutating func wait(_ id: RunID, _ run: OpenRun, _ limit: UInt32, isTurn: Bool) {
        if isTurn { return limits.waitAgain(limit, .retry(id)) }
        limits.wait(limit, .retry(id))
        if let definition = courier.prepare(run.job, ledger)?.definition {
            timetable.set(.runDeadline(id), at: run.openedAt + definition.runDeadline)
        }
    }

    /// A run that still waits for a place at its deadline ends there.
    mutating func overrun(_ id: RunID, now: Timestamp) {
        if let awaited = ledger.awaited[id] { return giveUp(awaited, now: now) }
        guard let run = ledger.openRuns[id], run.retryAt != nil else { return }
        let failure = Failure(
            .timeoutTotal,
            "the run's deadline passed while attempt \(run.attempt + 1) waited for its limit"
        )
        close(id, run, as: .failed, AttemptReport(n: run.attempt, failure: failure), now: now)
    }

    /// Ends all open runs of a job; calls in flight are given up.
    mutating func cancelOpenRuns(of job: JobID, as result: SlotResult, now: Timestamp) {
        for id in ledger.openRuns(of: job) { cancel(id, as: result, now: now) }
    }

    /// Somebody wants this run to end. What waited behind it goes on; it is no failure of the job.
    mutating func cancel(_ id: RunID, as caller: Caller, now: Timestamp) throws(CommandError) {
        guard let run = ledger.openRuns[id] else { throw .conflict("run \(id) is not open") }
        try check(run.job, caller, nil)
        cancel(id, as: .cancelled, now: now)
        wake(run.job, now: now)
    }

    private mutating func cancel(_ id: RunID, as result: SlotResult, now: Timestamp) {
        guard let run = ledger.openRuns[id] else { return }
        reactions.walks[id] = nil
        if let flight = flights.first(where: { $0.value.run == id }) {
            flights[flight.key] = nil
            limits.release(flight.value.limit, wasOnWire: flight.value.isOnWire)
            if flight.value.isOnWire { effects.append(.abort(flight.key)) }
            startReady(flight.value.limit)
            giveRoom(flight.value.limit, now: now)
        }
        let report = AttemptReport(n: run.attempt)
        write(.runClosed(RunClosed(job: run.job, run: id, result: result, report: report)), now)
        metrics.count(result)
        if checkIns != nil { checkIn(id, of: run.job, .error, now: now) }
    }

    /// Somebody in a limit's line may have a place now: they are asked as soon as this alarm has been dealt
    /// with.
    private mutating func giveRoom(_ limit: UInt32, now: Timestamp) {
        if limits.waitingCount(limit) > 0 { timetable.set(.limitRoom(limit), at: now) }
    }

    /// The wall clock was set: a rate that had room again at a time that is now far away has it sooner.
    /// - Parameter isSleep: the machine may have been asleep; nobody set the clock by our own command.
    mutating func noticeClockStep(from: Timestamp, isSleep: Bool, now: Timestamp) {
        // What was expected in the time that never was did not stay away.
        if from < now { excuseSilence(since: from, isTold: isSleep, now: now) }
        for limit in limits.indices { giveRoom(limit, now: now) }
    }

    /// Outcomes of one frozen instant by (slot, job, attempt): an order that no network can change.
    func inOrder(_ outcomes: [Outcome]) -> [Outcome] {
        func place(_ outcome: Outcome) -> (Timestamp, JobID, UInt16) {
            guard let flight = flights[outcome.id], let run = ledger.openRuns[flight.run] else {
                return (.distantFuture, JobID(.max), 0)
            }
            return (run.scheduledAt, run.job, run.attempt)
        }
        guard outcomes.count > 1 else { return outcomes }
        return outcomes.map { (place($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Opens a run that no slot asked for.
    mutating func openRun(
        _ job: JobID,
        _ trigger: RunTrigger,
        slot: Slot? = nil,
        cause: RunCause? = nil,
        now: Timestamp
    ) -> RunID? {
        guard let plan = plan(of: job) else { return nil }
        let limit = limits.index(of: plan.limitKey)
        limits.takeAnyway(limit, plan.limit)
        write(
            .runOpened(
                RunOpened(
                    job: job,
                    revision: ledger.jobs[job].revision,
                    trigger: trigger,
                    scheduledAt: slot?.instant ?? now,
                    slot: slot,
                    cause: cause
                )
            ),
            now
        )
        let run = ledger.sequence
        launch(run, limit: limit)
        if checkIns != nil { checkIn(run, of: job, .inProgress, now: now) }
        return run
    }
}
