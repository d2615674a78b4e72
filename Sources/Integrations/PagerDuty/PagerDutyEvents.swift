internal import Domain
internal import Effects

/// The bodies of PagerDuty's Events APIs: v2 (`/v2/enqueue`) and v1
/// (`/generic/2010-04-15/create_event.json`).
enum PagerDutyEvents {
    static let summaryScalarsMax = 1024
    static let keyBytesMax = 255
    static let bodyBytesMax = 512 * 1024

    enum Action: String {
        case trigger
        case acknowledge
        case resolve
    }

    /// The event, with as many lines of detail as fit into what PagerDuty takes.
    static func body(
        _ action: Action,
        key: String,
        _ message: AlertMessage,
        _ settings: PagerDutySettings,
        _ sender: AlertSender
    ) -> JSON {
        var linesMax = 256
        while true {
            let lines = message.details.shortened(linesMax: linesMax, scalarsMax: 2000)
            let event =
                settings.version == .v2
                ? v2(action, key: key, message, lines, settings, sender)
                : v1(action, key: key, message, lines, settings)
            if event.text.utf8.count <= bodyBytesMax || linesMax == 0 { return event }
            linesMax /= 2
        }
    }

    private static func v2(
        _ action: Action,
        key: String,
        _ message: AlertMessage,
        _ lines: [String],
        _ settings: PagerDutySettings,
        _ sender: AlertSender
    ) -> JSON {
        let isTrigger = action == .trigger
        return .compact([
            ("routing_key", .string(settings.key)),
            ("event_action", .string(action.rawValue)),
            ("dedup_key", .string(key)),
            ("client", isTrigger ? .string("Chronatog") : nil),
            ("links", isTrigger ? links(message) { [.init("href", $0), .init("text", $1)] } : nil),
            ("payload", isTrigger ? payload(message, lines, sender) : nil),
        ])
    }

    private static func payload(_ message: AlertMessage, _ lines: [String], _ sender: AlertSender) -> JSON {
        .compact([
            ("summary", .string(message.headline.shortened(to: summaryScalarsMax))),
            ("source", .string(sender.host)),
            ("severity", .string(message.severity.word)),
            ("timestamp", .string(message.at.rfc3339)),
            ("component", .string(OneLine.of(message.jobName).shortened(to: summaryScalarsMax))),
            ("custom_details", details(message, lines)),
        ])
    }

    private static func v1(
        _ action: Action,
        key: String,
        _ message: AlertMessage,
        _ lines: [String],
        _ settings: PagerDutySettings
    ) -> JSON {
        let isTrigger = action == .trigger
        return .compact([
            ("service_key", .string(settings.key)),
            ("event_type", .string(action.rawValue)),
            ("incident_key", .string(key)),
            ("description", .string(message.headline.shortened(to: summaryScalarsMax))),
            ("details", details(message, lines)),
            ("client", isTrigger ? .string("Chronatog") : nil),
            (
                "contexts",
                isTrigger
                    ? links(message) {
                        [.init("type", .string("link")), .init("href", $0), .init("text", $1)]
                    }
                    : nil
            ),
        ])
    }

    private static func details(_ message: AlertMessage, _ lines: [String]) -> JSON {
        .compact([
            ("alert", .string(message.key)),
            ("job", message.job.map { .number(Int64($0.number)) }),
            ("job_name", .string(message.jobName)),
            ("opened_at", .string(message.openedAt.rfc3339)),
            ("details", lines.isEmpty ? nil : .string(lines.joined(separator: "\n"))),
        ])
    }

    private static func links(_ message: AlertMessage, _ link: (JSON, JSON) -> [JSON.Member]) -> JSON? {
        message.acknowledgeLink.map { .array([.object(link(.string($0), .string("Acknowledge")))]) }
    }
}

