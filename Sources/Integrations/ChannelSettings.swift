internal import Cron
package import Domain
package import Effects

/// The kinds of channel there are; the word is the same in JSON, the API and the command line.
package enum ChannelKind: String, Sendable, CaseIterable {
    case pagerDuty = "pagerduty"
    case slack
    case cachet
    case xMatters = "xmatters"
    case sentry
    case email
    case webhook

    /// Messages that may be under way at a time where that is more than a few: a webhook's receiver is a
    /// program of one's own, and says 429 when it wants less.
    package var parallelMax: Int? { self == .webhook ? 64 : nil }
}

/// A channel's settings, checked. There is no way to have them unchecked: `read` is the only way in.
package enum ChannelSettings: Sendable, Hashable {
    case pagerDuty(PagerDutySettings)
    case slack(SlackSettings)
    case cachet(CachetSettings)
    case xMatters(XMattersSettings)
    case sentry(SentrySettings)
    case email(EmailSettings)
    case webhook(WebhookSettings)

    /// Reads an object with `kind` and the kind's own fields, as the API takes it and as `json` writes it.
    /// - Parameter known: the channel's settings so far. A field that still shows its mask keeps its value,
    ///   as long as the server stays the same: else whoever may edit a channel could have its secrets sent
    ///   to himself.
    package static func read(
        _ json: JSON,
        keeping known: ChannelSettings? = nil
    ) throws(ChannelSettingsError) -> ChannelSettings {
        let (filled, kept) = fill(json, from: known)
        var reader = SettingsReader(filled)
        // What an unknown kind would take is not known.
        guard let kind = kind(&reader) else { throw ChannelSettingsError(faults: reader.faults) }
        let settings = read(kind, &reader)
        reader.refuseUnknown()
        if let settings, settings.origin != known?.origin {
            for field in kept {
                reader.fault(
                    field,
                    "is shown only as ***, and is kept only for the same server: give it anew"
                )
            }
        }
        guard let settings, reader.faults.isEmpty else { throw ChannelSettingsError(faults: reader.faults) }
        return settings
    }

    /// The object with known values in the place of their masks, and the names of these fields.
    private static func fill(_ json: JSON, from known: ChannelSettings?) -> (JSON, [String]) {
        guard let known, case .object(var members) = json,
            json["kind"]?.string == known.kind.rawValue
        else { return (json, []) }
        var kept: [String] = []
        for field in known.own.fields where !field.value.secrets.isEmpty {
            guard let index = members.firstIndex(where: { $0.key == field.name }),
                members[index].value == field.value.masked, let value = field.value.json
            else { continue }
            members[index].value = value
            kept.append(field.name)
        }
        return (.object(members), kept)
    }

    private static func kind(_ reader: inout SettingsReader) -> ChannelKind? {
        guard let word = reader.text("kind") else { return nil }
        if let kind = ChannelKind(rawValue: word) { return kind }
        let known = ChannelKind.allCases.map(\.rawValue)
        let question = NearestWord.question(word, in: known).map { "; \($0)" } ?? ""
        reader.fault("kind", "is none of \(known.joined(separator: ", "))\(question)")
        return nil
    }

    private static func read(_ kind: ChannelKind, _ reader: inout SettingsReader) -> ChannelSettings? {
        switch kind {
        case .pagerDuty: PagerDutySettings.read(&reader).map { .pagerDuty($0) }
        case .slack: SlackSettings.read(&reader).map { .slack($0) }
        case .cachet: CachetSettings.read(&reader).map { .cachet($0) }
        case .xMatters: XMattersSettings.read(&reader).map { .xMatters($0) }
        case .sentry: SentrySettings.read(&reader).map { .sentry($0) }
        case .email: EmailSettings.read(&reader).map { .email($0) }
        case .webhook: WebhookSettings.read(&reader).map { .webhook($0) }
        }
    }

    /// A channel from the one text that flags and environment variables hold: a PagerDuty key, a Slack or
    /// xMatters URL, a Sentry DSN. The other kinds need more than one text.
    package static func read(
        _ kind: ChannelKind,
        shortForm text: String
    ) throws(ChannelSettingsError) -> ChannelSettings {
        let field =
            switch kind {
            case .pagerDuty: "key"
            case .sentry: "dsn"
            default: "url"
            }
        return try read(.object([.init("kind", .string(kind.rawValue)), .init(field, .string(text))]))
    }

    package var kind: ChannelKind {
        switch self {
        case .pagerDuty: .pagerDuty
        case .slack: .slack
        case .cachet: .cachet
        case .xMatters: .xMatters
        case .sentry: .sentry
        case .email: .email
        case .webhook: .webhook
        }
    }

    private var own: any KindSettings {
        switch self {
        case .pagerDuty(let own): own
        case .slack(let own): own
        case .cachet(let own): own
        case .xMatters(let own): own
        case .sentry(let own): own
        case .email(let own): own
        case .webhook(let own): own
        }
    }

    /// Everything, secrets included: what is sealed and stored.
    package var json: JSON { object { $0.json } }
    /// What may be shown: secrets are `***`, of secret URLs the server remains.
    package var masked: JSON { object { $0.masked } }
    var secrets: [String] { own.allSecrets }
    /// One line for lists: `Slack at https://hooks.slack.com/***`.
    package var summary: String { own.summary }
    /// The server it calls, which the egress policy can judge at once when it is a literal address.
    package var origin: Origin { own.origin }
    /// What facts of an alert that are learnt there hold for; nil where they hold anywhere.
    var place: String? { own.place }
    /// A message that comes while the destination rests is dropped rather than kept for later.
    package var dropsWhileResting: Bool { kind == .sentry }

    private func object(_ value: (SettingsField.Value) -> JSON?) -> JSON {
        .object(
            [.init("kind", .string(kind.rawValue))]
                + own.fields.compactMap { field in value(field.value).map { .init(field.name, $0) } }
        )
    }
}

