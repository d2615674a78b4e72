/// How much of an alert a destination hears.
package enum ChannelLevel: UInt8, Sendable, CaseIterable {
    /// Openings, reminders, resolves, and that somebody has acknowledged.
    case alerts = 1
    /// All that but acknowledgements.
    case failures = 2
    /// No new alert; what it heard of before, it is told the end of.
    case off = 3
    /// Alerts as `alerts` tells them, and each success of a job or check.
    case everything = 4

    package var word: String {
        switch self {
        case .everything: "everything"
        case .alerts: "alerts"
        case .failures: "failures"
        case .off: "off"
        }
    }
}

/// Which alerts a destination hears of, and when. The defaults tell all alerts at once.
package struct ChannelRules: Sendable, Hashable {
    package var level = ChannelLevel.alerts
    /// Alerts less severe than this are not told here.
    package var severityMin = AlertSeverity.info
    /// Told only of what is still open and unacknowledged after so long: the next step of an escalation.
    package var after = Span.zero
    /// Told again each time so long has passed while nobody has acknowledged; zero never.
    package var remindEvery = Span.zero
    /// Alerts that open within so long of the first go as one message; zero sends each at once.
    package var groupWithin = Span.zero
    package var quiet: QuietHours?

    package init() {}
}

/// Times of day at which a destination is left in peace: what is to be told then waits for their end.
package struct QuietHours: Sendable, Hashable {
    /// Minutes after local midnight, 0 to 1439; `to` may be before `from`, which spans midnight.
    package var from: UInt16
    package var to: UInt16
    /// IANA name.
    package var zone: String
    /// Critical alerts are told all the same.
    package var criticalPasses: Bool

    package init(from: UInt16, to: UInt16, zone: String, criticalPasses: Bool) {
        self.from = from
        self.to = to
        self.zone = zone
        self.criticalPasses = criticalPasses
    }
}

/// A channel as somebody wants it from now on: made, or changed as a whole.
package struct ChannelConfigured: Sendable, Hashable {
    package var name: String
    /// JSON of the settings, sealed for (0, `channel/NAME`, `settings`); nil for a channel that flags make,
    /// of which only the rest is kept here.
    package var settings: Sealed?
    package var rules: ChannelRules
    /// It hears of nothing new, and what is meant for it waits.
    package var isPaused: Bool

    package init(name: String, settings: Sealed?, rules: ChannelRules, isPaused: Bool) {
        self.name = name
        self.settings = settings
        self.rules = rules
        self.isPaused = isPaused
    }
}

package struct ChannelRemoved: Sendable, Hashable {
    package var name: String
    package init(name: String) { self.name = name }
}

/// Somebody says that a broken channel works again.
package struct ChannelMended: Sendable, Hashable {
    package var name: String
    package init(name: String) { self.name = name }
}

/// Several waiting messages to one channel become one: the first carries the others, and how it ends they
/// end.
package struct MessagesGrouped: Sendable, Hashable {
    package var leader: MessageID
    /// In ascending order, the leader not among them.
    package var members: [MessageID]
    package init(leader: MessageID, members: [MessageID]) {
        self.leader = leader
        self.members = members
    }
}

extension ChannelRules {
    /// As the API, events and dumps show them; `ChannelForm` reads the same.
    package var json: JSON {
        .object([
            JSON.Member("level", .string(level.word)), JSON.Member("severity", .string(severityMin.word)),
            JSON.Member("after", .string(after.text)), JSON.Member("remind", .string(remindEvery.text)),
            JSON.Member("group", .string(groupWithin.text)),
            JSON.Member("quiet", quiet.map { .string($0.text) } ?? .null),
            JSON.Member("quiet_zone", quiet.map { .string($0.zone) } ?? .null),
            JSON.Member("quiet_critical", quiet.map { .bool($0.criticalPasses) } ?? .null),
        ])
    }
}

extension QuietHours {
    /// `22:00-07:00`
    package var text: String { "\(Self.clock(from))-\(Self.clock(to))" }

    /// Reads `22:00-07:00`; nil when it is not two different times of day.
    package static func minutes(_ text: String) -> (from: UInt16, to: UInt16)? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { minute($0) }
        guard ends.count == 2, let from = ends[0], let to = ends[1], from != to else { return nil }
        return (from, to)
    }

    private static func clock(_ minute: UInt16) -> String {
        let (hours, minutes) = (minute / 60, minute % 60)
        return "\(hours < 10 ? "0" : "")\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
    }

    private static func minute(_ text: Substring) -> UInt16? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.allSatisfy(\.isWholeNumber) }),
            let hours = UInt16(parts[0]), let minutes = UInt16(parts[1]), hours < 24, minutes < 60
        else { return nil }
        return hours * 60 + minutes
    }
}
