internal import Alerting
package import Domain
internal import Integrations

// What the API asks about alerts, channels and messages.
extension Engine {
    /// Alerts that are not resolved, oldest first.
    package func openAlerts() async throws(CommandError) -> [AlertView] {
        try await read { flow, _ throws(CommandError) in
            flow.ledger.alerts.open.values.sorted().compactMap { id in
                flow.ledger.alerts.alerts[id].map { AlertView(id: id, alert: $0) }
            }
        }
    }

    /// Nothing happens to an alert that is acknowledged already.
    package func acknowledge(_ alert: AlertID) async throws(CommandError) -> AlertView {
        try await command { flow, now throws(CommandError) in
            AlertView(id: alert, alert: try flow.acknowledge(alert, now: now))
        }
    }

    /// In order of name, settings masked.
    package func channels() async throws(CommandError) -> [ChannelView] {
        try await read { flow, _ throws(CommandError) in flow.channelViews() }
    }

    /// Sends a message that is about nothing.
    package func testChannel(_ name: String) async throws(CommandError) -> MessageID {
        try await command { flow, now throws(CommandError) in try flow.testChannel(name, now: now) }
    }

    /// What `testChannel` would send first, secrets masked; nothing is recorded or sent.
    package func testPayload(of name: String) async throws(CommandError) -> String {
        try await read { flow, now throws(CommandError) in try flow.testPayload(of: name, now: now) }
    }

    /// Messages that are not delivered, oldest first.
    package func pendingMessages() async throws(CommandError) -> [MessageView] {
        try await read { flow, _ throws(CommandError) in
            flow.ledger.alerts.messages.sorted { $0.key < $1.key }.map {
                MessageView(id: $0.key, message: $0.value)
            }
        }
    }

    /// Sends dead messages again, of one channel or of all.
    package func resendDead(channel: String?) async throws(CommandError) -> Resent {
        try await command { flow, now throws(CommandError) in flow.resendDead(channel: channel, now: now) }
    }
}

package struct AlertView: Sendable {
    package var id: AlertID
    package var alert: Alert
}

package struct MessageView: Sendable {
    package var id: MessageID
    package var message: PendingMessage
}

package struct ChannelView: Sendable {
    package var name: String
    /// One line for lists.
    package var summary: String
    /// `kind` and the kind's own fields; secrets are `***`.
    package var settings: JSON
    package var state: ChannelState
}

/// What became of a wish to send dead messages again.
package struct Resent: Sendable, Equatable {
    package var resent = 0
    /// A later message about the same alert has been delivered or is under way: these would undo it. Or the
    /// channel is not configured any more.
    package var skipped = 0

    package init() {}
}

extension Flow {
    func channelViews() -> [ChannelView] {
        settings.channels.sorted { $0.key < $1.key }.map { name, own in
            ChannelView(
                name: name,
                summary: own.summary,
                settings: own.masked,
                state: ledger.alerts.channels[name] ?? ChannelState()
            )
        }
    }

    package mutating func testChannel(_ name: String, now: Timestamp) throws(CommandError) -> MessageID {
        guard settings.channels[name] != nil else { throw .noSuchChannel(name) }
        let intent = MessageIntended(job: nil, alert: .zero, channel: name, kind: .test)
        write(.messageIntended(intent), now)
        let id = ledger.sequence
        enqueue(id, now: now)
        pumpAll(now: now)
        return id
    }

    func testPayload(of name: String, now: Timestamp) throws(CommandError) -> String {
        guard let own = settings.channels[name] else { throw .noSuchChannel(name) }
        let intent = MessageIntended(job: nil, alert: .zero, channel: name, kind: .test)
        let message = content(of: ledger.sequence.next, PendingMessage(intended: intent, at: now))
        var delivery = ChannelDelivery(own, message, from: settings.sender)
        return own.shown(delivery.begin(now: now))
    }

    package mutating func resendDead(channel: String?, now: Timestamp) -> Resent {
        var count = Resent()
        for id in ledger.alerts.dead {
            guard let message = ledger.alerts.messages[id], channel == nil || channel == message.channel
            else { continue }
            let key = ledger.alerts.key(of: id)
            guard settings.channels[message.channel] != nil, !message.isOvertaken,
                outbox.hasRoom(for: id, channel: message.channel, key: key)
            else {
                count.skipped += 1
                continue
            }
            write(.messageResent(MessageResent(job: message.job, message: id)), now)
            enqueue(id, now: now)
            count.resent += 1
        }
        pumpAll(now: now)
        return count
    }
}
