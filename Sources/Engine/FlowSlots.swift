internal import Domain
internal import Scheduling

// From an alarm to a decision: what stands between the timetable and `Flow.intend`.
extension Flow {
    /// Decides a job's due slots, or parks it until whatever it waits for.
    mutating func decide(_ job: JobID, now: Timestamp, isTurn: Bool = false) {
        guard ledger.jobs[job].state == .active, let plan = plan(of: job) else { return }
        guard accepted[job] == nil || isTurn else { return }
        let limit = limits.index(of: plan.limitKey)
        if !isTurn, waitsInLine(job, plan, limit, now: now) { return }
        while true {
            let decision = SlotDecider.decide(dueJob(job, plan, now: now), limits: &limits, limit: limit)
            intend(decision, limit: limit, now: now)
            guard decision.wait == .cancelOpen else {
                return park(job, plan, decision, limit: limit, isTurn: isTurn, now: now)
            }
            cancelOpenRuns(of: job, as: .cancelledByNext, now: now)
        }
    }

    /// When a limit's line is long, an ordinary slot joins it at once and is decided when its turn comes, not
    /// twice. True when there is nothing more to do.
    private mutating func waitsInLine(_ job: JobID, _ plan: Plan, _ limit: UInt32, now: Timestamp) -> Bool {
        guard limits.waitingCount(limit) > 0, catching[job] == nil, plan.runsMax == 0 else { return false }
        let entry = ledger.jobs[job]
        let due = plan.due(entry.next, job: job)
        guard entry.openRuns == 0, entry.queuedSlots == 0, due <= now, now - due <= plan.catchup.misfireAfter,
            plan.group(after: entry.cursor)?.runs?.instant == entry.next,
            cover(of: job)?.contains(entry.next) != true
        else { return false }
        accepted[job] = AcceptedSlot(instant: entry.next)
        limits.wait(limit, .job(job))
        timetable.set(.limitWait(job), at: now + plan.limit.wait)
        return true
    }

    mutating func dueJob(_ job: JobID, _ plan: Plan, now: Timestamp) -> DueJob {
        let entry = ledger.jobs[job]
        return DueJob(
            job: job,
            plan: plan,
            revision: entry.revision,
            cursor: entry.cursor,
            now: now,
            open: openCount(job, plan.overlap.scope),
            queued: Int(entry.queuedSlots),
            slotRuns: Int(entry.slotRunsClosed) + Int(entry.openRuns) + Int(entry.queuedSlots),
            catchingThrough: catching[job],
            accepted: accepted[job],
            cover: cover(of: job)
        )
    }

    private func openCount(_ job: JobID, _ scope: OverlapScope) -> Int {
        if scope == .run || ledger.jobs[job].openRuns == 0 { return Int(ledger.jobs[job].openRuns) }
        return ledger.openRuns(of: job).count { ledger.openRuns[$0]?.retryAt == nil }
    }

    /// Remembers why the job is looked at again.
    mutating func park(
        _ job: JobID,
        _ plan: Plan,
        _ decision: Decision,
        limit: UInt32,
        isTurn: Bool,
        now: Timestamp
    ) {
        catching[job] = decision.catchingThrough
        if !heldBack.isEmpty { heldBack[job] = nil }
        switch decision.wait {
        case .blackout(let end):
            accepted[job] = nil
            heldBack[job] = end
            timetable.set(job, at: end)
        case .limit(let slot, let until):
            let isNew = accepted[job] == nil
            accepted[job] = slot
            if isTurn { limits.waitAgain(limit, .job(job)) } else { limits.wait(limit, .job(job)) }
            if isNew { timetable.set(.limitWait(job), at: now + plan.limit.wait) }
            if let until { timetable.set(.limitRoom(limit), at: until) }
            timetable.set(job, at: .distantFuture)
        case .runClose:
            accepted[job] = nil
            timetable.set(job, at: .distantFuture)
        case .pace(let time):
            accepted[job] = nil
            timetable.set(job, at: time)
        case .next, .cancelOpen:
            accepted[job] = nil
            timetable.set(job, at: plan.due(decision.next, job: job))
            if decision.next == .distantFuture { finishIfDone(job, now: now) }
        }
    }

