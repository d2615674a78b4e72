internal import Domain
internal import Engine
internal import Journaling

// What people, targets, clocks and disks do, by chance.
extension Simulator {
    private static let jobsMax = 10

    /// One thing happens.
    func act() throws {
        switch dice.below(100) {
        case 0..<22: register()
        case 22..<31: revise()
        case 31..<38: pause()
        case 38..<45: resume()
        case 45..<49: remove()
        case 49..<56: runNow()
        case 56..<59: release()
        case 59..<62: discard()
        case 62..<73: changeWeather()
        case 73..<77: acknowledge()
        case 77..<79: testChannel()
        case 79..<81: resendDead()
        case 81..<86: stepClock()
        case 86..<88: time.drift(by: Int64(dice.below(1000)) - 500)
        case 88..<90: try restart()
        case 90..<94: try crashAndRestart()
        case 94..<96: try fillDisk()
        default: try breakDisk()
        }
    }

    // MARK: Commands

    /// Asks the engine; a success is kept as something that may not be lost.
    func ask(
        _ record: String,
        _ body: @escaping @Sendable (inout Flow, Timestamp) throws(CommandError) -> JobID?
    ) {
        let answers = answers
        engine?.command(
            { flow, now throws(CommandError) -> Acknowledgement? in
                let since = flow.ledger.sequence
                let job = try body(&flow, now)
                guard !record.isEmpty else { return nil }
                return Acknowledgement(record: record, job: job, since: since, sequence: flow.ledger.sequence)
            },
            answer: { answers.add($0) }
        )
    }

    /// The same about one job that exists.
    private func ask(
        _ record: String,
        of job: JobID,
        _ body: @escaping @Sendable (inout Flow, Timestamp) throws(CommandError) -> Void
    ) {
        ask(record) { flow, now throws(CommandError) in
            try flow.check(job, .operator, nil)
            try body(&flow, now)
            return job
        }
    }

    private func someJob() -> JobID? {
        guard let ledger = engine?.ledger else { return nil }
        let jobs = ledger.jobs.ids.filter { ledger.jobs[$0].state != .removed }
        return jobs.isEmpty ? nil : dice.pick(jobs)
    }

    func register() {
        guard let ledger = engine?.ledger, ledger.jobs.live < Self.jobsMax else { return revise() }
        ask("jobRegistered", registering: JobMaker.definition(&dice, pace: pace, now: time.now))
    }

    func ask(_ record: String, registering definition: JobDefinition) {
        let draft = JobDraft(definition)
        ask(record) { flow, now throws(CommandError) in
            try flow.register(draft, scheduler: 1, now: now).id
        }
    }

    private func revise() {
        guard let job = someJob() else { return }
        let fresh = JobMaker.definition(&dice, pace: pace, now: time.now)
        let keepsSchedule = dice.chance(1, in: 3)
        ask("jobRevised", of: job) { flow, now throws(CommandError) in
            _ = try flow.revise(
                job,
                change: { old throws(CommandError) in
                    guard keepsSchedule else { return JobDraft(fresh) }
                    var same = old
                    (same.retry, same.overlap, same.catchup) = (fresh.retry, fresh.overlap, fresh.catchup)
                    (same.limit, same.runsMax, same.onUnknown) = (fresh.limit, fresh.runsMax, fresh.onUnknown)
                    return JobDraft(same)
                },
                now: now
            )
        }
    }

    private func pause() {
        guard let job = someJob() else { return }
        let until = dice.chance(1, in: 2) ? time.now + dice.span(.seconds(1), pace.actionEvery) : nil
        pause(job, until: until)
    }

    func pause(_ job: JobID, until: Timestamp? = nil) {
        ask("jobPaused", of: job) { flow, now throws(CommandError) in
            _ = try flow.pause(job, until: until, reason: "simulated", now: now)
        }
    }

    private func resume() {
        guard let ledger = engine?.ledger else { return }
        let paused = ledger.jobs.ids.filter { ledger.jobs[$0].state == .paused }
        guard !paused.isEmpty else { return pause() }
        resume(dice.pick(paused), catchup: dice.pick(Catchup.allCases))
    }

    func resume(_ job: JobID, catchup: Catchup = .last) {
        ask("jobResumed", of: job) { flow, now throws(CommandError) in
            _ = try flow.resume(job, catchup: catchup, now: now)
        }
    }

    private func remove() {
        if let job = someJob() { remove(job) }
    }

    func remove(_ job: JobID) {
        ask("jobRemoved", of: job) { flow, now throws(CommandError) in try flow.remove(job, now: now) }
    }

    func runNow() {
        guard let job = someJob() else { return }
        let overlap = dice.pick(Overlap.allCases)
        ask("runOpened", of: job) { flow, now throws(CommandError) in
            _ = try flow.runNow(job, overlap: overlap, now: now)
        }
    }

    /// A slot whose outcome nobody knows is called again.
    private func release() {
        var slots: [RunID: (JobID, Slot)] = [:]
        var held: [(JobID, Slot)] = []
        for entry in witness.entries {
            switch entry.record {
            case .slotDecided(let record): slots[entry.sequence] = (record.job, record.slot)
            case .runClosed(let record) where record.result == .unknownHeld:
                if let slot = slots[record.run] { held.append(slot) }
            default: break
            }
        }
        guard !held.isEmpty else { return runNow() }
        let (job, slot) = dice.pick(held)
        ask("runOpened", of: job) { flow, now throws(CommandError) in
            _ = try flow.release(slot, of: job, now: now)
        }
    }