/// What one kind's settings offer.
protocol KindSettings: Sendable, Hashable {
    /// Nil, and a fault in the reader, when they are not good.
    static func read(_ reader: inout SettingsReader) -> Self?
    var fields: [SettingsField] { get }
    var origin: Origin { get }
    /// Whose numbers and keys it learns: elsewhere they are a stranger's. Nil when it learns none.
    var place: String? { get }
    /// One line without secrets.
    var summary: String { get }
}

extension KindSettings {
    var place: String? { nil }

    /// Every text that must not be shown, for blanking out what a counterpart's answer may echo.
    var allSecrets: [String] { fields.flatMap(\.value.secrets) }
}

/// One field of a channel's settings.
struct SettingsField {
    enum Value {
        /// Shown as it is; nil is left out.
        case plain(JSON?)
        case secret(String?)
        case secrets([String])
        /// The server may be seen.
        case secretAddress(WebAddress)
        case secretHeaders([ChannelRequest.Header])

        var json: JSON? {
            switch self {
            case .plain(let value): value
            case .secret(let text): text.map { .string($0) }
            case .secrets(let texts): texts.isEmpty ? nil : .array(texts.map { .string($0) })
            case .secretAddress(let address): .string(address.text)
            case .secretHeaders(let headers): Self.object(headers) { .string($0.value) }
            }
        }

        var masked: JSON? {
            switch self {
            case .plain(let value): value
            case .secret(let text): text.map { _ in .string(Secrets.mask) }
            case .secrets(let texts):
                texts.isEmpty ? nil : .array(texts.map { _ in .string(Secrets.mask) })
            case .secretAddress(let address): .string(address.masked)
            case .secretHeaders(let headers): Self.object(headers) { _ in .string(Secrets.mask) }
            }
        }

        var secrets: [String] {
            switch self {
            case .plain: []
            case .secret(let text): text.map { [$0] } ?? []
            case .secrets(let texts): texts
            case .secretAddress(let address): address.secrets
            case .secretHeaders(let headers): headers.map(\.value)
            }
        }

        private static func object(
            _ headers: [ChannelRequest.Header],
            _ value: (ChannelRequest.Header) -> JSON
        ) -> JSON? {
            headers.isEmpty ? nil : .object(headers.map { .init($0.name, value($0)) })
        }
    }

    var name: String
    var value: Value

    init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}
