internal import Alerting
internal import Dispatching
internal import Domain
internal import Effects
internal import Scheduling

// **A stream starts a job.** The run is opened like any other: recorded with its cause, and then called, or
// its steps taken.
extension Flow {
    /// After a start, a stream that was closed has this long to be back before its outage counts.
    private static let graceAfterStart = Span.seconds(10)

    /// After a start: who waits for which stream, and which outages wait for their time.
    mutating func takeUpTriggers(now: Timestamp) {
        for job in ledger.jobs.ids {
            guard let packed = ledger.jobs[job].definition, Reaction.mayStand(in: packed) else { continue }
            noteTriggers(of: job)
        }
        for (job, outages) in ledger.reactions.outages {
            for due in outages.values.compactMap({ $0.noted?.due }) {
                timetable.set(.outage(job), at: max(due, now + Self.graceAfterStart))
            }
        }
    }

    /// A job is new or has changed. One look when it has no triggers and nobody has any.
    mutating func noteTriggers(of job: JobID) {
        guard let packed = ledger.jobs[job].definition, Reaction.mayStand(in: packed) else {
            return reactions.set([], of: job)
        }
        reactions.set(ledger.definition(of: job)?.reaction?.triggers ?? [], of: job)
    }

    /// The job goes: so does what its steps have opened.
    mutating func forgetReactions(of job: JobID, now: Timestamp) {
        reactions.set([], of: job)
        let prefix = "\(AlertRule.key(of: job))/step/"
        for key in ledger.alerts.open.keys.filter({ $0.hasPrefix(prefix) }).sorted() {
            resolveAlert(key: key, .jobRemoved, now: now)
        }
    }

    /// Starts every job that waits for what happened.
    mutating func react(to happening: SourceHappening, now: Timestamp) {
        guard let jobs = reactions.jobs[happening.source] else { return }
        let facts = StreamFacts(happening.message)
        for job in jobs.sorted() where ledger.jobs[job].state == .active {
            guard let reaction = courier.prepare(job, ledger)?.definition.reaction else { continue }
            if happening.kind == .open, let noted = ledger.reactions.outages[job]?[happening.source]?.noted {
                spare(noted, now: now)
            }
            guard let trigger = reaction.trigger(for: happening, facts),
                isNews(happening, for: job, trigger, reaction)
            else { continue }
            if happening.kind == .close, trigger.after > .zero {
                wait(for: happening, job, trigger, now: now)
            } else {
                start(job, trigger, happening, depth: facts.depth, now: now)
            }
        }
    }

    /// An outage is told of once, and its end only where it was.
    private func isNews(
        _ happening: SourceHappening,
        for job: JobID,
        _ trigger: StreamTrigger,
        _ reaction: Reaction
    ) -> Bool {
        let known = ledger.reactions.outages[job]?[happening.source]
        switch happening.kind {
        case .message, .error: return true
        case .close: return known?.told != happening.outage && known?.noted?.outage != happening.outage
        case .open:
            guard reaction.pairsOpens(of: happening.source) else { return true }
            return known?.isOutstanding == true || known?.hasOpened != true
        }
    }

    private mutating func wait(
        for happening: SourceHappening,
        _ job: JobID,
        _ trigger: StreamTrigger,
        now: Timestamp
    ) {
        let noted = OutageNoted(
            job: job,
            source: happening.source,
            outage: happening.outage,
            detail: happening.detail,
            at: happening.at,
            due: max(now, happening.at + trigger.after)
        )
        write(.reaction(.outageNoted(noted)), now)
        timetable.set(.outage(job), at: noted.due)
    }

    private mutating func spare(_ noted: OutageNoted, now: Timestamp) {
        let record = OutageSpared(job: noted.job, source: noted.source, outage: noted.outage)
        write(.reaction(.outageSpared(record)), now)
    }

    /// Streams that are still closed when their time has come.
    mutating func outageDue(_ job: JobID, now: Timestamp) {
        for (_, state) in (ledger.reactions.outages[job] ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let noted = state.noted, noted.due <= now else { continue }
            let happening = SourceHappening(
                source: noted.source,
                kind: .close,
                at: noted.at,
                detail: noted.detail,
                outage: noted.outage
            )
            guard ledger.jobs[job].state == .active,
                let reaction = courier.prepare(job, ledger)?.definition.reaction,
                let trigger = reaction.trigger(for: happening, StreamFacts())
            else {
                // Whoever waited has been told to stop, or does not want to know any more.
                spare(noted, now: now)
                continue
            }
            start(job, trigger, happening, depth: 0, now: now)
        }
    }

    /// Opens the run, unless there are too many of them.
    private mutating func start(
        _ job: JobID,
        _ trigger: StreamTrigger,
        _ happening: SourceHappening,
        depth: UInt8,
        now: Timestamp
    ) {
        var reason: TriggerRefused.Reason?
        if depth >= RunCause.depthMax {
            reason = .depth
        } else if ledger.jobs[job].openRuns >= Reactions.openRunsMax {
            reason = .openRuns
        } else if !reactions.takeStart(job, trigger, now: now) {
            reason = .rate
        }
        guard let reason else {
            _ = openRun(job, .stream, cause: RunCause(happening, depth: depth + 1), now: now)
            return
        }
        guard let before = reactions.refuse(job, trigger, now: now) else { return }
        let record = TriggerRefused(job: job, source: trigger.source, reason: reason, before: before)
        write(.reaction(.triggerRefused(record)), now)
    }
}
