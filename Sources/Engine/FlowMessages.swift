internal import Alerting
internal import Domain
internal import Effects
internal import Integrations
internal import Scheduling

// **Tell.** A message between its intent and its end: recorded before it is sent, tried again by its class,
// in order with what else is told of the same alert, and kept when it was given up.
extension Flow {
    /// A message under way.
    struct Letter: Sendable {
        var message: MessageID
        var conversation: ChannelDelivery
        /// What is on its way.
        var delivery: Delivery
    }

    /// Alerts that one message tells of.
    private static let groupMax = 100

    /// Everything on its way: calls of jobs, of channels, to marketplaces, for calendars and for steps. A run
    /// whose steps are taken is not itself on its way.
    var callsOut: Int {
        flights.count - reactions.walks.count + letters.count + letterPosts.count + calendars.calls.count
            + reactions.fetches.count + (checkIns?.outCount ?? 0)
    }

    /// After a start: what was waiting or under way goes on, with the same keys as before.
    mutating func takeUpMessages(now: Timestamp) {
        let waiting = ledger.alerts.messages.filter { !$0.value.isDead }.keys.sorted()
        outbox.hold(waiting.filter { ledger.alerts.messages[$0]?.leader != .zero })
        for id in waiting { enqueue(id, mayHaveLeft: true, now: now) }
        pumpAll(now: now)
    }

    /// After a restore: what waited at that earlier moment is not sent now, and can be looked at.
    mutating func giveUpMessages(now: Timestamp) {
        for (id, message) in ledger.alerts.messages.sorted(by: { $0.key < $1.key })
        where !message.isDead && message.leader == .zero {
            let report = MessageReport(attempt: message.attempts)
            give(up: id, message, report, "the folder was restored to an earlier moment", now: now)
        }
    }

    /// Puts a message into its line.
    mutating func enqueue(_ id: MessageID, mayHaveLeft: Bool = false, now: Timestamp) {
        guard let message = ledger.alerts.messages[id] else { return }
        let key = ledger.alerts.key(of: id)
        if outbox.add(id, channel: message.channel, key: key, mayHaveLeft: mayHaveLeft) {
            standFirst(id, now: now)
        }
    }

    /// The first of a line leaves at once or at its time.
    mutating func standFirst(_ id: MessageID, now: Timestamp) {
        if let at = ledger.alerts.messages[id]?.retryAt, at > now {
            timetable.set(.message(id), at: at)
        } else {
            outbox.makeReady(id)
        }
    }

    /// The time of a message, or the end of its channel's rest, has come.
    mutating func messageDue(_ id: MessageID, now: Timestamp) {
        guard let message = ledger.alerts.messages[id], !message.isDead else { return }
        // One that is kept for longer now has another alarm for that.
        if silences[id].map({ $0.until <= now }) ?? true {
            silences[id] = nil
            standFirst(id, now: now)
        }
        pump(message.channel, now: now)
    }

    mutating func pumpAll(now: Timestamp) {
        for channel in outbox.channelsToServe { pump(channel, now: now) }
    }

    /// Lets ready messages of a channel leave, unless it rests or they are to be kept.
    private mutating func pump(_ channel: String, now: Timestamp) {
        while !isStopping, let first = outbox.first(channel) {
            if channels[channel]?.isPaused == true { return }
            let rests = ledger.alerts.channels[channel]?.restsUntil ?? .distantPast
            if rests > now, channels[channel]?.settings.dropsWhileResting == false {
                if resting.updateValue(rests, forKey: channel) != rests {
                    timetable.set(.message(first), at: rests)
                }
                return
            }
            // Should the clock be set back into that rest, it needs an alarm anew.
            resting[channel] = nil
            if let message = ledger.alerts.messages[first], let silence = silence(of: message, now: now) {
                outbox.makeUnready(first)
                silences[first] = silence
                timetable.set(.message(first), at: silence.until)
                continue
            }
            guard let id = outbox.send(channel) else { return }
            gather(id, channel, now: now)
            attempt(id, now: now)
        }
    }

    /// Openings that wait for company go with the one that leaves now. A retry goes as it went before.
    private mutating func gather(_ id: MessageID, _ channel: String, now: Timestamp) {
        guard let own = channels[channel], let first = ledger.alerts.messages[id], first.attempts == 0,
            first.members.isEmpty
        else { return }
        let within = AlertAgenda.company(first.kind, own.rules, groups: own.settings.kind.groups)
        guard within > .zero else { return }
        let others = outbox.waiting(channel).filter { other in
            guard other != id, let message = ledger.alerts.messages[other], message.kind == first.kind,
                message.attempts == 0, message.members.isEmpty,
                message.retryAt.map({ $0 <= now + within }) ?? true,
                silences[other].map({ $0.until <= now }) ?? true
            else { return false }
            return silence(of: message, now: now) == nil
        }
        guard !others.isEmpty else { return }
        let members = Array(others.prefix(Self.groupMax - 1))
        for member in members { silences[member] = nil }
        write(.messagesGrouped(MessagesGrouped(leader: id, members: members)), now)
        outbox.hold(members)
    }

