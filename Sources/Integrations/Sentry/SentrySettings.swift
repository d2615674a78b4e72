internal import Domain
internal import Effects

/// A Sentry project, by its DSN: `{scheme}://{key}[:{secret}]@{host}[:port]{/path}/{project}`.
package struct SentryDSN: Sendable, Hashable {
    package var address: WebAddress
    package var publicKey: String
    package var secretKey: String?
    /// The last segment of the path; a text, not a number.
    package var project: String
    /// Where envelopes go.
    package var envelopes: WebAddress

    package init(_ text: String) throws(WebAddress.Fault) {
        address = try WebAddress(text)
        let keys = (address.userInfo ?? "").split(separator: ":", maxSplits: 1)
        guard let first = keys.first, first.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            throw WebAddress.Fault(predicate: "has no public key before the host: copy the DSN (Client Keys)")
        }
        publicKey = String(first)
        secretKey = keys.count > 1 ? String(keys[1]) : nil
        var segments = address.path.split(separator: "/").map { String($0) }
        guard address.query == nil, let last = segments.popLast(),
            last.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
        else {
            throw WebAddress.Fault(predicate: "does not end in a project id: copy the DSN (Client Keys)")
        }
        project = last
        envelopes = address
        envelopes.userInfo = nil
        envelopes.path = segments.map { "/\($0)" }.joined() + "/api/\(last)/envelope/"
    }

    /// The header that tells Sentry who sends.
    func authorization(_ sender: AlertSender) -> ChannelRequest.Header {
        let secret = secretKey.map { ", sentry_secret=\($0)" } ?? ""
        return ChannelRequest.Header(
            "X-Sentry-Auth",
            "Sentry sentry_version=7, sentry_client=\(sender.userAgent), sentry_key=\(publicKey)\(secret)"
        )
    }
}

package struct SentrySettings: KindSettings {
    package var dsn: SentryDSN
    /// Sentry's own default, production, when nil.
    package var environment: String?
    /// The cron monitor that hears of failure and recovery; nil for none.
    package var monitor: String?
    /// An opened alert becomes an event.
    package var sendsEvents: Bool

    static func read(_ reader: inout SettingsReader) -> SentrySettings? {
        let dsn: SentryDSN?
        do throws(WebAddress.Fault) {
            dsn = try reader.text("dsn").map { text throws(WebAddress.Fault) in try SentryDSN(text) }
        } catch {
            reader.fault("dsn", error.predicate)
            dsn = nil
        }
        let environment = reader.optionalText("environment")
        if let environment,
            environment.utf8.count > 64 || environment.contains(where: { "/\\ ".contains($0) })
        {
            reader.fault("environment", "has to be at most 64 bytes without blanks and slashes")
        }
        let monitor = reader.optionalText("monitor")
        if let monitor, !SentryMonitors.isSlug(monitor) {
            reader.fault("monitor", "has to be a monitor's slug: small letters, digits, - and _, at most 50")
        }
        let sendsEvents = reader.flag("events", default: true)
        if !sendsEvents, monitor == nil {
            reader.fault("events", "is false and there is no monitor, so nothing would ever be sent")
        }
        return dsn.map {
            SentrySettings(dsn: $0, environment: environment, monitor: monitor, sendsEvents: sendsEvents)
        }
    }

    var fields: [SettingsField] {
        [
            SettingsField("dsn", .secretAddress(dsn.address)),
            SettingsField("environment", .plain(environment.map { .string($0) })),
            SettingsField("monitor", .plain(monitor.map { .string($0) })),
            SettingsField("events", .plain(.bool(sendsEvents))),
        ]
    }

    var origin: Origin { dsn.address.origin }

    var place: String? { dsn.envelopes.text }

    var summary: String {
        let what = monitor.map { ", monitor \($0)" } ?? ""
        return "Sentry project \(dsn.project) at \(dsn.address.authority)\(what)"
    }
}
