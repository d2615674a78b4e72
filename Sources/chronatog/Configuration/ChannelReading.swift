import Domain
import Engine
import Integrations

extension Configuration.Alerts {
    /// What one channel is made of: its kind, and the flags with the field that each stands for.
    private struct Form {
        var kind: ChannelKind
        /// The flag without which there is no such channel comes first.
        var fields: [(flag: String, field: String, value: JSON?)]

        var isGiven: Bool { fields.first?.value != nil }

        /// What the API would be given for the same channel.
        func json() throws(ChannelSettingsError) -> JSON {
            var members = [JSON.Member("kind", .string(kind.rawValue))]
            for field in fields {
                guard let value = field.value else { continue }
                if kind == .email, field.field == "server" {
                    do {
                        members += try MailServerURL.fields(value.string ?? "")
                    } catch {
                        throw ChannelSettingsError(faults: [
                            .init(field: "server", predicate: error.predicate)
                        ])
                    }
                } else {
                    members.append(JSON.Member(field.field, value))
                }
            }
            return .object(members)
        }

        /// A field that has no flag of its own is a part of the first one's text.
        func inFirstFlag(_ field: String) -> String {
            fields.first.map { "--\($0.flag): its \(field)" } ?? field
        }
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
            Form(
                kind: .sentry,
                fields: [
                    ("sentry-dsn", "dsn", sentryDSN?.json),
                    ("sentry-monitor", "monitor", sentryMonitor.map { .string($0) }),
                ]
            ),
            Form(
                kind: .webhook,
                fields: [
                    ("webhook-url", "url", webhookURL?.json),
                    ("webhook-secret", "secrets", webhookSecret?.json),
                ]
            ),
            Form(
                kind: .email,
                fields: [
                    ("smtp-url", "server", smtpURL?.json), ("mail-to", "to", mailTo.map(Self.addresses)),
                    ("mail-from", "from", mailFrom.map { .string($0) }),
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
            do throws(ChannelSettingsError) {
                channels[form.kind.rawValue] = try ChannelSettings.read(form.json())
            } catch {
                faults += error.faults.map { fault in
                    let flag = form.fields.first { $0.field == fault.field }?.flag
                    return "\(flag.map { "--\($0)" } ?? form.inFirstFlag(fault.field)) \(fault.predicate)"
                }
            }
        }
        return (channels, faults)
    }

    /// Whom a heartbeat goes to; nil for nobody.
    func heartbeat(userAgent: String) throws(ValueFault) -> HeartbeatSettings? {
        guard let heartbeatURL else { return nil }
        let address: WebAddress
        do {
            address = try WebAddress(heartbeatURL.value)
        } catch {
            throw ValueFault("--heartbeat-url \(error.predicate)")
        }
        let login = address.basicCredentials.map { "Authorization: \($0)\r\n" } ?? ""
        return HeartbeatSettings(
            origin: address.origin,
            target: address.target,
            headerLines: Array("User-Agent: \(userAgent)\r\n\(login)".utf8),
            every: heartbeatEvery
        )
    }

    /// A comma inside a quoted name is none that separates.
    private static func addresses(_ text: String) -> JSON {
        var isQuoted = false
        let parts = text.split { character in
            if character == "\"" { isQuoted.toggle() }
            return character == "," && !isQuoted
        }
        return .array(parts.map { .string(String($0.trimmingBlanks)) })
    }

    /// Cachet's components go by number or by name.
    private static func numberOrName(_ text: String) -> JSON {
        Int64(text).map { .number($0) } ?? .string(text)
    }
}

extension Secret {
    fileprivate var json: JSON { .string(value) }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
