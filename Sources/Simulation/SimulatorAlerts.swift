internal import Domain
internal import Engine

// What people do about alerts, and what must have become of the messages when all is quiet.
extension Simulator {
    /// Longer than any call to a channel takes.
    static let messageLateMax = Span.minutes(2)

    func acknowledge() {
        guard let open = engine?.ledger.alerts.open.values.sorted(), !open.isEmpty else {
            return testChannel()
        }
        let alert = dice.pick(open)
        let isNew = engine?.ledger.alerts.alerts[alert]?.acknowledgedAt == nil
        ask(isNew ? "alertAcknowledged" : "") { flow, now throws(CommandError) in
            try flow.acknowledge(alert, now: now).job
        }
    }

    func testChannel() {
        let name = dice.pick(SimulatedChannels.names)
        ask("messageIntended") { flow, now throws(CommandError) in
            _ = try flow.testChannel(name, now: now)
            return nil
        }
    }

    func resendDead() {
        let channel = dice.pick([nil] + SimulatedChannels.names.map { $0 })
        let answers = answers
        engine?.command(
            { flow, now throws(CommandError) -> Acknowledgement? in
                let (since, dead) = (flow.ledger.sequence, flow.ledger.alerts.dead)
                _ = flow.resendDead(channel: channel, now: now)
                let alerts = flow.ledger.alerts
                guard let id = dead.first(where: { alerts.messages[$0]?.isDead == false }) else { return nil }
                return Acknowledgement(
                    record: "messageResent",
                    job: alerts.messages[id]?.job,
                    since: since,
                    sequence: flow.ledger.sequence
                )
            },
            answer: { answers.add($0) }
        )
    }

    /// Whatever may leave has left: nothing waits but for a time that is still to come, or behind another.
    func checkMessages(_ alerts: AlertTable, _ now: Timestamp) throws {
        for (id, message) in alerts.messages where !message.isDead {
            let isFirst = !alerts.messages.contains { other, earlier in
                other < id && !earlier.isDead && earlier.channel == message.channel
                    && alerts.key(of: other) == alerts.key(of: id)
            }
            let rests = alerts.channels[message.channel]?.restsUntil ?? .distantPast
            let due = max(message.retryAt ?? message.intendedAt, rests)
            let since = now - Self.messageLateMax
            if isFirst, due < since, !witness.mayHaveBeenSilent(id, since: since, now: now) {
                throw Violation.stuck("message \(id) to \(message.channel) was due at \(due.seconds)")
            }
        }
    }
}
