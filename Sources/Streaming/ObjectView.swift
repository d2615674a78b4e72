package import Domain

/// The kinds of objects that events are about. Singular, as they stand in `/api/v1/{kind}/{id}/`.
package enum ObjectKind: String, Sendable, CaseIterable {
    case account
    case scheduler
    case job
    /// One execution of a job; `action` is its other name, as Tutum has it.
    case run
    /// Work elsewhere that pings.
    case check
    case alert
    /// A message to a channel.
    case delivery
    /// A stream that is watched; its id is its name.
    case connection
}

/// What happened to an object, in the words of Tutum's stream: `type action parents resource_uri state`.
package struct ObjectView: Sendable, Hashable {
    package enum Action: String, Sendable {
        case create
        case update
        case delete
    }

    package var kind: ObjectKind
    package var action: Action
    package var id: String
    /// What it belongs to, the nearest first.
    package var parents: [String]
    package var state: String

    package var uri: String { Self.uri(kind, id) }

    package static func uri(_ kind: ObjectKind, _ id: some CustomStringConvertible) -> String {
        "/api/v1/\(kind.rawValue)/\(id)/"
    }

    /// The one account that there is on a single box.
    package static let accountID = "1"

    /// - Parameter owner: the scheduler that the record's job belongs to.
    package init(_ entry: Entry, owner: UInt32?) {
        let family = Self.family(owner)
        let ofJob =
            (entry.record.job.map { [Self.uri(.job, $0)] } ?? [])
            + (entry.record.check.map { [Self.uri(.check, $0)] } ?? []) + family
        switch entry.record {
        case .schedulerRegistered(let r):
            self.init(.scheduler, .create, "\(r.number)", Self.family(nil), "Running")
        case .schedulerRemoved(let r):
            self.init(.scheduler, .delete, "\(r.number)", Self.family(nil), "Terminated")
        case .jobRegistered(let r): self.init(.job, .create, "\(r.job)", family, "Active")
        case .jobRevised(let r): self.init(.job, .update, "\(r.job)", family, "Active")
        case .jobRemoved(let r): self.init(.job, .delete, "\(r.job)", family, "Terminated")
        case .jobPaused(let r): self.init(.job, .update, "\(r.job)", family, "Paused")
        case .jobResumed(let r): self.init(.job, .update, "\(r.job)", family, "Active")
        case .jobFinished(let r): self.init(.job, .update, "\(r.job)", family, "Finished")
        case .slotsDecided(let r): self.init(.job, .update, "\(r.job)", family, r.result.word)
        case .slotQueued(let r): self.init(.job, .update, "\(r.job)", family, "queued")
        case .reaction(let r): self.init(.job, .update, "\(r.job)", family, Self.word(r))
        case .jobFellBehind(let r): self.init(.job, .update, "\(r.job)", family, "falling-behind")
        case .checkRegistered(let r):
            let own = Self.family(r.scheduler)
            self.init(.check, .create, "\(r.check)", own, Self.word(r.standing))
        case .checkRevised(let r): self.init(.check, .update, "\(r.check)", family, Self.word(r.standing))
        case .checkRemoved(let r): self.init(.check, .delete, "\(r.check)", family, "Terminated")
        case .checkPaused(let r): self.init(.check, .update, "\(r.check)", family, "Paused")
        case .checkResumed(let r): self.init(.check, .update, "\(r.check)", family, Self.word(r.standing))
        case .checkPinged(let r): self.init(.check, .update, "\(r.check)", family, Self.word(r.standing))
        case .checkLapsed(let r): self.init(.check, .update, "\(r.check)", family, Self.word(r.standing))
        case .checkUnwatched(let r): self.init(.check, .update, "\(r.check)", family, "Unwatched")
        case .slotDecided, .runOpened:
            self.init(.run, .create, "\(entry.sequence)", ofJob, RunState.inProgress.rawValue)
        case .attemptFailed(let r):
            self.init(.run, .update, "\(r.run)", ofJob, RunState.pending.rawValue)
        case .runAwaited(let r):
            self.init(.run, .update, "\(r.run)", ofJob, RunState.inProgress.rawValue)
        case .attemptIntended(let r):
            self.init(.run, .update, "\(r.run)", ofJob, RunState.inProgress.rawValue)
        case .runClosed(let r):
            self.init(.run, .update, "\(r.run)", ofJob, RunState(r.result).rawValue)
        case .alertOpened: self.init(.alert, .create, "\(entry.sequence)", ofJob, "Open")
        case .alertAcknowledged(let r): self.init(.alert, .update, "\(r.alert)", ofJob, "Acknowledged")
        case .alertResolved(let r): self.init(.alert, .update, "\(r.alert)", ofJob, "Resolved")
        case .messageIntended(let r):
            let alert = r.alert == .zero ? [] : [Self.uri(.alert, r.alert)]
            self.init(.delivery, .create, "\(entry.sequence)", alert + ofJob, "Pending")
        case .messageDelivered(let r): self.init(.delivery, .update, "\(r.message)", ofJob, "Success")
        case .messageFailed(let r): self.init(.delivery, .update, "\(r.message)", ofJob, "Pending")
        case .messageDead(let r): self.init(.delivery, .update, "\(r.message)", ofJob, "Failed")
        case .messageResent(let r): self.init(.delivery, .update, "\(r.message)", ofJob, "Pending")
        case .messageDiscarded(let r): self.init(.delivery, .delete, "\(r.message)", ofJob, "Terminated")
        case .source(let r):
            var action = Action.update
            if case .removed = r { action = .delete }
            self.init(.connection, action, r.name, Self.family(nil), Self.word(r))
        // What belongs to nothing of its own is news of the account.
        default:
            self.init(.account, .update, Self.accountID, [], "Running")
        }
    }

    private static func word(_ record: ReactionRecord) -> String {
        switch record {
        case .outageNoted: "outage-noted"
        case .outageSpared: "outage-spared"
        case .triggerRefused: "refused"
        }
    }

    private init(_ kind: ObjectKind, _ action: Action, _ id: String, _ parents: [String], _ state: String) {
        self.kind = kind
        self.action = action
        self.id = id
        self.parents = parents
        self.state = state
    }

    private static func word(_ standing: CheckStanding) -> String {
        standing.status.word.prefix(1).uppercased() + standing.status.word.dropFirst()
    }

    private static func word(_ record: SourceRecord) -> String {
        switch record {
        case .set(let set): set.isPaused ? "Paused" : "Connecting"
        case .removed: "Terminated"
        case .opened: "Open"
        case .lost(let lost): lost.isRefused ? "Unauthorized" : "Lost"
        case .overflowed: "Open"
        }
    }

    /// A scheduler and its account.
    package static func family(_ owner: UInt32?) -> [String] {
        (owner.map { [uri(.scheduler, $0)] } ?? []) + [uri(.account, accountID)]
    }
}

/// The states of a run, in the words that Tutum has for its actions.
package enum RunState: String, Sendable {
    /// An attempt failed, and another will follow.
    case pending = "Pending"
    case inProgress = "In progress"
    case canceled = "Canceled"
    case success = "Success"
    case failed = "Failed"

    package init(_ result: SlotResult) {
        self =
            switch result {
            case .ok: .success
            case .cancelled, .cancelledByNext, .deleted, .restoredOver: .canceled
            default: .failed
            }
    }
}
