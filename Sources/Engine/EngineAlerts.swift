internal import Alerting
package import Domain
package import Effects
internal import Integrations

// What the API asks about alerts, channels and messages.
extension Engine {
    /// Alerts that are not resolved, oldest first.
    package func openAlerts() async throws(CommandError) -> [AlertView] {
        try await alerts().filter { $0.alert.resolvedAt == nil }
    }

    /// All that are open, and the latest of those that are resolved (`AlertTable.doneMax`), oldest first.
    package func alerts() async throws(CommandError) -> [AlertView] {
        try await read { flow, _ throws(CommandError) in
            flow.ledger.alerts.alerts.sorted { $0.key < $1.key }.map {
                AlertView(id: $0.key, alert: $0.value)
            }
        }
    }

    /// Ends an alert that is open; a failure after that opens another.
    package func resolve(_ alert: AlertID) async throws(CommandError) -> AlertView {
        try await command { flow, now throws(CommandError) in
            AlertView(id: alert, alert: try flow.resolve(alert, now: now))
        }
    }

    /// The alert that a link of ours names.
    package func alert(link word: String) async throws(CommandError) -> AlertView {
        try await read { flow, _ throws(CommandError) in
            let id = try flow.alert(link: word)
            return AlertView(id: id, alert: try flow.known(id))
        }
    }

    /// What the link is for. Nothing happens to an alert that is acknowledged already.
    package func acknowledge(link word: String) async throws(CommandError) -> AlertView {
        try await command { flow, now throws(CommandError) in
            let id = try flow.alert(link: word)
            return AlertView(id: id, alert: try flow.acknowledge(id, now: now))
        }
    }

    /// The public halves of the keys that webhooks are signed with, as `/.well-known` shows them.
    package func publicKeys() async throws(CommandError) -> JSON {
        try await read { flow, _ throws(CommandError) in PublicKeyDocument.json(flow.sender.signingSeeds) }
    }

    /// Nothing happens to an alert that is acknowledged already.
    package func acknowledge(_ alert: AlertID) async throws(CommandError) -> AlertView {
        try await command { flow, now throws(CommandError) in
            AlertView(id: alert, alert: try flow.acknowledge(alert, now: now))
        }
    }

    /// In order of name, settings masked.
    package func channels() async throws(CommandError) -> [ChannelView] {
        try await read { flow, now throws(CommandError) in flow.channelViews(now: now) }
    }

    package func channel(_ name: String) async throws(CommandError) -> ChannelView {
        try await read { flow, now throws(CommandError) in try flow.channelView(name, now: now) }
    }

    /// The server that a channel of this name with these settings would call; nothing is kept.
    package func channelOrigin(_ name: String, settings: JSON) async throws(CommandError) -> Origin {
        try await read { flow, _ throws(CommandError) in try flow.origin(of: settings, named: name) }
    }

    package func addChannel(_ name: String, _ wish: ChannelWish) async throws(CommandError) -> ChannelView {
        try await command { flow, now throws(CommandError) in
            try flow.addChannel(name, wish, now: now)
            return try flow.channelView(name, now: now)
        }
    }

    package func changeChannel(_ name: String, _ wish: ChannelWish) async throws(CommandError) -> ChannelView
    {
        try await command { flow, now throws(CommandError) in
            try flow.changeChannel(name, wish, now: now)
            return try flow.channelView(name, now: now)
        }
    }

    package func removeChannel(_ name: String) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in try flow.removeChannel(name, now: now) }
    }

    /// Not paused, not broken, and its dead messages sent again.
    package func enableChannel(_ name: String) async throws(CommandError) -> Resent {
        try await command { flow, now throws(CommandError) in try flow.enableChannel(name, now: now) }
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
            flow.ledger.alerts.messages.sorted { $0.key < $1.key }.map { flow.view($0.key, $0.value) }
        }
    }

    /// Sends dead messages again, of one channel or of all.
    package func resendDead(channel: String?) async throws(CommandError) -> Resent {
        try await command { flow, now throws(CommandError) in
            try flow.refuseUnknown(channel)
            return flow.resendDead(channel: channel, now: now)
        }
    }

    /// Forgets dead messages, of one channel or of all, and says how many.
    package func discardDead(channel: String?) async throws(CommandError) -> Int {
        try await command { flow, now throws(CommandError) in
            try flow.refuseUnknown(channel)
            return flow.discardDead(channel: channel, now: now)
        }
    }
}

