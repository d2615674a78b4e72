import Domain
import Engine
import Integrations

/// How long something may last before people are told, or `off`.
struct GraceText: SettingValue {
    /// nil: they are not told.
    var span: Span?

    static let placeholder = "DURATION|off"

    init(span: Span?) { self.span = span }

    init(settingText text: String) throws(ValueFault) {
        if text == "off" {
            span = nil
            return
        }
        guard let span = Span(text), span >= .zero, span <= .days(30) else {
            throw ValueFault(takes: "a duration such as 10s or 2m, at most 30d, or off", not: text)
        }
        self.span = span
    }

    var settingText: String { span?.text ?? "off" }
}

extension Setting {
    /// The first stream that is watched; others are made with `chronatog stream add`.
    static let streamRows: [Setting] = [
        Setting(
            "tutum-username",
            optional: \.alerts.tutumUsername,
            .alerts,
            "watch an event stream in Tutum's dialect, as this user; the stream is called tutum",
            placeholder: "NAME",
            aliases: [Alias(variable: "TUTUM_USERNAME")]
        ),
        Setting(
            "tutum-token",
            optional: \.alerts.tutumToken,
            .alerts,
            "the API key of --tutum-username",
            aliases: [Alias(variable: "TUTUM_TOKEN")]
        ),
        Setting(
            "tutum-auth",
            optional: \.alerts.tutumAuth,
            .alerts,
            "a whole Authorization value for that stream, which goes before user and key",
            aliases: [Alias(variable: "TUTUM_AUTH")]
        ),
        Setting(
            "tutum-url",
            optional: \.alerts.tutumURL,
            .alerts,
            "where that stream is, when it is not \(TutumSource.tutum)",
            placeholder: "URL",
            aliases: [
                Alias(variable: "TUTUM_STREAM_URL"),
                Alias(
                    variable: "TUTUM_STREAM_HOST",
                    translate: { $0.contains("://") ? $0 : "wss://\($0)" }
                ),
            ]
        ),
        Setting(
            "tutum-alert-after",
            \.alerts.tutumAlertAfter,
            .alerts,
            "how long an outage of that stream may last before an alert opens; off for none"
        ),
    ]
}

extension Configuration.Alerts {
    /// The streams that flags and environment ask for, by name, and what is wrong with them.
    func streams() -> (wishes: [String: SourceWish], faults: [String]) {
        let isKeyed = tutumUsername != nil || tutumToken != nil
        guard tutumAuth != nil || isKeyed else {
            guard tutumURL != nil else { return ([:], []) }
            return (
                [:],
                [
                    "--tutum-url needs credentials: give --tutum-username and --tutum-token (TUTUM_USERNAME, "
                        + "TUTUM_TOKEN), or --tutum-auth (TUTUM_AUTH)"
                ]
            )
        }
        var members = [JSON.Member("url", .string(tutumURL?.value ?? TutumSource.tutum))]
        if let tutumAuth {
            members.append(JSON.Member("authorization", .string(tutumAuth.value)))
        } else {
            guard let tutumUsername else {
                return ([:], ["--tutum-token needs --tutum-username (TUTUM_USERNAME)"])
            }
            guard let tutumToken else {
                return (
                    [:], ["--tutum-username needs --tutum-token (TUTUM_TOKEN, or CHRONATOG_TUTUM_TOKEN_FILE)"]
                )
            }
            members.append(JSON.Member("username", .string(tutumUsername)))
            members.append(JSON.Member("token", .string(tutumToken.value)))
        }
        let wish = SourceWish(settings: .object(members), alertAfter: tutumAlertAfter.span)
        do throws(ChannelSettingsError) {
            _ = try TutumSource.read(wish.settings)
        } catch {
            let flags = [
                "url": "tutum-url", "authorization": "tutum-auth", "username": "tutum-username",
                "token": "tutum-token",
            ]
            return ([:], error.faults.map { "--\(flags[$0.field] ?? $0.field) \($0.predicate)" })
        }
        return (["tutum": wish], [])
    }
}
