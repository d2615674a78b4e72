internal import Domain
internal import Effects

/// The body of an HTTP trigger: what a form's trigger takes, which a custom trigger can read as well.
enum XMattersTrigger {
    static func body(_ message: AlertMessage, _ settings: XMattersSettings, requestID: String?) -> JSON {
        let lines = message.details.shortened(linesMax: 50, scalarsMax: 500)
        return .compact([
            (
                "properties",
                .compact([
                    ("title", .string(message.headline.shortened(to: 2000))),
                    ("message", .string(lines.joined(separator: "\n").shortened(to: 20_000))),
                    ("kind", .string(message.kind.word)),
                    ("severity", .string(message.severity.word)),
                    ("alert", .string(message.key)),
                    ("job", message.job.map { .number(Int64($0.number)) }),
                    ("job_name", .string(message.jobName)),
                    ("opened_at", .string(message.openedAt.rfc3339)),
                    ("link", message.link.map { .string($0) }),
                    ("acknowledge_link", message.acknowledgeLink.map { .string($0) }),
                    // By this a workflow finds the event that it made when the alert opened.
                    ("open_request_id", requestID.map { .string($0) }),
                    ("message_id", .string(message.idempotencyKey)),
                ])
            ),
            (
                "recipients",
                settings.recipients.isEmpty
                    ? nil
                    : .array(settings.recipients.map { .object([.init("targetName", .string($0))]) })
            ),
            ("priority", .string(priority(message))),
        ])
    }

    private static func priority(_ message: AlertMessage) -> String {
        switch (message.kind, message.severity) {
        case (.resolve, _), (.acknowledge, _), (.test, _), (.success, _), (_, .info): "LOW"
        case (_, .warning): "MEDIUM"
        case (_, .error), (_, .critical): "HIGH"
        }
    }
}

struct XMattersConversation: ChannelConversation {
    private let settings: XMattersSettings
    private let message: AlertMessage
    private let sender: AlertSender
    private(set) var learnt: [String: String] = [:]

    /// The request id of the message that opened the alert.
    private static let requestFact = AlertReference.requestID.rawValue

    init(_ settings: XMattersSettings, _ message: AlertMessage, _ sender: AlertSender) {
        self.settings = settings
        self.message = message
        self.sender = sender
    }

    func judge(now: Timestamp) -> AnswerJudge {
        AnswerJudge(counterpart: "xMatters", secrets: settings.allSecrets, now: now)
    }

    mutating func begin(now: Timestamp) -> ChannelDelivery.Step {
        let credentials = settings.bearer.map { "Bearer \($0)" } ?? settings.url.basicCredentials
        return .call(
            .json(
                "POST",
                settings.url,
                XMattersTrigger.body(message, settings, requestID: message.memory.facts[Self.requestFact]),
                sender: sender,
                headers: credentials.map { [ChannelRequest.Header("Authorization", $0)] } ?? []
            )
        )
    }

    mutating func receive(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        switch answer.status {
        case 200, 202:
            let json = try? JSONReader.value(of: answer.body)
            if message.kind == .open, let id = json?["requestId"]?.string, !id.isEmpty, id.utf8.count <= 100 {
                learnt[Self.requestFact] = id
            }
            return .end(ChannelVerdict(.delivered))
        case 401, 403, 404:
            let remedy = "copy the URL of the workflow's HTTP trigger into the channel again"
            return .end(judge(now: now).broken(answer, remedy))
        default: return .end(judge(now: now).other(answer))
        }
    }
}