package struct AlertView: Sendable {
    package var id: AlertID
    package var alert: Alert
}

package struct MessageView: Sendable {
    package var id: MessageID
    package var message: PendingMessage
    /// When it may leave at the earliest; nil for at once, and where nobody can know.
    package var earliest: Timestamp?
    /// What keeps it, apart from a failed attempt: `blackout NAME`, `quiet hours`, `message 12` before it.
    package var waitsFor: String?
}

package struct ChannelView: Sendable {
    package var name: String
    /// One line for lists.
    package var summary: String
    /// `kind` and the kind's own fields; secrets are `***`.
    package var settings: JSON
    package var rules: ChannelRules
    package var isPaused: Bool
    /// Made by flags, not by people.
    package var isFromFlags: Bool
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
    package mutating func testChannel(_ name: String, now: Timestamp) throws(CommandError) -> MessageID {
        guard let channel = channels[name] else { throw noSuchChannel(name) }
        guard !channel.isPaused else {
            throw .conflict("\(name) is paused; `chronatog alert channel enable \(name)` ends that")
        }
        let intent = MessageIntended(job: nil, alert: .zero, channel: name, kind: .test)
        write(.messageIntended(intent), now)
        let id = ledger.sequence
        enqueue(id, now: now)
        pumpAll(now: now)
        return id
    }

    func testPayload(of name: String, now: Timestamp) throws(CommandError) -> String {
        guard let own = channels[name]?.settings else { throw noSuchChannel(name) }
        let intent = MessageIntended(job: nil, alert: .zero, channel: name, kind: .test)
        let message = content(of: ledger.sequence.next, PendingMessage(intended: intent, at: now))
        var delivery = ChannelDelivery(own, message, from: sender)
        return own.shown(delivery.begin(now: now))
    }

    fileprivate func view(_ id: MessageID, _ message: PendingMessage) -> MessageView {
        var view = MessageView(id: id, message: message, earliest: message.retryAt)
        guard !message.isDead, message.leader == .zero else { return view }
        let head = outbox.head(of: id) ?? id
        let silence = silences[head]
        view.earliest = [message.retryAt, silence?.until].compactMap(\.self).max()
        if head != id {
            view.waitsFor = "message \(head)"
        } else if let silence {
            view.waitsFor = silence.cause.words
        } else if channels[message.channel]?.isPaused == true {
            view.waitsFor = "its channel, which is paused"
        }
        return view
    }

    package mutating func resendDead(channel: String?, now: Timestamp) -> Resent {
        var count = Resent()
        for id in ledger.alerts.dead {
            guard let message = ledger.alerts.messages[id], channel == nil || channel == message.channel
            else { continue }
            let key = ledger.alerts.key(of: id)
            guard channels[message.channel] != nil || message.isToURL, !message.isOvertaken,
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

    /// Dead messages of a channel that is removed are still there to be discarded.
    func refuseUnknown(_ channel: String?) throws(CommandError) {
        guard let channel, channels[channel] == nil, unreadable[channel] == nil,
            !ledger.alerts.messages.values.contains(where: { $0.channel == channel })
        else { return }
        throw noSuchChannel(channel)
    }

    package mutating func discardDead(channel: String?, now: Timestamp) -> Int {
        var count = 0
        for id in ledger.alerts.dead {
            guard let message = ledger.alerts.messages[id], channel == nil || channel == message.channel
            else { continue }
            write(.messageDiscarded(MessageDiscarded(job: message.job, message: id)), now)
            count += 1
        }
        return count
    }

    /// How many messages there are of a sort, by channel.
    func messages(where isMeant: (PendingMessage) -> Bool) -> [String: Int] {
        var counts: [String: Int] = [:]
        for message in ledger.alerts.messages.values where isMeant(message) {
            counts[message.channel, default: 0] += 1
        }
        return counts
    }
}
