internal import Cron
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
            if parts.first == "services", resemblesSlack(url.origin.host) {
                return "is of a server whose name only resembles Slack's; did you mean hooks.slack.com?"
            }
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

    /// `hooks.slak.com` and `hooks.slack.com.example.org`: the path would give its key away there.
    private static func resemblesSlack(_ host: String) -> Bool {
        let domain = host.split(separator: ".").suffix(2).joined(separator: ".")
        return host.contains("slack.com") || NearestWord.find(domain, in: ["slack.com"]) != nil
    }

    var fields: [SettingsField] { [SettingsField("url", .secretAddress(url))] }

    var origin: Origin { url.origin }

    var summary: String { "Slack at \(url.masked)" }
}
