internal import Domain
internal import Effects

/// The body of an alert's webhook: `{type, timestamp, data}`, as Standard Webhooks recommends.
enum WebhookBody {
    /// Receivers may refuse more than 20 kB.
    static let bytesMax = 20_000

    static func json(_ message: AlertMessage) -> JSON {
        var linesMax = 100
        while true {
            let body = json(message, message.details.shortened(linesMax: linesMax, scalarsMax: 1000))
            if body.text.utf8.count <= bytesMax || linesMax == 0 { return body }
            linesMax /= 2
        }
    }

    private static func json(_ message: AlertMessage, _ lines: [String]) -> JSON {
        .object([
            .init("type", .string(type(message.kind))),
            .init("timestamp", .string(message.at.rfc3339)),
            .init(
                "data",
                .compact([
                    ("alert", .string(message.key)),
                    ("severity", .string(message.severity.word)),
                    ("title", .string(OneLine.of(message.title).shortened(to: 1000))),
                    ("details", .array(lines.map { .string($0) })),
                    ("job", message.job.map { .number(Int64($0.number)) }),
                    ("job_name", .string(message.jobName.shortened(to: 500))),
                    ("opened_at", message.kind == .success ? nil : .string(message.openedAt.rfc3339)),
                    ("link", message.link.map { .string($0) }),
                    ("acknowledge_link", message.acknowledgeLink.map { .string($0) }),
                    ("seq", .number(Int64(clamping: message.sequence.value))),
                ])
            ),
        ])
    }

    private static func type(_ kind: AlertMessage.Kind) -> String {
        switch kind {
        case .open: "alertOpened"
        case .remind: "alertReminded"
        case .acknowledge: "alertAcknowledged"
        case .resolve: "alertResolved"
        case .test: "alertTested"
        case .step: "step"
        case .success: "succeeded"
        }
    }
}

struct WebhookConversation: ChannelConversation {
    private let settings: WebhookSettings
    private let message: AlertMessage
    private let sender: AlertSender

    init(_ settings: WebhookSettings, _ message: AlertMessage, _ sender: AlertSender) {
        self.settings = settings
        self.message = message
        self.sender = sender
    }

    func judge(now: Timestamp) -> AnswerJudge {
        AnswerJudge(counterpart: "the webhook's receiver", secrets: settings.allSecrets, now: now)
    }

    mutating func begin(now: Timestamp) -> ChannelDelivery.Step {
        let body = WebhookBody.json(message)
        let signatures = signatures(Array(body.text.utf8), at: now.seconds)
        guard !signatures.isEmpty else {
            return .end(ChannelVerdict(.broken(reason: "there is no key to sign the webhook with")))
        }
        var headers = [
            ChannelRequest.Header("webhook-id", message.idempotencyKey),
            ChannelRequest.Header("webhook-timestamp", "\(now.seconds)"),
            ChannelRequest.Header("webhook-signature", signatures.joined(separator: " ")),
            ChannelRequest.Header("Idempotency-Key", message.idempotencyKey),
        ]
        headers += settings.url.basicCredentials.map { [ChannelRequest.Header("Authorization", $0)] } ?? []
        var request = ChannelRequest.json("POST", settings.url, body, sender: sender, headers: headers)
        // The channel's own headers take the place of ours.
        let named = Set(settings.headers.map { $0.name.lowercased() })
        request.headers.removeAll { named.contains($0.name.lowercased()) }
        request.headers += settings.headers
        return .call(request)
    }

    /// One signature a key; the receiver is content with any.
    private func signatures(_ body: [UInt8], at seconds: Int64) -> [String] {
        let shared = settings.secrets.compactMap { WebhookSettings.key(of: $0) }.map {
            WebhookSignature.sign(id: message.idempotencyKey, timestamp: seconds, body: body, key: $0)
        }
        guard settings.usesEd25519 else { return shared }
        return shared
            + sender.signingSeeds.map { $0.sign(id: message.idempotencyKey, timestamp: seconds, body: body) }
    }

    mutating func receive(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        switch answer.status {
        case 200...299: .end(ChannelVerdict(.delivered))
        case 410: .end(judge(now: now).broken(answer, "the receiver wants no more messages"))
        default: .end(judge(now: now).other(answer))
        }
    }
}
