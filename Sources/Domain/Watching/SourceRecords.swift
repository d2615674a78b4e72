/// Records about streams that are watched. A folder that watches none has none of them.
package enum SourceRecord: Sendable, Hashable {
    case set(SourceSet)
    case removed(SourceRemoved)
    case opened(SourceOpened)
    case lost(SourceLost)
    case overflowed(SourceOverflowed)

    package var name: String {
        switch self {
        case .set(let r): r.name
        case .removed(let r): r.name
        case .opened(let r): r.name
        case .lost(let r): r.name
        case .overflowed(let r): r.name
        }
    }
}

/// A stream is watched from now on as said here: made, changed as a whole, paused or resumed. One whose
/// credentials were refused may try again.
package struct SourceSet: Sendable, Hashable {
    package var name: String
    /// JSON of address and credentials, sealed for (0, `stream/NAME`, `settings`).
    package var settings: Sealed
    /// The address without credentials and query, for people.
    package var address: String
    /// How long an outage may last before it opens an alert; nil for none.
    package var alertAfter: Span?
    /// How long an open stream may say nothing before that opens an alert; nil for as long as it likes.
    package var silentAfter: Span?
    /// The account's notices are events, too.
    package var takesNotifications: Bool
    package var isPaused: Bool
    /// Flags and environment say it anew at each start.
    package var isFromFlags: Bool

    /// The default of `alertAfter`: shorter breaks are nobody's business.
    package static let usualAlertAfter = Span.seconds(10)

    package init(
        name: String,
        settings: Sealed,
        address: String,
        alertAfter: Span? = SourceSet.usualAlertAfter,
        silentAfter: Span? = nil,
        takesNotifications: Bool = false,
        isPaused: Bool = false,
        isFromFlags: Bool = false
    ) {
        self.name = name
        self.settings = settings
        self.address = address
        self.alertAfter = alertAfter
        self.silentAfter = silentAfter
        self.takesNotifications = takesNotifications
        self.isPaused = isPaused
        self.isFromFlags = isFromFlags
    }
}

package struct SourceRemoved: Sendable, Hashable {
    package var name: String
    package init(name: String) { self.name = name }
}

/// The stream is connected and has accepted our credentials.
package struct SourceOpened: Sendable, Hashable {
    package var name: String
    /// The outage that is over by this: 0 before there was any.
    package var outage: UInt64
    package init(name: String, outage: UInt64) {
        self.name = name
        self.outage = outage
    }
}

/// An outage begins, or it turns out that our credentials are no good.
package struct SourceLost: Sendable, Hashable {
    package var name: String
    /// The first is 1.
    package var outage: UInt64
    package var reason: String
    /// Coming back is no use before somebody has changed something.
    package var isRefused: Bool
    package init(name: String, outage: UInt64, reason: String, isRefused: Bool = false) {
        self.name = name
        self.outage = outage
        self.reason = reason
        self.isRefused = isRefused
    }
}

/// Events came faster than they were taken, and some were left out.
package struct SourceOverflowed: Sendable, Hashable {
    package var name: String
    /// Since the last such record.
    package var events: UInt64
    package init(name: String, events: UInt64) {
        self.name = name
        self.events = events
    }
}
