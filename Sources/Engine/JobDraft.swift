package import Domain
package import Scheduling

/// A definition on its way in: its secrets are still plain, because they can only be sealed once the job has
/// a number to bind them to.
///
/// The sealed fields inside `definition` are what the job has now (a new job has none); a secret given here
/// replaces its place, one left nil keeps it.
package struct JobDraft: Sendable {
    package var definition: JobDefinition
    /// The text after `?`; empty removes it.
    package var query: String?
    /// `user:password`; empty removes it.
    package var userInfo: String?
    /// All headers anew when not nil. A header whose value is nil keeps the sealed value of that name.
    package var headers: [(name: String, value: String?)]?
    /// The body, to be sealed (`body_secret`).
    package var secretBody: String?
    /// Secret texts of steps by the steps' places, each an object by name. A step that is not among them
    /// keeps what it has.
    package var stepSecrets: [Int: JSON] = [:]

    package init(_ definition: JobDefinition) {
        self.definition = definition
    }
}

/// A job as a reader sees it.
package struct JobView: Sendable {
    package var id: JobID
    package var entry: JobEntry
    package var definition: JobDefinition
    package var pause: JobPaused?
    /// Slots up to here wait for their turn under `catchup=all`.
    package var catchingUpThrough: Timestamp?
    package var limitWaiting: Bool
    /// A blackout ends then, and one of the slots in it runs.
    package var heldBackUntil: Timestamp?
    /// The blackouts that it is under; nil for most.
    package var cover: BlackoutCover?
    /// Streams that its triggers name and nobody watches.
    package var missingStreams: [String] = []
    /// The key of its scheduler's badges; nil without a ping key.
    package var badgeKey: String?
}

/// A run that is still open.
package struct OpenRunView: Sendable {
    package var id: RunID
    package var run: OpenRun
}

/// Who asks.
package enum Caller: Sendable, Hashable {
    /// The bearer token: sees everything.
    case `operator`
    /// A scheduler's Basic credentials: sees its own jobs.
    case scheduler(UInt32)

    package func mayUse(scheduler: UInt32) -> Bool {
        switch self {
        case .operator: true
        case .scheduler(let own): own == scheduler
        }
    }
}

/// Why a command was not carried out. Nothing was recorded then.
package enum CommandError: Error, Sendable, Equatable {
    /// No such job, or another scheduler's: the two look the same from outside.
    case noSuchJob(JobID)
    case noSuchScheduler(UInt32)
    case noSuchAlert(AlertID)
    /// No such check, or another scheduler's.
    case noSuchCheck(CheckID)
    case noSuchChannel(String, known: [String])
    case noSuchBlackout(String)
    case noSuchStream(String, known: [String])
    case noSuchToken(String, known: [String])
    /// No such account, or a closed one, or another marketplace's.
    case noSuchAccount(UInt32)
    case noSuchPost(PostID)
    case noSuchUser(String)
    /// The user name is taken.
    case schedulerExists(username: String)
    /// The default scheduler, or one that still has jobs.
    case schedulerInUse(UInt32, jobs: Int)
    /// `If-Match` names an older state.
    case stale(current: Sequence)
    /// The job's state does not allow it.
    case conflict(String)
    /// The definition cannot be used; every fault, by field.
    case invalid([Fault])
    /// No room on the disk for another promise.
    case storageFull
    /// The journal could not be written; the process is about to stop.
    case storageFailed(String)
    /// Shutting down.
    case stopping

    package struct Fault: Sendable, Equatable {
        package var field: String
        package var message: String
        package var hint: String?
        package init(field: String, message: String, hint: String? = nil) {
            self.field = field
            self.message = message
            self.hint = hint
        }
    }
}

/// The clock as the API shows it.
package struct ClockState: Sendable, Equatable {
    package var now: Timestamp
    package var isFrozen: Bool
    /// Virtual seconds a second; 1 is real time.
    package var speed: Int64
    /// Whether it may be driven at all (`--ephemeral`).
    package var isDrivable: Bool
}

/// What may be done to a drivable clock.
package enum ClockCommand: Sendable {
    /// Lets time pass: every slot in order, every call awaited.
    case advance(Span)
    /// Steps, as if somebody set the machine's clock.
    case set(Timestamp)
    case freeze(Bool)
    case speed(Int64)
}
