package import Cron
package import Domain

/// What a channel is to hear of an alert that is open, and when to look again: functions of the ledger, the
/// channel's rules and the time.
package enum AlertAgenda {
    package struct Duty: Sendable, Equatable {
        /// What is to be told now; nil for nothing.
        package var tell: MessageKind?
        /// When there may be something again; nil for never.
        package var next: Timestamp?

        package init(tell: MessageKind? = nil, next: Timestamp? = nil) {
            self.tell = tell
            self.next = next
        }
    }

    /// Whether a channel is to hear of the alert at all.
    package static func concerns(_ alert: Alert, _ rules: ChannelRules) -> Bool {
        rules.level != .off && alert.opened.severity >= rules.severityMin
    }

    /// Openings that were held back, and reminders. A channel without a delay hears of an alert when it opens
    /// or never: one that is new here is not flooded with old news.
    /// - Parameters:
    ///   - toldAt: when it was last to be told of the opening, or reminded; nil when never.
    ///   - isWaiting: what it was last to be told has not left yet, so a reminder would only join it.
    package static func duty(
        _ alert: Alert,
        _ rules: ChannelRules,
        toldAt: Timestamp?,
        isWaiting: Bool,
        now: Timestamp
    ) -> Duty {
        guard alert.resolvedAt == nil, alert.acknowledgedAt == nil, concerns(alert, rules) else {
            return Duty()
        }
        guard let toldAt else {
            guard rules.after > .zero else { return Duty() }
            let due = alert.openedAt + rules.after
            if now < due { return Duty(next: due) }
            return Duty(tell: .open, next: rules.remindEvery > .zero ? now + rules.remindEvery : nil)
        }
        guard rules.remindEvery > .zero else { return Duty() }
        let due = toldAt + rules.remindEvery
        if now < due { return Duty(next: due) }
        return Duty(tell: isWaiting ? nil : .remind, next: now + rules.remindEvery)
    }

    /// Whether a message that belongs to an open alert is told by this channel, apart from openings and
    /// reminders. What has heard the opening hears the end.
    package static func hears(_ kind: MessageKind, _ rules: ChannelRules) -> Bool {
        kind == .resolve || rules.level == .alerts || rules.level == .everything
    }

    /// Whether successes are told, too. They are as severe as `info`.
    package static func hearsSuccesses(_ rules: ChannelRules) -> Bool {
        rules.level == .everything && rules.severityMin == .info
    }

    /// How long a success waits for others, where several go as one message: good news has time.
    package static let successesWithin = Span.minutes(1)

    /// How long a message waits for others of its kind that could go with it; zero for those that go alone.
    /// - Parameter groups: the channel can tell of several things in one message.
    package static func company(_ kind: MessageKind, _ rules: ChannelRules, groups: Bool) -> Span {
        switch kind {
        case .open: rules.groupWithin
        case .success where groups: max(rules.groupWithin, successesWithin)
        default: .zero
        }
    }

    /// Until when a message waits for company; nil when it goes alone.
    package static func notBefore(
        _ kind: MessageKind,
        _ rules: ChannelRules,
        groups: Bool,
        now: Timestamp
    ) -> Timestamp? {
        let wait = company(kind, rules, groups: groups)
        return wait > .zero ? now + wait : nil
    }
}

extension QuietHours {
    /// When the quiet hours that are now end; nil outside of them.
    package func end(at now: Timestamp, in zone: Zone) -> Timestamp? {
        let local = zone.local(at: Instant(seconds: now.seconds)).local
        let minute = local.hour * 60 + local.minute
        let (from, to) = (Int(from), Int(to))
        let isQuiet = from < to ? (from..<to).contains(minute) : minute >= from || minute < to
        guard isQuiet else { return nil }
        let midnight = local.seconds - Int64(minute * 60 + local.second)
        let day = minute < to ? midnight : midnight + 86_400
        let wanted = LocalDateTime(seconds: day + Int64(to * 60))
        let end: Instant =
            switch zone.resolve(wanted) {
            case .one(let instant): instant
            // The second time the clock shows it the hours are over for certain.
            case .two(_, let second): second
            case .gap(let transition, _): transition
            }
        let time = Timestamp(seconds: end.seconds)
        // An hour that is shown twice may put "now" behind the end of its first showing.
        return time > now ? time : nil
    }
}
