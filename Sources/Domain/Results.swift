/// The one terminal result that every slot gets, and every run closes with (`semantics.md` §4.5).
package enum SlotResult: UInt8, Sendable, CaseIterable {
    case ok = 1
    case failed = 2
    case cancelledByNext = 3
    case overlapSkipped = 4
    case overlapCoalesced = 5
    case queueDropped = 6
    case coalesced = 7
    case missed = 8
    case missedWindow = 9
    case missedCap = 10
    case paused = 11
    case excluded = 12
    case dstGapMerged = 13
    case dstGapSkipped = 14
    case dstFoldSkipped = 15
    case limitExpired = 16
    case unknownHeld = 17
    case merged = 18
    case cancelled = 19
    case deleted = 20
    case discarded = 21
    case refusedLimit = 22
    case restoredOver = 23

    package var word: String {
        switch self {
        case .ok: "ok"
        case .failed: "failed"
        case .cancelledByNext: "cancelled-by-next"
        case .overlapSkipped: "overlap-skipped"
        case .overlapCoalesced: "overlap-coalesced"
        case .queueDropped: "queue-dropped"
        case .coalesced: "coalesced"
        case .missed: "missed"
        case .missedWindow: "missed-window"
        case .missedCap: "missed-cap"
        case .paused: "paused"
        case .excluded: "excluded"
        case .dstGapMerged: "dst-gap-merged"
        case .dstGapSkipped: "dst-gap-skipped"
        case .dstFoldSkipped: "dst-fold-skipped"
        case .limitExpired: "limit-expired"
        case .unknownHeld: "unknown-held"
        case .merged: "merged"
        case .cancelled: "cancelled"
        case .deleted: "deleted"
        case .discarded: "discarded"
        case .refusedLimit: "refused-limit"
        case .restoredOver: "restored-over"
        }
    }

    package init?(word: String) {
        guard let found = SlotResult.allCases.first(where: { $0.word == word }) else { return nil }
        self = found
    }
}

/// Why a slot was decided the way it was: the part of the sentence after "because".
package enum DecisionReason: UInt8, Sendable, CaseIterable {
    /// Due, and nothing stood in its way.
    case due = 0
    /// Chosen by `catchup` after its time had passed.
    case caughtUp = 1
    /// Waited behind an open run and its turn came.
    case fromQueue = 2
    /// Waited for its target's limit and got a place.
    case afterLimit = 3
    /// A run of the same job was still open.
    case runOpen = 4
    /// Another slot was already waiting behind the open run.
    case slotWaiting = 5
    /// As many slots as `queue_max` were already waiting.
    case queueFull = 6
    /// As many runs as `max_open` were already open.
    case tooManyOpen = 7
    /// Its time passed while nothing could be sent, and another missed slot stands for it.
    case catchupChoseAnother = 8
    /// Its time passed while nothing could be sent, and `catchup` is `none`.
    case catchupNone = 9
    /// Older than `catchup_window`.
    case catchupWindow = 10
    /// More slots were missed than `catchup_max`.
    case catchupMax = 11
    /// The job was paused.
    case jobPaused = 12
    /// The local time does not exist on that day.
    case gap = 13
    /// The local time exists twice; this is its second pass.
    case fold = 14
    /// Another line, or a moved time, has a slot at the same instant.
    case sameInstant = 15
    /// No place under the target's limit within `limit_wait`.
    case limitWait = 16
    /// The job was removed before the slot could run.
    case jobRemoved = 17
    /// The waiting catch-up was given up, by request or by an edit of the schedule.
    case catchupDiscarded = 18
    /// A restore put an older state in its place.
    case restored = 19
    /// The job had already closed `max_runs` runs.
    case maxRuns = 20
    /// It lies in a blackout that the job is under.
    case blackout = 21
    /// It lay in a blackout and was kept for its end (`blackout_then`).
    case afterBlackout = 22

    package var word: String {
        switch self {
        case .due: "due"
        case .caughtUp: "caught-up"
        case .fromQueue: "from-queue"
        case .afterLimit: "after-limit"
        case .runOpen: "run-open"
        case .slotWaiting: "slot-waiting"
        case .queueFull: "queue-full"
        case .tooManyOpen: "too-many-open"
        case .catchupChoseAnother: "catchup-chose-another"
        case .catchupNone: "catchup-none"
        case .catchupWindow: "catchup-window"
        case .catchupMax: "catchup-max"
        case .jobPaused: "job-paused"
        case .gap: "gap"
        case .fold: "fold"
        case .sameInstant: "same-instant"
        case .limitWait: "limit-wait"
        case .jobRemoved: "job-removed"
        case .catchupDiscarded: "catchup-discarded"
        case .restored: "restored"
        case .maxRuns: "max-runs"
        case .blackout: "blackout"
        case .afterBlackout: "after-blackout"
        }
    }
}

/// What opened a run.
package enum RunTrigger: UInt8, Sendable {
    case slot = 0
    case manual = 1
    case reboot = 2
    case released = 3
    /// Something that a watched stream did.
    case stream = 4

    package var word: String {
        switch self {
        case .slot: "schedule"
        case .manual: "manual"
        case .reboot: "reboot"
        case .released: "released"
        case .stream: "stream"
        }
    }
}
