internal import Domain

/// The letter (RFC 5322) that tells of an alert.
enum EmailLetter {
    /// The same over all attempts, so that a letter that arrives twice is known for one.
    static func messageID(_ message: AlertMessage, _ sender: AlertSender) -> String {
        let isAtom = message.idempotencyKey.utf8.allSatisfy { Mailbox.isAtomText($0) }
        let left =
            isAtom && !message.idempotencyKey.isEmpty
            ? message.idempotencyKey : stableIdentifier("letter", message.idempotencyKey)
        let right = HostName.isPlausible(sender.host) ? sender.host : "chronatog.invalid"
        return "<\(left)@\(right)>"
    }

    /// - Parameters:
    ///   - thread: ids of the letters before this one about the same alert, the first and the latest.
    static func text(
        _ message: AlertMessage,
        _ settings: EmailSettings,
        _ sender: AlertSender,
        thread: [String]
    ) -> String {
        let body = BodyText.encode(lines(message, sender))
        var head = HeaderText.field("Date", message.at.rfc5322)
        head += HeaderText.field("From", HeaderText.mailbox(settings.from))
        head += HeaderText.field("To", settings.to.map { HeaderText.mailbox($0) }.joined(separator: ", "))
        head += HeaderText.field("Subject", HeaderText.unstructured(subject(message)))
        head += HeaderText.field("Message-ID", messageID(message, sender))
        if let last = thread.last {
            head += HeaderText.field("In-Reply-To", last)
            head += HeaderText.field("References", thread.joined(separator: " "))
        }
        // RFC 3834: no vacation notices, please.
        head += HeaderText.field("Auto-Submitted", "auto-generated")
        if message.severity >= .error, message.kind == .open || message.kind == .remind {
            head += HeaderText.field("Importance", "high")
        }
        head += HeaderText.field("X-Chronatog-Alert", HeaderText.unstructured(message.key.shortened(to: 200)))
        head += HeaderText.field("MIME-Version", "1.0")
        head += HeaderText.field("Content-Type", "text/plain; charset=utf-8")
        head += HeaderText.field("Content-Transfer-Encoding", body.encoding)
        return head + "\r\n" + body.text
    }

    private static func subject(_ message: AlertMessage) -> String {
        let sign = message.kind == .open || message.kind == .remind ? "[\(message.severity.word)] " : ""
        return sign + message.headline.shortened(to: 200)
    }

    private static func lines(_ message: AlertMessage, _ sender: AlertSender) -> [String] {
        var lines = [message.headline]
        let details = message.details.shortened(linesMax: 200, scalarsMax: 2000)
        if !details.isEmpty { lines += [""] + details.flatMap { onLines($0) } }
        lines += ["", "Job: \(OneLine.of(message.jobName))"]
        if message.kind != .success { lines.append("Open since: \(message.openedAt.spoken)") }
        if let link = message.acknowledgeLink, message.kind == .open || message.kind == .remind {
            lines.append("Acknowledge: \(link)")
        }
        return lines + ["", "-- ", "Chronatog at \(sender.host)"]
    }

    /// A detail may be a piece of an answer's body, with line ends of its own.
    private static func onLines(_ detail: String) -> [String] {
        detail.split(omittingEmptySubsequences: false) { $0.isNewline }.map { OneLine.of(String($0)) }
    }
}