    /// Gives free places of a limit to those who wait for them, in order.
    mutating func serve(_ limit: UInt32, now: Timestamp) {
        while let waiter = limits.nextWaiter(limit) {
            let before = limits.waitingCount(limit)
            switch waiter {
            case .retry(let run):
                guard let open = ledger.openRuns[run], let at = open.retryAt, at <= now else { continue }
                tryAgain(run, now: now, isTurn: true)
            case .job(let job):
                guard ledger.jobs[job].state == .active else { continue }
                if ledger.jobs[job].queuedSlots > 0, ledger.jobs[job].openRuns == 0 {
                    decideQueued(job, now: now, isTurn: true)
                } else if accepted[job] != nil {
                    decide(job, now: now, isTurn: true)
                } else {
                    continue
                }
            }
            // Back at the head: no place, so nobody behind it has one either.
            if limits.waitingCount(limit) > before { return }
        }
    }

    /// A slot has waited for its limit as long as it may.
    mutating func expire(_ job: JobID, now: Timestamp) {
        guard let slot = accepted[job], ledger.jobs[job].state == .active, let plan = plan(of: job),
            plan.due(slot.instant, job: job) + plan.limit.wait <= now
        else { return }
        let limit = limits.index(of: plan.limitKey)
        let decision = SlotDecider.expire(dueJob(job, plan, now: now), limits: &limits, limit: limit)
        accepted[job] = nil
        intend(decision, limit: limit, now: now)
        park(job, plan, decision, limit: limit, isTurn: false, now: now)
    }

    /// The first slot that waits behind a run gets its turn when none is open any more.
    mutating func decideQueued(_ job: JobID, now: Timestamp, isTurn: Bool = false) {
        guard ledger.jobs[job].state == .active, ledger.jobs[job].openRuns == 0,
            let slot = ledger.queued[job]?.first, let plan = plan(of: job)
        else { return }
        let limit = limits.index(of: plan.limitKey)
        switch limits.take(limit, plan.limit, now: now, jumps: isTurn) {
        case .taken:
            let entry = ledger.jobs[job]
            write(
                .slotDecided(
                    SlotDecided(
                        job: job,
                        revision: entry.revision,
                        slot: slot,
                        reason: .fromQueue,
                        cursor: entry.cursor,
                        next: entry.next
                    )
                ),
                now
            )
            launch(ledger.sequence, limit: limit)
            metrics.lateness.add(now - slot.instant)
        case .full:
            if isTurn { limits.waitAgain(limit, .job(job)) } else { limits.wait(limit, .job(job)) }
        case .until(let time):
            if isTurn { limits.waitAgain(limit, .job(job)) } else { limits.wait(limit, .job(job)) }
            timetable.set(.limitRoom(limit), at: time)
        }
    }

    /// After a run closed: the next slot in the job's own line.
    mutating func wake(_ job: JobID, now: Timestamp) {
        guard ledger.jobs[job].state == .active else { return }
        if ledger.jobs[job].queuedSlots > 0 {
            decideQueued(job, now: now)
        } else if catching[job] != nil, accepted[job] == nil {
            timetable.set(job, at: now)
        }
        finishIfDone(job, now: now)
    }

    /// A job without further slots or runs is finished; one that starts with the server, or by a stream,
    /// never is.
    mutating func finishIfDone(_ job: JobID, now: Timestamp) {
        let entry = ledger.jobs[job]
        guard entry.state == .active, entry.openRuns == 0, entry.queuedSlots == 0, let plan = plan(of: job)
        else {
            return
        }
        let isSpent = plan.runsMax > 0 && entry.slotRunsClosed >= plan.runsMax
        let isOver = entry.next == .distantFuture && !plan.runsAtStart && !plan.hasTriggers
        guard isSpent || isOver else { return }
        timetable.set(job, at: .distantFuture)
        write(.jobFinished(JobFinished(job: job)), now)
    }

    /// The job's compiled plan; nil, and said once in the metrics, when its definition no longer compiles.
    mutating func plan(of job: JobID) -> Plan? {
        if let known = plans.known(job) { return known }
        let entry = ledger.jobs[job]
        let account = ledger.schedulers[entry.scheduler]?.account ?? 0
        guard let definition = ledger.definition(of: job) else { return nil }
        do {
            return try plans.compile(definition, job: job, registeredAt: entry.registeredAt, account: account)
        } catch {
            metrics.uncompiled[job] = "\(error)"
            return nil
        }
    }
}
