package import Cron

/// What the journal stores, in the past tense. The only way to change the ledger is to apply one of these,
/// and everything that a reader is told comes from them.
///
/// A record carries every instant it depends on, so that applying it needs no clock and no schedule.
package enum Record: Sendable, Hashable {
    /// First record of every folder: who it is, for keys that must survive restore and not survive a fork.
    case folderFounded(FolderFounded)
    case schedulerRegistered(SchedulerRegistered)
    case schedulerRemoved(SchedulerRemoved)
    /// A zone's rules, when first used and whenever they change.
    case zoneAdopted(ZoneAdopted)
    case jobRegistered(JobRegistered)
    case jobRevised(JobRevised)
    case jobRemoved(JobRemoved)
    case jobPaused(JobPaused)
    case jobResumed(JobResumed)
    case jobFinished(JobFinished)
    case slotDecided(SlotDecided)
    case slotsDecided(SlotsDecided)
    case slotQueued(SlotQueued)
    case runOpened(RunOpened)
    case attemptFailed(AttemptFailed)
    case attemptIntended(AttemptIntended)
    case runClosed(RunClosed)
    /// Three slots in a row, or more, were skipped because runs take longer than the period.
    case jobFellBehind(JobFellBehind)
    /// The wall clock moved by more than a minute against the steady clock, or was set.
    case clockStepped(ClockStepped)
    /// The folder was put back to an earlier moment; what lay between then and now is settled after it.
    case folderRestored(FolderRestored)
    case alertOpened(AlertOpened)
    case alertAcknowledged(AlertAcknowledged)
    case alertResolved(AlertResolved)
    case messageIntended(MessageIntended)
    case messageDelivered(MessageDelivered)
    case messageFailed(MessageFailed)
    case messageDead(MessageDead)
    case messageResent(MessageResent)
    case checkRegistered(CheckRegistered)
    case checkRevised(CheckRevised)
    case checkRemoved(CheckRemoved)
    case checkPaused(CheckPaused)
    case checkResumed(CheckResumed)
    case checkPinged(CheckPinged)
    case checkLapsed(CheckLapsed)
    case checkUnwatched(CheckUnwatched)
    case pingKeySet(PingKeySet)
    /// A blackout was made, changed, or its calendar read anew.
    case blackoutSet(Blackout)
    case blackoutRemoved(BlackoutRemoved)
    case runAwaited(RunAwaited)
    case channelConfigured(ChannelConfigured)
    case channelRemoved(ChannelRemoved)
    case channelMended(ChannelMended)
    case messagesGrouped(MessagesGrouped)
    /// About accounts and marketplaces.
    case account(AccountRecord)
    /// About what streams would have started.
    case reaction(ReactionRecord)
}

/// A credential and quota holder. The password is kept as PBKDF-free salted SHA-256 because it is 26 random
/// hex digits that Chronatog made itself, or as long as the operator chose.
package struct SchedulerRegistered: Sendable, Hashable {
    package var number: UInt32
    package var account: UInt32
    package var name: String
    package var username: String
    package var salt: [UInt8]
    package var passwordHash: [UInt8]
    package init(
        number: UInt32,
        account: UInt32,
        name: String,
        username: String,
        salt: [UInt8],
        passwordHash: [UInt8]
    ) {
        self.number = number
        self.account = account
        self.name = name
        self.username = username
        self.salt = salt
        self.passwordHash = passwordHash
    }
}

package struct SchedulerRemoved: Sendable, Hashable {
    package var number: UInt32
    package init(number: UInt32) { self.number = number }
}

package struct ZoneAdopted: Sendable, Hashable {
    package var name: String
    package var version: String
    /// The zone's TZif file.
    package var bytes: [UInt8]
    package init(name: String, version: String, bytes: [UInt8]) {
        self.name = name
        self.version = version
        self.bytes = bytes
    }
}

