internal import Domain
internal import Integrations

/// The destinations of alerts in a simulated world. They differ in what they are told by: one takes our own
/// webhooks with an idempotency key, the other PagerDuty's events with a key for each alert.
enum SimulatedChannels {
    /// By name.
    static let all: Result<[String: ChannelSettings], ChannelSettingsError> = .init {
        () throws(ChannelSettingsError) in
        [
            "hook": try .read(
                .object([
                    .init("kind", .string("webhook")),
                    .init("url", .string("http://hook.example/alerts")),
                    .init("secrets", .array([.string("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")])),
                ])
            ),
            "duty": try .read(
                .object([
                    .init("kind", .string("pagerduty")),
                    .init("key", .string("0123456789abcdef0123456789abcdef")),
                    .init("base_url", .string("http://duty.example")),
                ])
            ),
        ]
    }

    static let names = ["duty", "hook"]
    static let hosts = ["duty.example", "hook.example"]

    /// The channel behind a host; nil for the targets of jobs.
    static func name(of host: String) -> String? {
        switch host {
        case "hook.example": "hook"
        case "duty.example": "duty"
        default: nil
        }
    }
}

/// What one call told a destination, read from its bytes as the destination reads them.
struct ToldMessage: Sendable, Hashable {
    /// By which the destination tells alerts apart.
    var key: String
    /// `open`, `acknowledge`, `resolve` and so on, in our words.
    var kinds: [MessageKind]

    /// nil when the destination could make nothing of it.
    init?(channel: String, body: [UInt8]) {
        guard let json = try? JSONReader.value(of: body) else { return nil }
        if channel == "hook" {
            guard let key = json["data"]?["alert"]?.string, let type = json["type"]?.string else {
                return nil
            }
            self.key = key
            switch type {
            case "alertOpened": kinds = [.open]
            case "alertReminded": kinds = [.remind]
            case "alertAcknowledged": kinds = [.acknowledge]
            case "alertResolved": kinds = [.resolve]
            case "alertTested": kinds = [.test]
            case "succeeded": kinds = [.success]
            default: return nil
            }
        } else {
            guard let key = json["dedup_key"]?.string, let action = json["event_action"]?.string else {
                return nil
            }
            self.key = key
            // A test triggers and resolves, so that nothing stays open.
            switch action {
            case "trigger": kinds = [.open, .remind, .test]
            case "acknowledge": kinds = [.acknowledge]
            case "resolve": kinds = [.resolve, .test]
            default: return nil
            }
        }
    }
}