/// Trigger, acknowledge or resolve; a test triggers and resolves at once, so that nothing stays open.
struct PagerDutyConversation: ChannelConversation {
    private let settings: PagerDutySettings
    private let message: AlertMessage
    private let sender: AlertSender
    private var actions: [PagerDutyEvents.Action]
    private(set) var learnt: [String: String] = [:]

    private static let keyFact = AlertReference.dedupKey.rawValue
    /// PagerDuty advises 30 s between attempts, and minutes once it has limited somebody.
    private static let patience = Span.seconds(30)

    init(_ settings: PagerDutySettings, _ message: AlertMessage, _ sender: AlertSender) {
        self.settings = settings
        self.message = message
        self.sender = sender
        actions =
            switch message.kind {
            case .open, .remind: [.trigger]
            case .acknowledge: [.acknowledge]
            case .resolve: [.resolve]
            case .test: [.trigger, .resolve]
            case .step: [message.said?["action"].flatMap { .init(rawValue: $0) } ?? .trigger]
            case .success: []
            }
    }

    func judge(now: Timestamp) -> AnswerJudge {
        AnswerJudge(
            counterpart: "PagerDuty",
            secrets: settings.allSecrets,
            now: now,
            restAfter429: settings.version == .v1 ? Self.patience : .seconds(120)
        )
    }

    mutating func begin(now: Timestamp) -> ChannelDelivery.Step {
        guard let action = actions.first else { return .end(ChannelVerdict(.delivered)) }
        let path =
            settings.version == .v2 ? "v2/enqueue" : "generic/2010-04-15/create_event.json"
        let body =
            message.said.map { PagerDutyEvents.body(action, $0, message, settings, sender) }
            ?? PagerDutyEvents.body(action, key: key, message, settings, sender)
        return .call(.json("POST", settings.base.appending(path), body, sender: sender))
    }

    /// PagerDuty's key for the alert: ours, unless it answered with another.
    private var key: String {
        if message.kind == .test { return "chronatog-test-\(message.idempotencyKey)" }
        if let said = message.said?["key"] { return said.shortenedKey(to: PagerDutyEvents.keyBytesMax) }
        return message.memory.facts[Self.keyFact] ?? message.key.shortenedKey(to: PagerDutyEvents.keyBytesMax)
    }

    mutating func receive(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        let judge = judge(now: now)
        switch (answer.status, settings.version) {
        case (200, _), (202, .v2):
            noteKey(of: answer)
            actions.removeFirst()
            return begin(now: now)
        case (400, _): return .end(refusal(answer, judge))
        case (403, .v1): return .end(judge.limited(answer))
        case (401, _), (403, .v2), (404, _):
            return .end(judge.broken(answer, "check the channel's key and base_url"))
        default:
            var verdict = judge.other(answer)
            if case .retry(let atLeast, let reason) = verdict.ending {
                verdict.ending = .retry(atLeast: max(atLeast, Self.patience), reason: reason)
            }
            return .end(verdict)
        }
    }

    private mutating func noteKey(of answer: Answer) {
        let json = try? JSONReader.value(of: answer.body)
        let theirs = (json?["dedup_key"] ?? json?["incident_key"])?.string
        if let theirs, message.kind != .test, message.said == nil { learnt[Self.keyFact] = theirs }
    }

    /// `{"status":"invalid event","message":…,"errors":[…]}`: the event is not to be sent again. A complaint
    /// about the key concerns all events.
    private func refusal(_ answer: Answer, _ judge: AnswerJudge) -> ChannelVerdict {
        let json = try? JSONReader.value(of: answer.body)
        let errors = json?["errors"]?.array?.compactMap(\.string) ?? []
        if errors.contains(where: { $0.contains("routing_key") || $0.contains("service_key") }) {
            return judge.broken(answer, "PagerDuty does not know the channel's key")
        }
        let words = ([json?["message"]?.string].compactMap { $0 } + errors).joined(separator: "; ")
        return judge.dead(answer, words.isEmpty ? nil : words)
    }
}