package struct JobRegistered: Sendable, Hashable {
    package var job: JobID
    package var scheduler: UInt32
    /// `JobDefinition.packed()`.
    package var definition: [UInt8]
    /// Where deciding begins: slots after this instant.
    package var cursor: Timestamp
    /// The first slot's instant; `distantFuture` when there is none.
    package var next: Timestamp
    package init(job: JobID, scheduler: UInt32, definition: [UInt8], cursor: Timestamp, next: Timestamp) {
        self.job = job
        self.scheduler = scheduler
        self.definition = definition
        self.cursor = cursor
        self.next = next
    }
}

package struct JobRevised: Sendable, Hashable {
    package var job: JobID
    /// Counts from 1, the registration.
    package var revision: UInt32
    package var definition: [UInt8]
    /// Moves to now when the schedule changed, stays otherwise.
    package var cursor: Timestamp
    package var next: Timestamp
    package init(job: JobID, revision: UInt32, definition: [UInt8], cursor: Timestamp, next: Timestamp) {
        self.job = job
        self.revision = revision
        self.definition = definition
        self.cursor = cursor
        self.next = next
    }
}

package struct JobRemoved: Sendable, Hashable {
    package var job: JobID
    package init(job: JobID) { self.job = job }
}

package struct JobPaused: Sendable, Hashable {
    package var job: JobID
    package var since: Timestamp
    /// nil: until resumed.
    package var until: Timestamp?
    package var reason: String
    package init(job: JobID, since: Timestamp, until: Timestamp?, reason: String) {
        self.job = job
        self.since = since
        self.until = until
        self.reason = reason
    }
}

package struct JobResumed: Sendable, Hashable {
    package var job: JobID
    package var next: Timestamp
    package init(job: JobID, next: Timestamp) {
        self.job = job
        self.next = next
    }
}

/// `max_runs` is reached, `end` has passed, or the schedule has no further slot.
package struct JobFinished: Sendable, Hashable {
    package var job: JobID
    package init(job: JobID) { self.job = job }
}

/// One nominal instant of a job's line.
package struct Slot: Sendable, Hashable {
    package var line: UInt8
    /// The instant it stands for, in UTC.
    package var instant: Timestamp
    /// The wall-clock reading in the job's zone.
    package var local: LocalDateTime
    /// 1 for the second pass of a local time that happens twice.
    package var fold: UInt8
    package init(line: UInt8, instant: Timestamp, local: LocalDateTime, fold: UInt8) {
        self.line = line
        self.instant = instant
        self.local = local
        self.fold = fold
    }
}

/// A slot runs: this decides it and states the intent of its first attempt. Its result is the run's.
package struct SlotDecided: Sendable, Hashable {
    package var job: JobID
    package var revision: UInt32
    package var slot: Slot
    package var reason: DecisionReason
    /// Every slot up to here is decided once the group of this record is applied.
    package var cursor: Timestamp
    package var next: Timestamp
    package init(
        job: JobID,
        revision: UInt32,
        slot: Slot,
        reason: DecisionReason,
        cursor: Timestamp,
        next: Timestamp
    ) {
        self.job = job
        self.revision = revision
        self.slot = slot
        self.reason = reason
        self.cursor = cursor
        self.next = next
    }
}

/// Consecutive slots of one line with one result: `count` slots from `first` to `last`, all of them terminal.
package struct SlotsDecided: Sendable, Hashable {
    package var job: JobID
    package var revision: UInt32
    package var first: Slot
    /// Equal to `first` when `count` is 1.
    package var last: Slot
    package var count: UInt32
    package var result: SlotResult
    package var reason: DecisionReason
    /// The slot these went into (`merged`, `dst-gap-merged`, `coalesced`).
    package var into: Slot?
    package var cursor: Timestamp
    package var next: Timestamp
    package init(
        job: JobID,
        revision: UInt32,
        first: Slot,
        last: Slot,
        count: UInt32,
        result: SlotResult,
        reason: DecisionReason,
        into: Slot? = nil,
        cursor: Timestamp,
        next: Timestamp
    ) {
        self.job = job
        self.revision = revision
        self.first = first
        self.last = last
        self.count = count
        self.result = result
        self.reason = reason
        self.into = into
        self.cursor = cursor
        self.next = next
    }
}

