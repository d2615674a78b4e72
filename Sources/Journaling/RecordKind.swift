package import Domain

/// The number that stands for a record in the journal. For ever.
package enum RecordKind: UInt8, Sendable, CaseIterable {
    case folderFounded = 1
    case schedulerRegistered = 2
    case schedulerRemoved = 3
    case zoneAdopted = 4
    case jobRegistered = 5
    case jobRevised = 6
    case jobRemoved = 7
    case jobPaused = 8
    case jobResumed = 9
    case jobFinished = 10
    case slotDecided = 11
    case slotsDecided = 12
    case slotQueued = 13
    case runOpened = 14
    case attemptFailed = 15
    case attemptIntended = 16
    case runClosed = 17
    case clockStepped = 18
    case jobFellBehind = 19
    case folderRestored = 20
    case alertOpened = 21
    case alertAcknowledged = 22
    case alertResolved = 23
    case messageIntended = 24
    case messageDelivered = 25
    case messageFailed = 26
    case messageDead = 27
    case messageResent = 28
    case checkRegistered = 29
    case checkRevised = 30
    case checkRemoved = 31
    case checkPaused = 32
    case checkResumed = 33
    case checkPinged = 34
    case checkLapsed = 35
    case checkUnwatched = 36
    case pingKeySet = 37
    case runAwaited = 38
    case serverAttended = 39
    case channelConfigured = 40
    case channelRemoved = 41
    case channelMended = 42
    case messagesGrouped = 43
    case messageDiscarded = 44
    case blackoutSet = 80
    case blackoutRemoved = 81
    case credentialsSet = 50
    case serviceRegistered = 51
    case serviceDeregistered = 52
    case accountOpened = 53
    case planChosen = 54
    case accountClosed = 55
    case schedulerProvisioned = 56
    case schedulerRotated = 57
    case schedulerDecommissioned = 58
    case invoiceSealed = 59
    case postIntended = 60
    case postDelivered = 61
    case postFailed = 62
    case postDead = 63
    case linkUsed = 64
    case accountConfigured = 65
    case userNoted = 66
    case userForgotten = 67
    case grantHeld = 68
    case sourceSet = 90
    case sourceRemoved = 91
    case sourceOpened = 92
    case sourceLost = 93
    case sourceOverflowed = 94
    case outageNoted = 95
    case outageSpared = 96
    case triggerRefused = 97
    case tokenAdded = 100
    case tokenRemoved = 101

    /// camelCase, as `Record.name`.
    package var name: String { String(describing: self) }

    package init?(name: String) {
        guard let kind = RecordKind.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}

extension Record {
    /// camelCase, as journal dumps name it.
    package var name: String { kind.name }

    package var kind: RecordKind {
        switch self {
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
        case .clockStepped: .clockStepped
        case .jobFellBehind: .jobFellBehind
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
        case .checkRegistered: .checkRegistered
        case .checkRevised: .checkRevised
        case .checkRemoved: .checkRemoved
        case .checkPaused: .checkPaused
        case .checkResumed: .checkResumed
        case .checkPinged: .checkPinged
        case .checkLapsed: .checkLapsed
        case .checkUnwatched: .checkUnwatched
        case .pingKeySet: .pingKeySet
        case .runAwaited: .runAwaited
        case .channelConfigured: .channelConfigured
        case .channelRemoved: .channelRemoved
        case .channelMended: .channelMended
        case .messagesGrouped: .messagesGrouped
        case .messageDiscarded: .messageDiscarded
        case .blackoutSet: .blackoutSet
        case .blackoutRemoved: .blackoutRemoved
        case .account(let record): record.kind
        case .source(let record): record.kind
        case .reaction(let record): record.kind
        case .token(let record): record.kind
        }
    }
}
