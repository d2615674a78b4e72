internal import Domain
internal import Effects

/// A Slack incoming webhook, or one of a server that speaks the same (Mattermost, Rocket.Chat).
package struct SlackSettings: KindSettings {
    /// The URL is the credential.
    package var url: WebAddress

    static func read(_ reader: inout SettingsReader) -> SlackSettings? {
        guard let url = reader.address("url") else { return nil }
        if let fault = fault(in: url) { reader.fault("url", fault) }
        return SlackSettings(url: url)
    }

    private static func fault(in url: WebAddress) -> String? {
        let parts = url.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard url.origin.host == "slack.com" || url.origin.host.hasSuffix(".slack.com") else {
            return url.path == "/" ? "has no path: the path of an incoming webhook is its key" : nil
        }
        let isWebhook =
            parts.count == 4 && parts.first == "services"
            && zip(parts.dropFirst(), ["T", "B", ""]).allSatisfy { part, letter in
                !part.isEmpty && part.hasPrefix(letter)
                    && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
            }
        guard url.origin.isTLS, url.origin.host.hasPrefix("hooks."), isWebhook else {
            return
                "is not of the shape https://hooks.slack.com/services/T…/B…/…: copy the Webhook URL of the "
                + "Slack app"
        }
        return nil
    }

    var fields: [SettingsField] { [SettingsField("url", .secretAddress(url))] }

    var origin: Origin { url.origin }

    var summary: String { "Slack at \(url.masked)" }
}
