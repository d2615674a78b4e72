package import Domain
package import Effects

/// One attempt to hand one message to one channel: a machine without I/O that says what to send next, and
/// after the last answer what became of the message.
///
/// Every attempt starts anew with `begin`; what an earlier one had reached is in the message's memory, so a
/// repetition does not do twice what the counterpart would show twice.
package struct ChannelDelivery: Sendable {
    package enum Step: Sendable, Hashable {
        case call(ChannelRequest)
        /// `Mail.id` and its deadlines are the caller's to set.
        case mail(Mail)
        case end(ChannelVerdict)
    }

    private var conversation: any ChannelConversation
    /// Facts are of one opening of the alert, which is named by its instant.
    private let opening: String
    private static let openingFact = "opening"

    /// An alert that opens again begins with no facts, whatever is left of its last time.
    package init(_ settings: ChannelSettings, _ message: AlertMessage, from sender: AlertSender) {
        opening = String(message.openedAt.microseconds)
        var message = message
        if message.memory.facts[Self.openingFact] != opening { message.memory.facts = [:] }
        conversation =
            switch settings {
            case .pagerDuty(let own): PagerDutyConversation(own, message, sender)
            case .slack(let own): SlackConversation(own, message, sender)
            case .cachet(let own): CachetConversation(own, message, sender)
            case .xMatters(let own): XMattersConversation(own, message, sender)
            case .sentry(let own): SentryConversation(own, message, sender)
            case .email(let own): EmailConversation(own, message, sender)
            case .webhook(let own): WebhookConversation(own, message, sender)
            }
    }

    /// A step that calls a URL of its own needs no channel.
    package init(
        _ said: StepMessage,
        to address: WebAddress,
        _ message: AlertMessage,
        from sender: AlertSender
    ) {
        opening = String(message.openedAt.microseconds)
        conversation = StepCall(said, address, message, sender)
    }

    /// - Parameter now: the time of this attempt.
    package mutating func begin(now: Timestamp) -> Step {
        let step = conversation.begin(now: now)
        return completed(step)
    }

    /// What became of the call that the last step asked for.
    package mutating func receive(_ result: Outcome.Result, now: Timestamp) -> Step {
        let step: Step =
            switch result {
            case .answered(let answer): conversation.receive(answer, now: now)
            case .failed(let failure): .end(conversation.judge(now: now).failed(failure))
            }
        return completed(step)
    }

    /// What became of the mail that the last step asked for.
    package mutating func receive(_ result: MailOutcome.Result, now: Timestamp) -> Step {
        let step: Step =
            switch result {
            case .answered(let answer): conversation.receive(answer, now: now)
            case .failed(let failure): .end(conversation.judge(now: now).failed(failure))
            }
        return completed(step)
    }

    /// What was learnt on the way is remembered however it ends.
    private func completed(_ step: Step) -> Step {
        guard case .end(var verdict) = step else { return step }
        verdict.remember.merge(conversation.learnt) { own, _ in own }
        if !verdict.remember.isEmpty { verdict.remember[Self.openingFact] = opening }
        return .end(verdict)
    }
}

/// One counterpart's side of `ChannelDelivery`.
protocol ChannelConversation: Sendable {
    /// Facts to remember, gathered so far.
    var learnt: [String: String] { get }
    func judge(now: Timestamp) -> AnswerJudge
    mutating func begin(now: Timestamp) -> ChannelDelivery.Step
    mutating func receive(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step
    mutating func receive(_ answer: MailAnswer, now: Timestamp) -> ChannelDelivery.Step
}

extension ChannelConversation {
    var learnt: [String: String] { [:] }

    mutating func receive(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        preconditionFailure("this channel sends no HTTP requests, so it gets no HTTP answers")
    }

    mutating func receive(_ answer: MailAnswer, now: Timestamp) -> ChannelDelivery.Step {
        preconditionFailure("only the e-mail channel sends mail")
    }
}
