/// Everything that is true now: the sum of all records so far, and nothing else.
///
/// A value, so that a snapshot is a copy and a test compares two of them. `apply` is the only way to change
/// it; it reads no clock and evaluates no schedule.
package struct Ledger: Sendable {
    /// The last record applied.
    package private(set) var sequence = Sequence.zero
    /// The last record's time.
    package private(set) var lastTime = Timestamp.distantPast
    package private(set) var storeID: [UInt8] = []
    /// The key that the folder was founded with.
    package private(set) var keyID: UInt32 = 0
    package private(set) var jobs = JobTable()
    package private(set) var openRuns: [RunID: OpenRun] = [:]
    /// All open runs of jobs that have more than one, oldest first.
    package private(set) var openRunsBeyondOne: [JobID: [RunID]] = [:]
    /// Slots waiting behind an open run, in order.
    package private(set) var queued: [JobID: [Slot]] = [:]
    package private(set) var pauses: [JobID: JobPaused] = [:]
    package private(set) var schedulers: [UInt32: SchedulerRegistered] = [:]
    /// The highest scheduler number ever given out.
    package private(set) var schedulersEver: UInt32 = 0
    package private(set) var zones: [String: ZoneAdopted] = [:]
    package private(set) var alerts = AlertTable()
    package private(set) var checks = CheckTable()
    package private(set) var blackouts: [String: Blackout] = [:]
    /// Open runs whose calls are over and whose ends are to come.
    package private(set) var awaited: [RunID: RunAwaited] = [:]
    package private(set) var accounts = AccountTable()
    /// Streams that are watched, by name.
    package private(set) var sources: [String: WatchedSource] = [:]
    package private(set) var reactions = ReactionTable()
    /// Tokens that the operator has given out, by name.
    package private(set) var tokens: [String: KnownToken] = [:]

    package init() {}

    /// The ledger that a snapshot holds; what is derivable is derived.
    package init(
        sequence: Sequence,
        lastTime: Timestamp,
        storeID: [UInt8],
        keyID: UInt32,
        jobs: JobTable,
        openRuns: [RunID: OpenRun],
        queued: [JobID: [Slot]],
        pauses: [JobID: JobPaused],
        schedulers: [UInt32: SchedulerRegistered],
        schedulersEver: UInt32,
        zones: [String: ZoneAdopted],
        alerts: AlertTable,
        checks: CheckTable = CheckTable(),
        blackouts: [String: Blackout] = [:],
        awaited: [RunID: RunAwaited] = [:],
        accounts: AccountTable = AccountTable(),
        sources: [String: WatchedSource] = [:],
        reactions: ReactionTable = ReactionTable(),
        tokens: [String: KnownToken] = [:]
    ) {
        self.sequence = sequence
        self.lastTime = lastTime
        self.storeID = storeID
        self.keyID = keyID
        self.jobs = jobs
        self.openRuns = openRuns
        self.queued = queued
        self.pauses = pauses
        self.schedulers = schedulers
        self.schedulersEver = schedulersEver
        self.zones = zones
        self.alerts = alerts
        self.checks = checks
        self.blackouts = blackouts
        self.awaited = awaited
        self.accounts = accounts
        self.sources = sources
        self.reactions = reactions
        self.tokens = tokens
        for (id, run) in openRuns where jobs[run.job].openRuns > 1 {
            openRunsBeyondOne[run.job, default: []].append(id)
        }
        for job in openRunsBeyondOne.keys { openRunsBeyondOne[job]?.sort() }
    }

    /// Applies one record that the journal has at `position`.
    package mutating func apply(_ entry: Entry, at position: Position) throws(LedgerError) {
        guard entry.sequence == sequence.next else {
            throw .outOfOrder(expected: sequence.next, found: entry.sequence)
        }
        if let job = entry.record.job {
            if case .jobRegistered = entry.record {
            } else if !jobs.contains(job) {
                throw .unknownJob(job, sequence: entry.sequence)
            }
        }
        sequence = entry.sequence
        lastTime = entry.time
        switch entry.record {
        case .folderFounded(let record):
            storeID = record.storeID
            keyID = record.keyID
        case .schedulerRegistered(let record):
            schedulers[record.number] = record
            schedulersEver = max(schedulersEver, record.number)
        case .schedulerRemoved(let record): schedulers[record.number] = nil
        case .zoneAdopted(let record): zones[record.name] = record
        case .clockStepped, .serverAttended, .folderRestored: break
        case .alertOpened, .alertAcknowledged, .alertResolved, .messageIntended, .messageDelivered,
            .messageFailed, .messageDead, .messageResent, .messageDiscarded, .channelConfigured,
            .channelRemoved, .channelMended, .messagesGrouped:
            try alerts.apply(entry)
        case .checkRegistered, .checkRevised, .checkRemoved, .checkPaused, .checkResumed, .checkPinged,
            .checkLapsed, .checkUnwatched, .pingKeySet:
            try checks.apply(entry)
        case .blackoutSet(let record): blackouts[record.name] = record
        case .blackoutRemoved(let record): blackouts[record.name] = nil
        case .account(let record): try apply(record, at: entry.time)
        case .source(let record): sources.apply(record, at: entry.time)
        case .reaction(let record): reactions.apply(record)
        case .token(let record): tokens.apply(record, at: entry.time)
        default: try applyToJob(entry)
        }
        if let job = entry.record.job {
            jobs[job].newest = position
        }
    }

    /// Remembers where the journal put the newest record about a job. Replay gets it from `apply`; the engine
    /// learns it only once a batch is framed.
    package mutating func chain(_ job: JobID, at position: Position) {
        jobs[job].newest = position
    }

    private mutating func applyToJob(_ entry: Entry) throws(LedgerError) {
        switch entry.record {
        case .jobRegistered(let record):
            guard Int(record.job.number) == jobs.count + 1 else {
                throw .unknownJob(record.job, sequence: sequence)
            }
            jobs.append(JobEntry(registered: record, sequence: sequence, at: entry.time))
            accounts.count(1, of: record.scheduler)
        case .jobRevised(let record): revise(record)
        case .jobRemoved(let record): remove(record.job)
        case .jobPaused(let record):
            pauses[record.job] = record
            jobs[record.job].state = .paused
            jobs[record.job].sequence = sequence
        case .jobResumed(let record):
            pauses[record.job] = nil
            jobs[record.job].state = .active
            jobs[record.job].next = record.next
            jobs[record.job].sequence = sequence
        case .jobFinished(let record):
            jobs[record.job].state = .finished
            jobs[record.job].next = .distantFuture
            jobs[record.job].sequence = sequence
        case .slotDecided(let record): decide(record, at: entry.time)
        case .slotsDecided(let record): decide(record)
        case .slotQueued(let record):
            queued[record.job, default: []].append(record.slot)
            jobs[record.job].queuedSlots += 1
            advance(record.job, to: record.cursor, next: record.next)
        case .runOpened(let record):
            open(
                OpenRun(
                    job: record.job,
                    revision: record.revision,
                    trigger: record.trigger,
                    slot: record.slot,
                    scheduledAt: record.scheduledAt,
                    openedAt: entry.time
                )
            )
            if let cause = record.cause { reactions.opened(sequence, of: record.job, because: cause) }
        case .attemptFailed(let record):
            guard openRuns[record.run] != nil else { throw .unknownRun(record.run, sequence: sequence) }
            openRuns[record.run]?.retryAt = record.retryAt
        case .attemptIntended(let record):
            guard openRuns[record.run] != nil else { throw .unknownRun(record.run, sequence: sequence) }
            openRuns[record.run]?.attempt = record.n
            openRuns[record.run]?.retryAt = nil
        case .runClosed(let record): try close(record, at: entry.time)
        case .runAwaited(let record):
            guard openRuns[record.run] != nil else { throw .unknownRun(record.run, sequence: sequence) }
            awaited[record.run] = record
        // It changes nothing, or `apply` has dealt with it.
        default: break
        }
    }

    /// Credentials of schedulers are the accounts' business too.
    private mutating func apply(_ record: AccountRecord, at now: Timestamp) throws(LedgerError) {
        try accounts.apply(record, sequence, at: now)
        switch record {
        case .schedulerRotated(let new):
            schedulers[new.scheduler]?.username = new.username
            schedulers[new.scheduler]?.salt = new.salt
            schedulers[new.scheduler]?.passwordHash = new.passwordHash
        case .schedulerDecommissioned(let old): schedulers[old.scheduler] = nil
        default: break
        }
    }

    private mutating func remove(_ job: JobID) {
        jobs.remove(job)
        accounts.count(-1, of: jobs[job].scheduler)
        queued[job] = nil
        pauses[job] = nil
        jobs[job].queuedSlots = 0
        alerts.forget(job)
        reactions.forget(job)
    }

    private mutating func revise(_ record: JobRevised) {
        jobs[record.job].definition = record.definition
        jobs[record.job].revision = record.revision
        jobs[record.job].sequence = sequence
        advance(record.job, to: record.cursor, next: record.next)
        if jobs[record.job].state == .finished { jobs[record.job].state = .active }
    }

    private mutating func decide(_ record: SlotDecided, at now: Timestamp) {
        dequeue(record.job, through: record.slot)
        open(
            OpenRun(
                job: record.job,
                revision: record.revision,
                trigger: .slot,
                slot: record.slot,
                scheduledAt: record.slot.instant,
                openedAt: now
            )
        )
        jobs[record.job].skipsInARow = 0
        advance(record.job, to: record.cursor, next: record.next)
    }

    private mutating func decide(_ record: SlotsDecided) {
        dequeue(record.job, through: record.last)
        if record.result == .overlapSkipped {
            let skips = UInt32(jobs[record.job].skipsInARow) + min(record.count, 255)
            jobs[record.job].skipsInARow = UInt8(min(skips, 255))
        }
        jobs[record.job].lastResult = record.result
        alerts.count(record.result, times: record.count, of: record.job)
        advance(record.job, to: record.cursor, next: record.next)
    }

    /// A slot that was waiting stops waiting when a record decides it.
    private mutating func dequeue(_ job: JobID, through slot: Slot) {
        guard jobs[job].queuedSlots > 0, var waiting = queued[job],
            let index = waiting.firstIndex(of: slot)
        else { return }
        waiting.remove(at: index)
        queued[job] = waiting.isEmpty ? nil : waiting
        jobs[job].queuedSlots = UInt16(waiting.count)
    }

    private mutating func advance(_ job: JobID, to cursor: Timestamp, next: Timestamp) {
        if cursor > jobs[job].cursor { jobs[job].cursor = cursor }
        jobs[job].next = next
    }

    private mutating func open(_ run: OpenRun) {
        let id = sequence
        openRuns[id] = run
        if jobs[run.job].openRuns > 0 {
            openRunsBeyondOne[run.job, default: [jobs[run.job].openRun]].append(id)
        }
        jobs[run.job].openRuns += 1
        jobs[run.job].openRun = id
    }

    private mutating func close(_ record: RunClosed, at now: Timestamp) throws(LedgerError) {
        guard let run = openRuns.removeValue(forKey: record.run) else {
            throw .unknownRun(record.run, sequence: sequence)
        }
        if !awaited.isEmpty { awaited[record.run] = nil }
        if !reactions.causes.isEmpty { reactions.closed(record.run) }
        let job = run.job
        jobs[job].openRuns -= 1
        if var others = openRunsBeyondOne[job] {
            others.removeAll { $0 == record.run }
            jobs[job].openRun = others.last ?? .zero
            openRunsBeyondOne[job] = others.count > 1 ? others : nil
        } else {
            jobs[job].openRun = .zero
        }
        jobs[job].durations.add(now - run.openedAt, after: jobs[job].runsClosed)
        jobs[job].runsClosed += 1
        if record.result == .ok { jobs[job].runsOK += 1 }
        if run.trigger == .slot { jobs[job].slotRunsClosed += 1 }
        jobs[job].lastResult = record.result
        alerts.count(record.result, times: 1, of: job)
    }

    /// All open runs of a job, oldest first.
    package func openRuns(of job: JobID) -> [RunID] {
        if let many = openRunsBeyondOne[job] { return many }
        return jobs[job].openRuns == 0 ? [] : [jobs[job].openRun]
    }

    /// The definition, unpacked; nil for a removed job.
    package func definition(of job: JobID) -> JobDefinition? {
        guard let packed = jobs[job].definition else { return nil }
        return try? JobDefinition(packed: packed)
    }
}

