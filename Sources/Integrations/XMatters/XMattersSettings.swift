internal import Domain
internal import Effects

/// An HTTP trigger of an xMatters workflow (or of another Chronatog, which has the same shape).
package struct XMattersSettings: KindSettings {
    /// With `?apiKey=…`, with `user:password@`, or alone beside a bearer token.
    package var url: WebAddress
    package var bearer: String?
    /// Names of people and groups, for triggers that make a form's message.
    package var recipients: [String]

    static func read(_ reader: inout SettingsReader) -> XMattersSettings? {
        let url = reader.address("url")
        let bearer = reader.optionalText("bearer")
        let recipients = reader.texts("recipients", countMax: 100)
        guard let url else { return nil }
        if let fault = fault(in: url) { reader.fault("url", fault) }
        let hasKey =
            url.query?.split(separator: "&").contains { $0.hasPrefix("apiKey=") && $0.utf8.count > 7 } == true
        if !hasKey, url.userInfo == nil, bearer == nil {
            reader.fault("url", "has neither ?apiKey=… nor a user, and there is no bearer token")
        }
        return XMattersSettings(url: url, bearer: bearer, recipients: recipients)
    }

    /// `/api/integration/1/functions/{uuid}/triggers`
    private static func fault(in url: WebAddress) -> String? {
        let parts = url.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let shape = ["api", "integration", "1", "functions", nil, "triggers"]
        let fits =
            parts.count == shape.count
            && zip(parts, shape).allSatisfy { part, wanted in wanted.map { $0 == part } ?? !part.isEmpty }
        guard fits else {
            return
                "is not of the shape https://HOST/api/integration/1/functions/ID/triggers: copy the URL of "
                + "the workflow's HTTP trigger"
        }
        return nil
    }

    var fields: [SettingsField] {
        [
            SettingsField("url", .secretAddress(url)),
            SettingsField("bearer", .secret(bearer)),
            SettingsField(
                "recipients",
                .plain(recipients.isEmpty ? nil : .array(recipients.map { .string($0) }))
            ),
        ]
    }

    var origin: Origin { url.origin }

    /// A key that replaces another starts the same workflow.
    var place: String? { "\(url.authority)\(url.path)" }

    var summary: String { "xMatters at \(url.masked)" }
}
