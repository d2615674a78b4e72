internal import Domain
internal import Effects

/// A PagerDuty integration of a service.
package struct PagerDutySettings: KindSettings {
    /// Which of the two Events APIs the integration was made for.
    package enum Version: String, Sendable, CaseIterable {
        case v1
        case v2
    }

    /// The integration (routing) key of v2, the service key of v1.
    package var key: String
    package var version: Version
    /// `https://events.eu.pagerduty.com` for accounts in the EU region.
    package var base: WebAddress

    static func read(_ reader: inout SettingsReader) -> PagerDutySettings? {
        let version: Version = reader.word("version", default: .v2)
        let base = reader.address("base_url", default: "https://events.pagerduty.com")
        guard let key = reader.text("key") else { return nil }
        if let fault = fault(in: key, version) { reader.fault("key", fault) }
        return base.map { PagerDutySettings(key: key, version: version, base: $0) }
    }

    private static func fault(in key: String, _ version: Version) -> String? {
        let count = key.utf8.count
        guard count == 32 else {
            return
                "has \(count) characters, but a PagerDuty integration key has 32: copy it from the service's "
                + "Integrations tab"
        }
        let isGood = key.allSatisfy {
            $0.isASCII && (version == .v1 ? $0.isHexDigit : $0.isLetter || $0.isNumber)
        }
        return isGood ? nil : "holds characters that no PagerDuty \(version.rawValue) key has"
    }

    var fields: [SettingsField] {
        [
            SettingsField("version", .plain(.string(version.rawValue))),
            SettingsField("base_url", .plain(.string(base.text))),
            SettingsField("key", .secret(key)),
        ]
    }

    var origin: Origin { base.origin }

    var place: String? { "\(base.text) \(key)" }

    var summary: String { "PagerDuty (Events \(version.rawValue)) at \(base.authority)" }
}
