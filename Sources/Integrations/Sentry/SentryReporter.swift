package import Domain
package import Effects

/// Sends Chronatog's own errors to its operator's Sentry project.
///
/// Never a burden: at most so many reports a minute, the same one once a minute, nothing while Sentry limits
/// us, and nothing is sent again. A machine without I/O, as channels are.
package struct SentryReporter: Sendable {
    package static let reportsPerMinuteMax = 10

    private let dsn: SentryDSN
    private let sender: AlertSender
    private let environment: String?
    private var limits: [String: Timestamp] = [:]
    /// When which fingerprint was reported, of the last minute.
    private var recent: [(at: Timestamp, fingerprint: [String])] = []

    package init(_ dsn: SentryDSN, from sender: AlertSender, environment: String? = nil) {
        self.dsn = dsn
        self.sender = sender
        self.environment = environment
    }

    /// The request that reports an error, or nil when it is one too many.
    /// - Parameters:
    ///   - id: 32 hexadecimal digits, random or derived from the record.
    ///   - fingerprint: what makes two errors the same: the case's name, the place.
    package mutating func report(
        id: String,
        level: SentryEvent.Level,
        logger: String,
        message: String,
        fingerprint: [String],
        tags: [JSON.Member] = [],
        now: Timestamp
    ) -> ChannelRequest? {
        recent.removeAll { $0.at + .seconds(60) <= now }
        let isLimited = SentryLimits.limit(on: [.error, .default], in: limits, now: now) != nil
        let isKnown = recent.contains { $0.fingerprint == fingerprint }
        guard !isLimited, !isKnown, recent.count < Self.reportsPerMinuteMax else { return nil }
        recent.append((now, fingerprint))
        let event = SentryEvent(
            id: id,
            at: now,
            level: level,
            logger: logger,
            message: message,
            tags: tags,
            fingerprint: fingerprint,
            serverName: sender.host,
            release: "chronatog@\(sender.version)",
            environment: environment
        )
        return SentryEnvelope.request(
            SentryEnvelope.event(event, to: dsn, sentAt: now),
            to: dsn,
            from: sender
        )
    }

    /// What Sentry answered: only its limits matter.
    package mutating func receive(_ answer: Answer, now: Timestamp) {
        limits.merge(SentryLimits.read(answer, now: now)) { max($0, $1) }
    }
}
