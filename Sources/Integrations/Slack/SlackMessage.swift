internal import Domain
internal import Effects

/// The text of Slack's incoming webhooks (mrkdwn).
enum SlackMessage {
    /// Slack takes 40,000 characters, but nobody reads them.
    static let textScalarsMax = 3000

    static func body(_ message: AlertMessage) -> JSON {
        let said = message.said?["text"]?.shortened(to: textScalarsMax)
        return .object([
            .init("text", .string(said ?? text(message))),
            .init("unfurl_links", .bool(false)),
            .init("unfurl_media", .bool(false)),
        ])
    }

    /// Exactly three characters are escaped, the ampersand first, so that no inserted text can mention
    /// anybody or make a link.
    static func escape(_ text: String) -> String {
        var out = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }

    /// The headline in bold, as many details as there is room for, and the links, which always fit.
    private static func text(_ message: AlertMessage) -> String {
        let headline = escape(message.headline.shortened(to: 500))
        // An asterisk inside would end the bold.
        let bold = headline.contains("*") ? headline : "*\(headline)*"
        let first = "\(sign(message)) \(bold)"
        let last = footer(message)
        var room = textScalarsMax - first.unicodeScalars.count - last.unicodeScalars.count - 2
        var lines: [String] = []
        for (index, detail) in message.details.enumerated() {
            let line = escape(detail.shortened(to: 500))
            guard line.unicodeScalars.count + 30 <= room else {
                lines.append("… \(message.details.count - index) more lines")
                break
            }
            room -= line.unicodeScalars.count + 1
            lines.append(line)
        }
        return ([first] + lines + [last]).joined(separator: "\n")
    }

    private static func sign(_ message: AlertMessage) -> String {
        switch (message.kind, message.severity) {
        case (.resolve, _), (.success, _): ":white_check_mark:"
        case (.acknowledge, _): ":eyes:"
        case (.test, _), (_, .info): ":information_source:"
        case (_, .warning): ":warning:"
        case (_, .error): ":x:"
        case (_, .critical): ":rotating_light:"
        }
    }

    private static func footer(_ message: AlertMessage) -> String {
        var parts = [escape(OneLine.of(message.jobName).shortened(to: 200))]
        switch message.kind {
        case .open, .test, .step, .success: break
        case .remind, .acknowledge, .resolve: parts.append("open since \(message.openedAt.spoken)")
        }
        if let acknowledge = message.acknowledgeLink, message.kind == .open || message.kind == .remind {
            parts.append("<\(link(acknowledge))|Acknowledge>")
        }
        return parts.joined(separator: " · ")
    }

    /// Within `<…|…>` a bar would end the address.
    private static func link(_ text: String) -> String {
        escape(text).split(separator: "|", omittingEmptySubsequences: false).joined(separator: "%7C")
    }
}

struct SlackConversation: ChannelConversation {
    private let settings: SlackSettings
    private let message: AlertMessage
    private let sender: AlertSender

    /// Codes that say that the webhook itself is gone or shut, whatever the status.
    private static let brokenCodes: Set<String> = [
        "invalid_token", "no_service", "no_service_id", "no_team", "team_disabled", "no_active_hooks",
        "channel_not_found", "channel_is_archived", "action_prohibited", "posting_to_general_channel_denied",
        "user_not_found",
    ]

    init(_ settings: SlackSettings, _ message: AlertMessage, _ sender: AlertSender) {
        self.settings = settings
        self.message = message
        self.sender = sender
    }

    func judge(now: Timestamp) -> AnswerJudge {
        // A webhook takes about a message a second.
        AnswerJudge(counterpart: "Slack", secrets: settings.allSecrets, now: now, restAfter429: .seconds(30))
    }

    mutating func begin(now: Timestamp) -> ChannelDelivery.Step {
        let credentials = settings.url.basicCredentials.map { [ChannelRequest.Header("Authorization", $0)] }
        return .call(
            .json(
                "POST",
                settings.url,
                SlackMessage.body(message),
                sender: sender,
                headers: credentials ?? []
            )
        )
    }

    mutating func receive(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        let judge = judge(now: now)
        let code = String(decoding: answer.body.prefix(200), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        switch answer.status {
        case 200 where code == "ok": return .end(ChannelVerdict(.delivered))
        case 429: return .end(judge.limited(answer))
        case 401, 403, 404, 410,
            _ where Self.brokenCodes.contains(code):
            return .end(judge.broken(answer, "make a new incoming webhook and give its URL to the channel"))
        // Slack would answer the same for ever.
        case 500 where code == "rollup_error": return .end(judge.dead(answer))
        default: return .end(judge.other(answer))
        }
    }
}
