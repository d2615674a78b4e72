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
    /// What facts are of: one opening of the alert, which is named by its instant, and one place.
    private var marks: [String: String]
    /// Names of facts that are of something else.
    private var stale: [String] = []
    private static let openingFact = "opening"
    private static let placeFact = "place"

    /// An alert that opens again begins with no facts, whatever is left of its last time; and so does one
    /// that is told elsewhere, where the same number is another's incident.
    package init(_ settings: ChannelSettings, _ message: AlertMessage, from sender: AlertSender) {
        marks = [Self.openingFact: String(message.openedAt.microseconds)]
        if let place = settings.place { marks[Self.placeFact] = stableIdentifier("place", place) }
        var message = message
        let known = message.memory.facts
        // A build that did not note places had one only.
        let place = known[Self.placeFact] ?? marks[Self.placeFact]
        if known[Self.openingFact] == marks[Self.openingFact], place == marks[Self.placeFact] {
            message.memory.facts = known.filter { !$0.value.isEmpty }
        } else {
            message.memory.facts = [:]
            stale = Array(known.keys)
        }
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
        marks = [Self.openingFact: String(message.openedAt.microseconds)]
        conversation = StepCall(said, address, message, sender)
    }

    /// - Parameter now: the time of this attempt.
    package mutating func begin(now: Timestamp) -> Step {
        let step = conversation.begin(now: now)
        // Whoever was not called has not shown that he can be reached.
        if case .end(var verdict) = step, verdict.ending == .delivered {
            verdict.ending = .needless
            return completed(.end(verdict))
        }
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
        if !verdict.remember.isEmpty {
            // What is merged into stale facts must leave none of them standing.
            for fact in stale where verdict.remember[fact] == nil { verdict.remember[fact] = "" }
            verdict.remember.merge(marks) { _, own in own }
        }
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
