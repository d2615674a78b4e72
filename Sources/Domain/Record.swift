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
    /// Nothing else was written for a while, or the server stops: whoever asks later how long it was away
    /// knows that it was here.
    case serverAttended
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
    case messageDiscarded(MessageDiscarded)
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
    /// About streams that are watched.
    case source(SourceRecord)
    /// About what streams would have started.
    case reaction(ReactionRecord)
    /// About tokens that the operator gives out.
    case token(TokenRecord)
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
    /// The name of the blackout that left these out; nil for all others, and where an older build did not
    /// write it.
    package var blackout: String?
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
        blackout: String? = nil,
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
        self.blackout = blackout
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