    private func discard() {
        guard let job = someJob() else { return }
        ask("", of: job) { flow, now throws(CommandError) in _ = try flow.discardCatchup(job, now: now) }
    }

    // MARK: The world

    /// One receiver or all of them begin to behave otherwise: jobs fail for a while, and recover.
    private func changeWeather() {
        let weather = dice.pick(ScriptedTransport.Weather.allCases)
        transport.set(weather, at: dice.chance(1, in: 3) ? nil : dice.pick(ScriptedTransport.hosts))
    }

    private func stepClock() {
        let step = dice.magnitude(.seconds(1), pace.stepMax)
        time.step(by: dice.chance(1, in: 2) ? step : .zero - step)
        leaptAt = time.uptime
        tally.clockSteps += 1
    }

    /// Sometimes with a channel less, or with the one that was missing.
    private func restart() throws {
        try stop()
        channelMissing = dice.chance(1, in: 3) ? dice.pick(SimulatedChannels.names) : nil
        try comeBack()
    }

    /// In the middle of writing, more often than not.
    private func crashAndRestart() throws {
        let power = dice.chance(1, in: 3) ? nil : dice.pick(CrashMood.allCases)
        if dice.chance(3, in: 4) {
            for _ in 0..<dice.below(5) { runNow() }
            disk.plan(DiskFault(nil, number: 1 + dice.below(8), isPersistent: true, kind: .halt))
            try pass(dice.magnitude(.milliseconds(1), .seconds(10)))
            disk.plan(nil)
        }
        if engine != nil { try crash(power: power) } else if let power { cutPower(power) }
        try comeBack()
    }

    /// Starts again after a while, and sometimes is killed at once.
    private func comeBack() throws {
        time.advance(by: dice.magnitude(.milliseconds(10), pace.actionEvery))
        try start()
        if dice.chance(1, in: 4) {
            try pass(dice.span(.zero, .milliseconds(50)))
            try crash(power: dice.pick([nil, .mixed, .losesAll]))
            try start()
        }
    }

    /// No room for a while: commands are refused, nothing is lost, and it goes on by itself afterwards.
    private func fillDisk() throws {
        disk.limit(to: disk.usedBytes + dice.below(limits.segmentBytes / 2))
        try pass(Span(microseconds: pace.horizon.microseconds / 5)) { $0.journal.room != .plenty }
        if let engine, engine.journal.room != .plenty { tally.fullDisks += 1 }
        for _ in 0..<3 { runNow() }
        try pass(dice.span(.seconds(1), .seconds(40)))
        disk.limit(to: .max)
        if engine == nil { try comeBack() }
    }

    /// Something fails soon; a process that ended over it is started again, on a disk that works.
    private func breakDisk() throws {
        disk.plan(
            DiskFault(
                dice.pick([nil] + DiskFault.Operation.allCases.map { $0 }),
                number: 1 + dice.below(12),
                isPersistent: dice.chance(1, in: 2),
                kind: dice.pick([DiskFault.Kind.inputOutput, .noSpace])
            )
        )
        try pass(dice.magnitude(.seconds(1), pace.actionEvery))
        disk.plan(nil)
        guard engine == nil else { return }
        if dice.chance(1, in: 2) { cutPower(dice.pick(CrashMood.allCases)) }
        try comeBack()
    }

    // MARK: The end

    /// Nothing goes wrong any more: after a while nothing is late.
    func settle() throws {
        transport.set(.fair)
        disk.limit(to: .max)
        disk.plan(nil)
        time.drift(by: 0)
        try pass(pace == .quick ? .minutes(20) : .hours(2))
        try checkEverything()
        guard let engine else { throw Violation.stuck("the engine ended although nothing failed") }
        let ledger = engine.ledger
        let now = time.now
        try checkMessages(ledger.alerts, now)
        try checkSilence(now)
        try witness.checkAttention(now, lateMax: Self.messageLateMax)
        for job in ledger.jobs.ids where ledger.jobs[job].state == .active {
            try checkLateness(of: job, engine, now)
            guard let limit = ledger.definition(of: job)?.limit, limit.rate == 0, limit.key.isEmpty else {
                continue
            }
            if ledger.jobs[job].queuedSlots > 0, ledger.jobs[job].openRuns == 0 {
                throw Violation.stuck("slots of job \(job) wait behind a run that does not exist")
            }
        }
    }

    private func checkLateness(of job: JobID, _ engine: SteppedEngine, _ now: Timestamp) throws {
        let view = try engine.view(job)
        if view.catchingUpThrough != nil { return }
        let wait = view.limitWaiting ? view.definition.limit.wait : .zero
        let due = max(view.entry.next, view.heldBackUntil ?? .distantPast)
        let latest = due + view.definition.jitter + wait + .seconds(1)
        if latest < now {
            throw Violation.stuck("job \(job) is at \(view.entry.next.seconds), and it is \(now.seconds)")
        }
    }
}