    private mutating func attempt(_ id: MessageID, now: Timestamp) {
        guard let content = content(of: id), let message = ledger.alerts.messages[id] else { return }
        if message.letter != nil, content.said == nil {
            let reason = "what it says does not open with this folder's keys"
            return settle(id, ChannelVerdict(.dead(reason: reason)), now: now)
        }
        if content.said?.kind == .http {
            return call(content, id, now: now)
        }
        guard let own = channels[message.channel]?.settings else {
            let reason =
                unreadable[message.channel] ?? "the channel \(message.channel) is not configured any more"
            return settle(id, ChannelVerdict(.dead(reason: reason)), now: now)
        }
        var delivery = ChannelDelivery(own, content, from: sender)
        let step = delivery.begin(now: now)
        follow(step, delivery, id, now: now)
    }

    /// A step's own URL stands in what it says.
    private mutating func call(_ content: AlertMessage, _ id: MessageID, now: Timestamp) {
        guard let said = content.said, let address = try? WebAddress(said["url"] ?? "") else {
            return settle(id, ChannelVerdict(.dead(reason: "its URL cannot be called")), now: now)
        }
        var delivery = ChannelDelivery(said, to: address, content, from: sender)
        let step = delivery.begin(now: now)
        follow(step, delivery, id, now: now)
    }

    private mutating func follow(
        _ step: ChannelDelivery.Step,
        _ delivery: ChannelDelivery,
        _ id: MessageID,
        now: Timestamp
    ) {
        switch step {
        case .end(let verdict): settle(id, verdict, now: now)
        case .call(let request):
            post(id, delivery, .call(request.call(id: id.value, deadlines: .long)))
        case .mail(var mail):
            mail.id = id.value
            post(id, delivery, .mail(mail))
        }
    }

    private mutating func post(_ id: MessageID, _ conversation: ChannelDelivery, _ delivery: Delivery) {
        letters[id.value] = Letter(message: id, conversation: conversation, delivery: delivery)
        effects.append(.post(id.value))
    }

    /// What a channel answered.
    mutating func hear(_ outcome: Outcome, now: Timestamp) {
        hear(outcome.id, now: now) { $0.receive(outcome.result, now: now) }
    }

    /// What a mail server answered.
    mutating func hear(_ outcome: MailOutcome, now: Timestamp) {
        hear(outcome.id, now: now) { $0.receive(outcome.result, now: now) }
    }

    private mutating func hear(
        _ id: UInt64,
        now: Timestamp,
        _ receive: (inout ChannelDelivery) -> ChannelDelivery.Step
    ) {
        guard var letter = letters.removeValue(forKey: id),
            let channel = ledger.alerts.messages[letter.message]?.channel
        else { return }
        let step = receive(&letter.conversation)
        follow(step, letter.conversation, letter.message, now: now)
        pump(channel, now: now)
    }

    /// The end of an attempt: delivered, to be tried again, or given up.
    private mutating func settle(_ id: MessageID, _ verdict: ChannelVerdict, now: Timestamp) {
        guard let message = ledger.alerts.messages[id], let content = content(of: id) else { return }
        let report = MessageReport(
            attempt: message.attempts + 1,
            remember: verdict.remember,
            limits: verdict.limits
        )
        outbox.ended(id)
        metrics.note(verdict, of: message.channel)
        switch verdict.ending {
        case .delivered, .needless:
            let delivered = MessageDelivered(
                job: message.job,
                message: id,
                report: report,
                isNeedless: verdict.ending == .needless
            )
            write(.messageDelivered(delivered), now)
            leave(id, message, now: now)
        case .retry(let atLeast, let reason):
            // Whatever kept it before the first attempt took none of its patience.
            let isFirst = message.attempts == 0
            var patient = content
            patient.at = isFirst ? now : message.since
            let wait = RetryPace.wait(
                afterAttempt: Int(report.attempt),
                message: patient,
                atLeast: atLeast,
                now: now
            )
            guard let wait else {
                return give(up: id, message, report, "\(reason); tried for a day", now: now)
            }
            write(
                .messageFailed(
                    MessageFailed(
                        job: message.job,
                        message: id,
                        report: report,
                        reason: reason,
                        retryAt: now + wait,
                        beginsPatience: isFirst
                    )
                ),
                now
            )
            timetable.set(.message(id), at: now + wait)
        case .dead(let reason): give(up: id, message, report, reason, now: now)
        case .broken(let reason): give(up: id, message, report, reason, isBroken: true, now: now)
        }
    }

    private mutating func give(
        up id: MessageID,
        _ message: PendingMessage,
        _ report: MessageReport,
        _ reason: String,
        isBroken: Bool = false,
        now: Timestamp
    ) {
        write(
            .messageDead(
                MessageDead(
                    job: message.job,
                    message: id,
                    report: report,
                    reason: reason,
                    isBroken: isBroken
                )
            ),
            now
        )
        leave(id, message, now: now)
    }

    /// Out of its line, and those that went with it out of theirs; whoever is next may be sent.
    private mutating func leave(_ id: MessageID, _ message: PendingMessage, now: Timestamp) {
        for id in [id] + message.members {
            if let next = outbox.remove(id) { standFirst(next, now: now) }
        }
    }
}

extension Deadlines {
    /// For calls of our own that nobody waits for long.
    static let short = Deadlines(
        name: .seconds(5),
        connect: .seconds(5),
        firstByte: .seconds(10),
        total: .seconds(15)
    )
    /// For those that matter more than they hurry: to channels, and for calendars.
    static let long = Deadlines(
        name: .seconds(10),
        connect: .seconds(10),
        firstByte: .seconds(20),
        total: .seconds(30)
    )
}
