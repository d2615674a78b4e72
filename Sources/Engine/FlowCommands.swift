internal import Alerting
internal import Cron
internal import Dispatching
package import Domain
internal import Effects
internal import Scheduling

// What people may ask of a job. Each method checks everything first and then writes; a thrown error means
// that nothing was written.
extension Flow {
    /// Whether the caller may see the job, and whether it has seen its newest state.
    package func check(_ job: JobID, _ caller: Caller, _ ifMatch: Sequence?) throws(CommandError) {
        guard ledger.jobs.contains(job), ledger.jobs[job].state != .removed,
            caller.mayUse(scheduler: ledger.jobs[job].scheduler)
        else { throw .noSuchJob(job) }
        if let ifMatch, ifMatch != ledger.jobs[job].sequence {
            throw .stale(current: ledger.jobs[job].sequence)
        }
    }

    package mutating func register(
        _ draft: JobDraft,
        scheduler: UInt32,
        now: Timestamp
    ) throws(CommandError) -> JobView {
        guard let owner = ledger.schedulers[scheduler] else { throw .noSuchScheduler(scheduler) }
        if owner.account > 1 { try refuseBeyondPlan(owner.account) }
        let job = JobID(UInt32(ledger.jobs.count + 1))
        var definition = seal(draft, job: job, account: owner.account)
        definition.scheduler = scheduler
        let plan = try compile(definition, job: job, registeredAt: now, account: owner.account)
        adoptZone(definition.zone, now: now)
        write(
            .jobRegistered(
                JobRegistered(
                    job: job,
                    scheduler: scheduler,
                    definition: definition.packed(),
                    cursor: now,
                    next: plan.next(after: now)
                )
            ),
            now
        )
        plans.remember(plan, of: definition, job: job, account: owner.account)
        noteTriggers(of: job)
        timetable.set(job, at: plan.due(ledger.jobs[job].next, job: job))
        noticeJobCount(of: scheduler, now: now)
        return try view(job)
    }

    /// Decides every slot up to now under the old revision; a changed schedule starts at now.
    package mutating func revise(
        _ job: JobID,
        change: (JobDefinition) throws(CommandError) -> JobDraft,
        now: Timestamp
    ) throws(CommandError) -> JobView {
        guard let old = ledger.definition(of: job) else { throw .noSuchJob(job) }
        let entry = ledger.jobs[job]
        let account = ledger.schedulers[entry.scheduler]?.account ?? 0
        var definition = seal(try change(old), job: job, account: account, over: old)
        definition.scheduler = entry.scheduler
        let plan = try compile(definition, job: job, registeredAt: entry.registeredAt, account: account)
        let movesSlots = Self.schedulingDiffers(old, definition)
        if movesSlots {
            decide(job, now: now)
            let paused = entry.state == .paused
            settle(
                job,
                as: paused ? .paused : .discarded,
                because: paused ? .jobPaused : .catchupDiscarded,
                now: now
            )
        }
        adoptZone(definition.zone, now: now)
        let cursor = movesSlots ? max(now, ledger.jobs[job].cursor) : ledger.jobs[job].cursor
        write(
            .jobRevised(
                JobRevised(
                    job: job,
                    revision: ledger.jobs[job].revision + 1,
                    definition: definition.packed(),
                    cursor: cursor,
                    next: plan.next(after: cursor)
                )
            ),
            now
        )
        plans.forget(job)
        courier.forget(job)
        noteTriggers(of: job)
        if definition.labels != old.labels { reviewSilences(of: job, now: now) }
        if definition.alertAfter == 0 { resolveAlert(of: job, .notWatched, now: now) }
        if !definition.watchesPace { resolveAlert(key: PaceRule.key(of: job), .notWatched, now: now) }
        if ledger.jobs[job].state == .active, accepted[job] == nil {
            timetable.set(job, at: plan.due(ledger.jobs[job].next, job: job))
            finishIfDone(job, now: now)
        }
        return try view(job)
    }

    package mutating func remove(_ job: JobID, now: Timestamp) throws(CommandError) {
        decide(job, now: now)
        let paused = ledger.jobs[job].state == .paused
        settle(job, as: paused ? .paused : .deleted, because: paused ? .jobPaused : .jobRemoved, now: now)
        settleQueued(job, as: .deleted, because: .jobRemoved, now: now)
        cancelOpenRuns(of: job, as: .deleted, now: now)
        resolveAlert(of: job, .jobRemoved, now: now)
        resolveAlert(key: PaceRule.key(of: job), .jobRemoved, now: now)
        resolveAlert(key: AlertRule.runtimeKey(of: job), .jobRemoved, now: now)
        forgetReactions(of: job, now: now)
        write(.jobRemoved(JobRemoved(job: job)), now)
        noticeJobCount(of: ledger.jobs[job].scheduler, now: now)
        timetable.set(job, at: .distantFuture)
        plans.forget(job)
        courier.forget(job)
        reviewSilences(of: job, now: now)
    }

    package mutating func pause(
        _ job: JobID,
        until: Timestamp?,
        reason: String,
        now: Timestamp
    ) throws(CommandError) -> JobView {
        switch ledger.jobs[job].state {
        case .active: break
        case .paused: throw .conflict("job \(job) is paused already; resume it first to change the pause")
        case .finished, .removed: throw .conflict("job \(job) is finished and has no slots to pause")
        }
        if let until, until <= now {
            throw .invalid([
                CommandError.Fault(field: "until", message: "the end of the pause is not in the future")
            ])
        }
        decide(job, now: now)
        pauseJob(job, until: until, reason: reason, now: now)
        return try view(job)
    }