/// A slot waits behind an open run (`overlap=queue-one|queue-all`); it is decided when its turn comes.
package struct SlotQueued: Sendable, Hashable {
    package var job: JobID
    package var revision: UInt32
    package var slot: Slot
    package var cursor: Timestamp
    package var next: Timestamp
    package init(job: JobID, revision: UInt32, slot: Slot, cursor: Timestamp, next: Timestamp) {
        self.job = job
        self.revision = revision
        self.slot = slot
        self.cursor = cursor
        self.next = next
    }
}

/// A run that no slot opened: by hand, at start, or a held slot released. States its first attempt's intent.
package struct RunOpened: Sendable, Hashable {
    package var job: JobID
    package var revision: UInt32
    package var trigger: RunTrigger
    /// The instant that templates and headers carry.
    package var scheduledAt: Timestamp
    /// The slot whose key it carries (`released` only).
    package var slot: Slot?
    /// What the stream did (`stream` only).
    package var cause: RunCause?
    package init(
        job: JobID,
        revision: UInt32,
        trigger: RunTrigger,
        scheduledAt: Timestamp,
        slot: Slot? = nil,
        cause: RunCause? = nil
    ) {
        self.job = job
        self.revision = revision
        self.trigger = trigger
        self.scheduledAt = scheduledAt
        self.slot = slot
        self.cause = cause
    }
}

/// What an attempt brought: the facts of one call.
package struct AttemptReport: Sendable, Hashable {
    /// 1 for the first.
    package var n: UInt16
    /// 0 when there was no answer.
    package var status: UInt16
    package var failure: Failure?
    package var address: String
    package var timings: Timings
    package var body: [UInt8]
    package var isTruncated: Bool
    package init(
        n: UInt16,
        status: UInt16 = 0,
        failure: Failure? = nil,
        address: String = "",
        timings: Timings = Timings(),
        body: [UInt8] = [],
        isTruncated: Bool = false
    ) {
        self.n = n
        self.status = status
        self.failure = failure
        self.address = address
        self.timings = timings
        self.body = body
        self.isTruncated = isTruncated
    }
}

/// An attempt failed and another will follow at `retryAt`.
package struct AttemptFailed: Sendable, Hashable {
    package var job: JobID
    package var run: RunID
    package var report: AttemptReport
    package var retryAt: Timestamp
    package init(job: JobID, run: RunID, report: AttemptReport, retryAt: Timestamp) {
        self.job = job
        self.run = run
        self.report = report
        self.retryAt = retryAt
    }
}

/// The intent of attempt `n` (2 and up; the first is stated by the record that opened the run).
package struct AttemptIntended: Sendable, Hashable {
    package var job: JobID
    package var run: RunID
    package var n: UInt16
    package init(job: JobID, run: RunID, n: UInt16) {
        self.job = job
        self.run = run
        self.n = n
    }
}

/// The run's one end, with its last attempt's facts.
package struct RunClosed: Sendable, Hashable {
    package var job: JobID
    package var run: RunID
    package var result: SlotResult
    package var report: AttemptReport
    /// What its steps did; empty for a run that is a call.
    package var steps: [StepReport]
    /// How far down a chain of runs that events started; 0 for any other run.
    package var depth: UInt8
    package init(
        job: JobID,
        run: RunID,
        result: SlotResult,
        report: AttemptReport,
        steps: [StepReport] = [],
        depth: UInt8 = 0
    ) {
        self.job = job
        self.run = run
        self.result = result
        self.report = report
        self.steps = steps
        self.depth = depth
    }
}

/// A job whose runs outlast its period; said at the third skip in a row and then at most once an hour.
package struct JobFellBehind: Sendable, Hashable {
    package var job: JobID
    /// Slots skipped in a row so far, up to 255.
    package var skips: UInt32
    /// Quantiles of the latest runs' durations, the open one's so far among them.
    package var p50: Span
    package var p95: Span
    /// From the skipped slot to the next.
    package var period: Span
    package init(job: JobID, skips: UInt32, p50: Span, p95: Span, period: Span) {
        self.job = job
        self.skips = skips
        self.p50 = p50
        self.p95 = p95
        self.period = period
    }
}
