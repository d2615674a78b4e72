internal import Domain
internal import Effects

/// One letter to all recipients; a later attempt goes only to those that have not been served yet.
struct EmailConversation: ChannelConversation {
    private let settings: EmailSettings
    private let message: AlertMessage
    private let sender: AlertSender
    private(set) var learnt: [String: String] = [:]

    private static let firstFact = AlertReference.messageID.rawValue
    private static let lastFact = "last_message_id"
    /// The message's key and the recipients that have been served, blanks between.
    private static let servedFact = "served"

    /// What the caller leaves or replaces.
    private static let deadlines = Deadlines(
        name: .seconds(10),
        connect: .seconds(10),
        firstByte: .seconds(60),
        total: .seconds(120)
    )

    init(_ settings: EmailSettings, _ message: AlertMessage, _ sender: AlertSender) {
        self.settings = settings
        self.message = message
        self.sender = sender
    }

    func judge(now: Timestamp) -> AnswerJudge {
        AnswerJudge(counterpart: place, secrets: settings.allSecrets, now: now)
    }

    private var place: String { "the mail server \(settings.server.host)" }

    private var served: [String] {
        let words = (message.memory.facts[Self.servedFact] ?? "").split(separator: " ").map { String($0) }
        return words.first == message.idempotencyKey ? Array(words.dropFirst()) : []
    }

    private var recipients: [String] {
        let served = Set(served)
        return settings.to.map(\.address).filter { !served.contains($0) }
    }

    mutating func begin(now: Timestamp) -> ChannelDelivery.Step {
        guard !recipients.isEmpty else { return .end(ChannelVerdict(.delivered)) }
        var thread = [Self.firstFact, Self.lastFact].compactMap { message.memory.facts[$0] }
        if thread.first == thread.last { thread = Array(thread.prefix(1)) }
        // A repetition of the letter that opened the thread is no answer to itself.
        thread.removeAll { $0 == EmailLetter.messageID(message, sender) }
        return .mail(
            Mail(
                id: 0,
                server: settings.server,
                clientName: sender.host,
                sender: settings.from.address,
                recipients: recipients,
                message: Array(EmailLetter.text(message, settings, sender, thread: thread).utf8),
                deadlines: Self.deadlines
            )
        )
    }

    mutating func receive(_ answer: MailAnswer, now: Timestamp) -> ChannelDelivery.Step {
        .end(answer.isAccepted ? accepted(answer, now: now) : refused(answer, now: now))
    }

    private mutating func accepted(_ answer: MailAnswer, now: Timestamp) -> ChannelVerdict {
        let id = EmailLetter.messageID(message, sender)
        if message.memory.facts[Self.firstFact] == nil { learnt[Self.firstFact] = id }
        learnt[Self.lastFact] = id
        guard !answer.refused.isEmpty else { return ChannelVerdict(.delivered) }
        let refused = Set(answer.refused.map(\.recipient))
        let reached = recipients.filter { !refused.contains($0) }
        learnt[Self.servedFact] = ([message.idempotencyKey] + served + reached).joined(separator: " ")
        let judge = judge(now: now)
        let list = answer.refused.map { "\($0.recipient): \($0.code) \(judge.hide($0.text))" }
            .joined(separator: "; ").shortened(to: 500)
        let reason = "\(place) took the letter for \(reached.count) recipients but not for \(list)"
        let isHopeless = answer.refused.allSatisfy { $0.code >= 500 }
        return ChannelVerdict(isHopeless ? .dead(reason: reason) : .retry(atLeast: .zero, reason: reason))
    }

    private func refused(_ answer: MailAnswer, now: Timestamp) -> ChannelVerdict {
        let words = judge(now: now).hide(OneLine.of(answer.text)).shortened(to: 300)
        let reason = "\(place) answered \(answer.code) \(words) (\(when(answer.stage)))"
        switch (answer.code, answer.stage) {
        case (400...499, _): return ChannelVerdict(.retry(atLeast: .zero, reason: reason))
        case (_, .security):
            return ChannelVerdict(.broken(reason: "\(reason): check the channel's security and port"))
        case (_, .login):
            return ChannelVerdict(.broken(reason: "\(reason): check the channel's user and password"))
        default: return ChannelVerdict(.dead(reason: reason))
        }
    }

    private func when(_ stage: MailAnswer.Stage) -> String {
        switch stage {
        case .greeting: "at its greeting"
        case .security: "when asked for TLS"
        case .login: "at the login"
        case .sender: "to the sender's address"
        case .recipients: "to every recipient"
        case .message: "to the letter"
        }
    }
}