    mutating func pauseJob(_ job: JobID, until: Timestamp?, reason: String, now: Timestamp) {
        write(.jobPaused(JobPaused(job: job, since: now, until: until, reason: reason)), now)
        timetable.set(job, at: .distantFuture)
        accepted[job] = nil
        heldBack[job] = nil
        if let until { timetable.set(.resume(job), at: until) }
    }

    /// What happens to the slots of the pause is decided now (`catchup`).
    package mutating func resume(_ job: JobID, catchup: Catchup, now: Timestamp) throws(CommandError)
        -> JobView
    {
        guard ledger.jobs[job].state == .paused, let plan = plan(of: job) else {
            throw .conflict("job \(job) is not paused")
        }
        let limit = limits.index(of: plan.limitKey)
        if catchup == .none {
            settle(job, as: .paused, because: .jobPaused, now: now)
            write(.jobResumed(JobResumed(job: job, next: plan.next(after: ledger.jobs[job].cursor))), now)
            timetable.set(job, at: plan.due(ledger.jobs[job].next, job: job))
        } else {
            write(.jobResumed(JobResumed(job: job, next: ledger.jobs[job].next)), now)
            let due = dueJob(job, plan, now: now)
            let decision = SlotDecider.resume(due, catchup: catchup, limits: &limits, limit: limit)
            intend(decision, limit: limit, now: now)
            park(job, plan, decision, limit: limit, isTurn: false, now: now)
        }
        decideQueued(job, now: now)
        finishIfDone(job, now: now)
        return try view(job)
    }

    mutating func endPause(_ job: JobID, now: Timestamp) {
        guard let until = ledger.pauses[job]?.until, until <= now else { return }
        _ = try? resume(job, catchup: .none, now: now)
    }

    package mutating func runNow(_ job: JobID, overlap: Overlap, now: Timestamp) throws(CommandError)
        -> OpenRunView
    {
        try refuseTooManyRuns(job)
        if ledger.jobs[job].openRuns > 0 {
            switch overlap {
            case .allow: break
            case .cancel: cancelOpenRuns(of: job, as: .cancelledByNext, now: now)
            case .skip, .queueOne, .queueAll:
                throw .conflict(
                    "run \(ledger.jobs[job].openRun) of job \(job) is still open; use overlap=allow or cancel"
                )
            }
        }
        guard let id = openRun(job, .manual, now: now), let run = ledger.openRuns[id] else {
            throw .conflict(
                "job \(job) cannot be run: \(metrics.uncompiled[job] ?? "its schedule does not compile")"
            )
        }
        return OpenRunView(id: id, run: run)
    }

    package mutating func release(
        _ slot: Slot,
        of job: JobID,
        now: Timestamp
    ) throws(CommandError) -> OpenRunView {
        try refuseTooManyRuns(job)
        guard let id = openRun(job, .released, slot: slot, now: now), let run = ledger.openRuns[id] else {
            throw .conflict("job \(job) cannot be run: its schedule does not compile")
        }
        return OpenRunView(id: id, run: run)
    }

    /// Runs that people open know no `max_open`; the ledger's counter has an end all the same.
    private func refuseTooManyRuns(_ job: JobID) throws(CommandError) {
        let open = ledger.jobs[job].openRuns
        guard open < UInt16.max else {
            throw .conflict("job \(job) has \(open) open runs; wait until some have ended")
        }
    }

    /// Gives up what waits under `catchup=all`. Returns how many slots that were.
    package mutating func discardCatchup(_ job: JobID, now: Timestamp) throws(CommandError) -> Int {
        guard catching[job] != nil else { return 0 }
        let before = batch.count
        settle(job, as: .discarded, because: .catchupDiscarded, beforeTheirTime: false, now: now)
        timetable.set(job, at: ledger.jobs[job].next)
        return batch[before...].reduce(0) { sum, entry in
            guard case .slotsDecided(let record) = entry.record, record.result == .discarded else {
                return sum
            }
            return sum + Int(record.count)
        }
    }

    /// Settles every undecided slot up to now alike, those that `jitter` still holds back among them unless
    /// they keep their turn.
    mutating func settle(
        _ job: JobID,
        as result: SlotResult,
        because reason: DecisionReason,
        beforeTheirTime: Bool = true,
        now: Timestamp
    ) {
        guard let plan = plan(of: job), ledger.jobs[job].state != .finished else { return }
        let decision = SlotDecider.settle(
            dueJob(job, plan, now: now),
            as: result,
            because: reason,
            beforeTheirTime: beforeTheirTime
        )
        intend(decision, limit: limits.index(of: plan.limitKey), now: now)
        catching[job] = nil
        accepted[job] = nil
        heldBack[job] = nil
    }

    mutating func settleQueued(
        _ job: JobID,
        as result: SlotResult,
        because reason: DecisionReason,
        now: Timestamp
    ) {
        for slot in ledger.queued[job] ?? [] {
            let entry = ledger.jobs[job]
            write(
                .slotsDecided(
                    SlotsDecided(
                        job: job,
                        revision: entry.revision,
                        first: slot,
                        last: slot,
                        count: 1,
                        result: result,
                        reason: reason,
                        cursor: entry.cursor,
                        next: entry.next
                    )
                ),
                now
            )
        }
    }
}
