import Domain
import Integrations

extension Configuration.Alerts {
    /// What one channel is made of: its kind, and the flags with the field that each stands for.
    private struct Form {
        var kind: ChannelKind
        /// The flag without which there is no such channel comes first.
        var fields: [(flag: String, field: String, value: JSON?)]

        var isGiven: Bool { fields.first?.value != nil }
    }

    private var forms: [Form] {
        [
            Form(
                kind: .pagerDuty,
                fields: [
                    ("pagerduty-key", "key", pagerDutyKey?.json),
                    ("pagerduty-url", "base_url", pagerDutyURL.map { .string($0) }),
                ]
            ),
            Form(kind: .slack, fields: [("slack-url", "url", slackURL?.json)]),
            Form(
                kind: .cachet,
                fields: [
                    ("cachet-url", "url", cachetURL?.json), ("cachet-token", "token", cachetToken?.json),
                    ("cachet-component", "component", cachetComponent.map(Self.numberOrName)),
                    ("cachet-version", "version", cachetVersion == 2 ? nil : .number(Int64(cachetVersion))),
                ]
            ),
            Form(kind: .xMatters, fields: [("xmatters-url", "url", xMattersURL?.json)]),
            Form(kind: .sentry, fields: [("sentry-dsn", "dsn", sentryDSN?.json)]),
            Form(
                kind: .webhook,
                fields: [
                    ("webhook-url", "url", webhookURL?.json),
                    ("webhook-secret", "secrets", webhookSecret?.json),
                ]
            ),
        ]
    }

    /// The channels by name, and everything that is wrong with any of them, in the words of its flags.
    func channels() -> (channels: [String: ChannelSettings], faults: [String]) {
        var channels: [String: ChannelSettings] = [:]
        var faults: [String] = []
        for form in forms {
            guard form.isGiven else {
                let first = form.fields.first?.flag ?? ""
                faults += form.fields.dropFirst().filter { $0.value != nil }.map {
                    "--\($0.flag) needs --\(first)"
                }
                continue
            }
            if form.kind == .webhook, webhookSecret == nil {
                faults.append("--webhook-url needs --webhook-secret: nothing would be signed without it")
                continue
            }
            let members = form.fields.compactMap { field in
                field.value.map { JSON.Member(field.field, $0) }
            }
            let json = JSON.object([JSON.Member("kind", .string(form.kind.rawValue))] + members)
            do throws(ChannelSettingsError) {
                channels[form.kind.rawValue] = try ChannelSettings.read(json)
            } catch {
                faults += error.faults.map { fault in
                    let flag = form.fields.first { $0.field == fault.field }?.flag
                    return "\(flag.map { "--\($0)" } ?? fault.field) \(fault.predicate)"
                }
            }
        }
        return (channels, faults)
    }

    /// Cachet's components go by number or by name.
    private static func numberOrName(_ text: String) -> JSON {
        Int64(text).map { .number($0) } ?? .string(text)
    }
}

extension Secret {
    fileprivate var json: JSON { .string(value) }
}
