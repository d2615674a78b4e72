package import Domain

/// What happened, as subscribers name it. The words are a promise: records may be encoded anew, these stay.
package enum EventType: String, Sendable, CaseIterable {
    case folderFounded = "folder.founded"
    case schedulerRegistered = "scheduler.registered"
    case schedulerRemoved = "scheduler.removed"
    case zoneAdopted = "zone.adopted"
    case jobRegistered = "job.registered"
    case jobRevised = "job.revised"
    case jobRemoved = "job.removed"
    case jobPaused = "job.paused"
    case jobResumed = "job.resumed"
    case jobFinished = "job.finished"
    case slotDecided = "slot.decided"
    case slotsDecided = "slots.decided"
    case slotQueued = "slot.queued"
    case runOpened = "run.opened"
    case attemptFailed = "attempt.failed"
    case attemptIntended = "attempt.intended"
    case runClosed = "run.closed"
    case jobFellBehind = "job.falling_behind"
    case clockStepped = "clock.stepped"
    case serverAttended = "server.attended"
    case folderRestored = "folder.restored"
    case alertOpened = "alert.opened"
    case alertAcknowledged = "alert.acknowledged"
    case alertResolved = "alert.resolved"
    case messageIntended = "message.intended"
    case messageDelivered = "message.delivered"
    case messageFailed = "message.failed"
    case messageDead = "message.dead"
    case messageResent = "message.resent"
    case messageDiscarded = "message.discarded"
    case checkRegistered = "check.registered"
    case checkRevised = "check.revised"
    case checkRemoved = "check.removed"
    case checkPaused = "check.paused"
    case checkResumed = "check.resumed"
    case checkPinged = "check.pinged"
    case checkLapsed = "check.lapsed"
    case checkUnwatched = "check.unwatched"
    case pingKeySet = "ping_key.set"
    case blackoutSet = "blackout.set"
    case blackoutRemoved = "blackout.removed"
    case runAwaited = "run.awaited"
    case channelConfigured = "channel.configured"
    case channelRemoved = "channel.removed"
    case channelMended = "channel.mended"
    case messagesGrouped = "messages.grouped"
    case credentialsSet = "marketplace.connected"
    case serviceRegistered = "service.registered"
    case serviceDeregistered = "service.deregistered"
    case accountOpened = "account.opened"
    case planChosen = "plan.chosen"
    case accountClosed = "account.closed"
    case schedulerProvisioned = "scheduler.provisioned"
    case schedulerRotated = "scheduler.rotated"
    case schedulerDecommissioned = "scheduler.decommissioned"
    case invoiceSealed = "invoice.sealed"
    case postIntended = "post.intended"
    case postDelivered = "post.delivered"
    case postFailed = "post.failed"
    case postDead = "post.dead"
    case linkUsed = "link.used"
    case accountConfigured = "account.configured"
    case userNoted = "user.noted"
    case userForgotten = "user.forgotten"
    case grantHeld = "grant.held"
    case streamSet = "stream.set"
    case streamRemoved = "stream.removed"
    case streamOpened = "stream.opened"
    case streamLost = "stream.lost"
    case streamUnauthorized = "stream.unauthorized"
    case streamOverflowed = "stream.overflowed"
    case outageNoted = "outage.noted"
    case outageSpared = "outage.spared"
    case triggerRefused = "trigger.refused"
    case tokenAdded = "token.added"
    case tokenRemoved = "token.removed"

    package init(_ record: Record) {
        self =
            switch record {
            case .folderFounded: .folderFounded
            case .schedulerRegistered: .schedulerRegistered
            case .schedulerRemoved: .schedulerRemoved
            case .zoneAdopted: .zoneAdopted
            case .jobRegistered: .jobRegistered
            case .jobRevised: .jobRevised
            case .jobRemoved: .jobRemoved
            case .jobPaused: .jobPaused
            case .jobResumed: .jobResumed
            case .jobFinished: .jobFinished
            case .slotDecided: .slotDecided
            case .slotsDecided: .slotsDecided
            case .slotQueued: .slotQueued
            case .runOpened: .runOpened
            case .attemptFailed: .attemptFailed
            case .attemptIntended: .attemptIntended
            case .runClosed: .runClosed
            case .jobFellBehind: .jobFellBehind
            case .clockStepped: .clockStepped
            case .serverAttended: .serverAttended
            case .folderRestored: .folderRestored
            case .alertOpened: .alertOpened
            case .alertAcknowledged: .alertAcknowledged
            case .alertResolved: .alertResolved
            case .messageIntended: .messageIntended
            case .messageDelivered: .messageDelivered
            case .messageFailed: .messageFailed
            case .messageDead: .messageDead
            case .messageResent: .messageResent
            case .messageDiscarded: .messageDiscarded
            case .checkRegistered: .checkRegistered
            case .checkRevised: .checkRevised
            case .checkRemoved: .checkRemoved
            case .checkPaused: .checkPaused
            case .checkResumed: .checkResumed
            case .checkPinged: .checkPinged
            case .checkLapsed: .checkLapsed
            case .checkUnwatched: .checkUnwatched
            case .pingKeySet: .pingKeySet
            case .blackoutSet: .blackoutSet
            case .blackoutRemoved: .blackoutRemoved
            case .runAwaited: .runAwaited
            case .channelConfigured: .channelConfigured
            case .channelRemoved: .channelRemoved
            case .channelMended: .channelMended
            case .messagesGrouped: .messagesGrouped
            case .account(let record): Self(record)
            case .source(let record): Self(record)
            case .reaction(.outageNoted): .outageNoted
            case .reaction(.outageSpared): .outageSpared
            case .reaction(.triggerRefused): .triggerRefused
            case .token(.added): .tokenAdded
            case .token(.removed): .tokenRemoved
            }
    }

    private init(_ record: SourceRecord) {
        self =
            switch record {
            case .set: .streamSet
            case .removed: .streamRemoved
            case .opened: .streamOpened
            case .lost(let lost): lost.isRefused ? .streamUnauthorized : .streamLost
            case .overflowed: .streamOverflowed
            }
    }

    private init(_ record: AccountRecord) {
        self =
            switch record {
            case .credentialsSet: .credentialsSet
            case .serviceRegistered: .serviceRegistered
            case .serviceDeregistered: .serviceDeregistered
            case .accountOpened: .accountOpened
            case .planChosen: .planChosen
            case .accountClosed: .accountClosed
            case .schedulerProvisioned: .schedulerProvisioned
            case .schedulerRotated: .schedulerRotated
            case .schedulerDecommissioned: .schedulerDecommissioned
            case .invoiceSealed: .invoiceSealed
            case .postIntended: .postIntended
            case .postDelivered: .postDelivered
            case .postFailed: .postFailed
            case .postDead: .postDead
            case .linkUsed: .linkUsed
            case .accountConfigured: .accountConfigured
            case .userNoted: .userNoted
            case .userForgotten: .userForgotten
            case .grantHeld: .grantHeld
            }
    }

    /// Whether a filter such as `run.closed` or `run.*` lets this type through.
    package func matches(_ filter: String) -> Bool {
        guard filter.hasSuffix(".*") else { return rawValue == filter }
        return rawValue.hasPrefix(filter.dropLast())
    }
}
