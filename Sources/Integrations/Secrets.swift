internal import Effects

/// Blanks secrets out of text that people or logs get to see.
enum Secrets {
    static let mask = "***"
    /// Shorter ones would blank out half a sentence and protect nothing.
    private static let bytesMin = 4

    static func hide(_ secrets: [String], in text: String) -> String {
        // Longest first, so that a part of a secret does not spoil the match of the whole.
        secrets.filter { $0.utf8.count >= bytesMin }.sorted { $0.utf8.count > $1.utf8.count }
            .reduce(text) { text, secret in
                text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: mask)
            }
    }
}

extension ChannelSettings {
    /// A step as people may see it, without sending it: `alert test --show-payload`.
    package func shown(_ step: ChannelDelivery.Step) -> String {
        switch step {
        case .call(let request): Secrets.hide(secrets, in: request.text)
        case .mail(let mail):
            Secrets.hide(
                secrets,
                in: "mail to \(mail.recipients.joined(separator: ", ")) by \(mail.server.host) port "
                    + "\(mail.server.port)\n\n\(String(decoding: mail.message, as: UTF8.self))"
            )
        case .end(let verdict): verdict.reason ?? "there is nothing to send"
        }
    }
}
