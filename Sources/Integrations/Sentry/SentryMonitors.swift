package import Domain
package import Effects

/// Tells Sentry's cron monitors of every run of the jobs that name one: when it begins and how it ended, with
/// the schedule, so that Sentry makes the monitor and notices by itself when nothing comes.
///
/// Telemetry, not alerts: nothing of it is recorded, and what Sentry refuses or limits is dropped, as its
/// protocol wants. The two check-ins of a run have one id, made of the run's, so repeating changes nothing.
package struct SentryMonitors: Sendable {
    private let settings: SentrySettings
    private let sender: AlertSender
    private var limits: [String: Timestamp] = [:]

    package init(_ settings: SentrySettings, from sender: AlertSender) {
        self.settings = settings
        self.sender = sender
    }

    /// The request that checks in, or nil while Sentry takes none.
    /// - Parameter run: names the run among all of all servers.
    package func request(
        run: String,
        monitor: String,
        status: SentryCheckIn.Status,
        schedule: WatchedSchedule?,
        now: Timestamp
    ) -> ChannelRequest? {
        guard SentryLimits.limit(on: [.monitor], in: limits, now: now) == nil else { return nil }
        let checkIn = SentryCheckIn(
            id: stableIdentifier("run", run),
            monitor: monitor,
            status: status,
            environment: settings.environment,
            schedule: schedule
        )
        let envelope = SentryEnvelope.checkIn(checkIn, to: settings.dsn, sentAt: now)
        return SentryEnvelope.request(envelope, to: settings.dsn, from: sender)
    }

    /// What Sentry answered: only its limits matter.
    package mutating func receive(_ answer: Answer, now: Timestamp) {
        limits.merge(SentryLimits.read(answer, now: now)) { max($0, $1) }
    }

    /// As a job may name one.
    package static func isSlug(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 50
            && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || "-_".contains($0)) }
    }
}