/// A record with its place: what a frame holds.
package struct Entry: Sendable, Hashable {
    package var sequence: Sequence
    package var time: Timestamp
    package var account: UInt32
    package var visibility: Visibility
    package var record: Record

    package init(sequence: Sequence, time: Timestamp, account: UInt32, visibility: Visibility, record: Record)
    {
        self.sequence = sequence
        self.time = time
        self.account = account
        self.visibility = visibility
        self.record = record
    }
}

/// A record that does not follow from the ones before it: the journal was written by something else, or is
/// damaged.
package enum LedgerError: Error, Equatable {
    case outOfOrder(expected: Sequence, found: Sequence)
    case unknownJob(JobID, sequence: Sequence)
    case unknownRun(RunID, sequence: Sequence)
    case unknownAlert(AlertID, sequence: Sequence)
    case unknownMessage(MessageID, sequence: Sequence)
    case unknownCheck(CheckID, sequence: Sequence)
    case unknownAccount(UInt32, sequence: Sequence)
    case unknownPost(PostID, sequence: Sequence)
}

extension Record {
    /// The job this is about; nil for records about the folder, schedulers, zones, the clock and
    /// checks.
    package var job: JobID? {
        switch self {
        case .folderFounded, .schedulerRegistered, .schedulerRemoved, .zoneAdopted, .clockStepped,
            .serverAttended, .folderRestored, .checkRegistered, .checkRevised, .checkRemoved, .checkPaused,
            .checkResumed,
            .checkPinged, .checkLapsed, .checkUnwatched, .pingKeySet, .channelConfigured, .channelRemoved,
            .channelMended, .messagesGrouped, .blackoutSet, .blackoutRemoved, .account, .source,
            .token:
            nil
        case .jobRegistered(let r): r.job
        case .jobRevised(let r): r.job
        case .jobRemoved(let r): r.job
        case .jobPaused(let r): r.job
        case .jobResumed(let r): r.job
        case .jobFinished(let r): r.job
        case .slotDecided(let r): r.job
        case .slotsDecided(let r): r.job
        case .slotQueued(let r): r.job
        case .runOpened(let r): r.job
        case .attemptFailed(let r): r.job
        case .attemptIntended(let r): r.job
        case .runClosed(let r): r.job
        case .runAwaited(let r): r.job
        case .jobFellBehind(let r): r.job
        case .alertOpened(let r): r.job
        case .alertAcknowledged(let r): r.job
        case .alertResolved(let r): r.job
        case .messageIntended(let r): r.job
        case .messageDelivered(let r): r.job
        case .messageFailed(let r): r.job
        case .messageDead(let r): r.job
        case .messageResent(let r): r.job
        case .messageDiscarded(let r): r.job
        case .reaction(let r): r.job
        }
    }
}
