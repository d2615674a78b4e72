internal import Domain
internal import Effects

/// An event when the alert opens, and a check-in of the monitor when it opens and when it resolves.
///
/// What Sentry refused is never sent again, and what it limits is dropped: that is the protocol's rule. Only
/// what certainly was not looked at (no answer, or one of a gateway) is repeated, with the same id.
struct SentryConversation: ChannelConversation {
    private enum Item: String {
        case event
        case checkIn = "check_in"

        var categories: [SentryLimits.Category] { self == .event ? [.error, .default] : [.monitor] }
        /// The fact that holds the last message whose item is settled, accepted or not.
        var fact: String { "settled_\(rawValue)" }
    }

    private let settings: SentrySettings
    private let message: AlertMessage
    private let sender: AlertSender
    private var items: [Item]
    private var limits: [String: Timestamp] = [:]
    /// Why an item was given up.
    private var lost: [String] = []
    private(set) var learnt: [String: String] = [:]

    init(_ settings: SentrySettings, _ message: AlertMessage, _ sender: AlertSender) {
        self.settings = settings
        self.message = message
        self.sender = sender
        let wanted: [Item] =
            switch message.kind {
            case .open: [.event, .checkIn]
            case .remind, .test, .step: [.event]
            case .acknowledge, .success: []
            case .resolve: [.checkIn]
            }
        items = wanted.filter { item in
            let isOn =
                item == .event ? settings.sendsEvents || message.kind == .test : settings.monitor != nil
            return isOn && message.memory.facts[item.fact] != message.idempotencyKey
        }
    }

    func judge(now: Timestamp) -> AnswerJudge {
        AnswerJudge(
            counterpart: "Sentry",
            secrets: [settings.dsn.publicKey, settings.dsn.secretKey].compactMap { $0 },
            now: now
        )
    }

    mutating func begin(now: Timestamp) -> ChannelDelivery.Step {
        while let item = items.first {
            let known = message.memory.limits.merging(limits) { max($0, $1) }
            guard let until = SentryLimits.limit(on: item.categories, in: known, now: now) else {
                return .call(request(item, now: now))
            }
            settle(item, lostBecause: "Sentry takes no \(item.rawValue) before \(until.spoken)")
        }
        // A dead letter that a person sends again is to be sent whole; ids keep it from counting twice.
        for item in [Item.event, .checkIn] where (learnt[item.fact] ?? message.memory.facts[item.fact]) != nil
        {
            learnt[item.fact] = ""
        }
        let ending: ChannelVerdict.Ending =
            lost.isEmpty ? .delivered : .dead(reason: lost.joined(separator: "; "))
        return .end(ChannelVerdict(ending, limits: limits))
    }

    mutating func receive(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        guard let item = items.first else { preconditionFailure("no answer comes before a request") }
        limits.merge(SentryLimits.read(answer, now: now)) { max($0, $1) }
        let judge = judge(now: now)
        switch answer.status {
        case 200...299: settle(item, lostBecause: nil)
        case 401, 403, 404:
            var verdict = judge.broken(answer, "copy the project's DSN into the channel again")
            verdict.limits = limits
            return .end(verdict)
        case 502, 503, 504:
            var verdict = judge.other(answer)
            verdict.limits = limits
            return .end(verdict)
        case 429: settle(item, lostBecause: "Sentry answered 429: the \(item.rawValue) was dropped")
        default:
            settle(item, lostBecause: judge.dead(answer).reason)
        }
        return begin(now: now)
    }

    private mutating func settle(_ item: Item, lostBecause reason: String?) {
        items.removeFirst()
        learnt[item.fact] = message.idempotencyKey
        if let reason { lost.append(reason) }
    }

    private func request(_ item: Item, now: Timestamp) -> ChannelRequest {
        let body =
            switch item {
            case .event: SentryEnvelope.event(event, to: settings.dsn, sentAt: now)
            case .checkIn: SentryEnvelope.checkIn(checkIn, to: settings.dsn, sentAt: now)
            }
        return SentryEnvelope.request(body, to: settings.dsn, from: sender)
    }

    private var event: SentryEvent {
        let level: SentryEvent.Level =
            switch (message.kind, message.severity) {
            case (.test, _), (_, .info): .info
            case (_, .warning): .warning
            case (_, .error): .error
            case (_, .critical): .fatal
            }
        let details = message.details.shortened(linesMax: 100, scalarsMax: 1000).joined(separator: "\n")
        return SentryEvent(
            id: stableIdentifier("event", message.idempotencyKey),
            at: message.at,
            level: level,
            logger: "chronatog.alerts",
            message: details.isEmpty ? message.headline : "\(message.headline)\n\n\(details)",
            tags: [
                .init("alert", .string(OneLine.of(message.key).shortened(to: 200))),
                .init("job", .string(OneLine.of(message.jobName).shortened(to: 200))),
            ],
            fingerprint: ["chronatog", message.key],
            serverName: sender.host,
            release: "chronatog@\(sender.version)",
            environment: settings.environment
        )
    }

    private var checkIn: SentryCheckIn {
        SentryCheckIn(
            id: stableIdentifier("check-in", message.idempotencyKey),
            monitor: settings.monitor ?? "",
            status: message.kind == .resolve ? .ok : .error,
            environment: settings.environment,
            schedule: message.schedule
        )
    }
}
