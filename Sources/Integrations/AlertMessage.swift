package import Domain

/// One alert message, as every channel is given it: what happened, to which job, and how to look at it.
///
/// The same value is given for every attempt of one message, so that what is sent is the same to the byte
/// wherever the counterpart's protocol allows it.
package struct AlertMessage: Sendable, Hashable {
    package typealias Kind = MessageKind
    package typealias Severity = AlertSeverity

    /// What the counterpart knows the alert by, from open to resolve: `job/12`, or what the job calls it.
    /// Unique among everything that shares the destination.
    package var key: String
    package var kind: Kind
    package var severity: Severity
    /// One line, without a word about the kind: channels add "Resolved" and the like.
    package var title: String
    /// More lines, the most important first: the last ones go when something has to be left out.
    package var details: [String]
    /// Nil for a check without a job.
    package var job: JobID?
    package var jobName: String
    package var openedAt: Timestamp
    /// When this message was made; the same over all attempts.
    package var at: Timestamp
    /// Where programs read the job. It asks for a login and answers JSON, so messages for people leave it
    /// out.
    package var link: String?
    /// Where a person acknowledges with one click.
    package var acknowledgeLink: String?
    package var sequence: Sequence
    /// The same over all attempts of this message and of no other.
    package var idempotencyKey: String
    /// What the destination is known to hold of this alert, from earlier messages.
    package var memory: ChannelMemory
    /// How bad the worst of the other open alerts is that the same destination is told of; nil without any.
    /// What they share (a component of a status page) is never better than that.
    package var worstOther: Severity?
    /// When the job is expected to run, for counterparts that watch the schedule too.
    package var schedule: WatchedSchedule?
    /// What a step of a job says; nil for a message about an alert.
    package var said: StepMessage?

    package init(
        key: String,
        kind: Kind,
        severity: Severity,
        title: String,
        details: [String] = [],
        job: JobID? = nil,
        jobName: String,
        openedAt: Timestamp,
        at: Timestamp,
        link: String? = nil,
        acknowledgeLink: String? = nil,
        sequence: Sequence,
        idempotencyKey: String,
        memory: ChannelMemory = ChannelMemory(),
        worstOther: Severity? = nil,
        schedule: WatchedSchedule? = nil
    ) {
        self.key = key
        self.kind = kind
        self.severity = severity
        self.title = title
        self.details = details
        self.job = job
        self.jobName = jobName
        self.openedAt = openedAt
        self.at = at
        self.link = link
        self.acknowledgeLink = acknowledgeLink
        self.sequence = sequence
        self.idempotencyKey = idempotencyKey
        self.memory = memory
        self.worstOther = worstOther
        self.schedule = schedule
    }

    /// The title behind a word for what happened, on one line.
    package var headline: String {
        let title = OneLine.of(title)
        return switch kind {
        case .open, .step, .success: title
        case .remind: "Still open: \(title)"
        case .acknowledge: "Acknowledged: \(title)"
        case .resolve: "Resolved: \(title)"
        case .test: "Test: \(title)"
        }
    }
}

/// What is kept between the messages of one alert to one destination, and about the destination's limits.
package struct ChannelMemory: Sendable, Hashable {
    /// Facts of this alert at this destination: an incident's number, a request's id. Not secret.
    package var facts: [String: String]
    /// Parts of the destination that take nothing more until then; the empty name is all of it.
    package var limits: [String: Timestamp]

    package init(facts: [String: String] = [:], limits: [String: Timestamp] = [:]) {
        self.facts = facts
        self.limits = limits
    }
}

/// A fact by which people find the alert at its destination. What else is remembered is bookkeeping.
package enum AlertReference: String, Sendable, CaseIterable {
    case dedupKey = "dedup_key"
    case incident
    case component
    case requestID = "request_id"
    case messageID = "first_message_id"

    /// Those among remembered facts, in this order.
    package static func all(in facts: [String: String]) -> [(name: String, value: String)] {
        allCases.compactMap { reference in
            guard let value = facts[reference.rawValue], !value.isEmpty else { return nil }
            return (reference.rawValue, value)
        }
    }
}

/// When something is expected to happen: Sentry's monitor configuration.
package struct WatchedSchedule: Sendable, Hashable {
    package enum When: Sendable, Hashable {
        /// Five-field cron text.
        case crontab(String)
        case everyMinutes(Int64)
    }

    package var when: When
    /// IANA name.
    package var zone: String
    package var marginMinutes: Int64?
    package var runtimeMinutesMax: Int64?

    package init(
        when: When,
        zone: String,
        marginMinutes: Int64? = nil,
        runtimeMinutesMax: Int64? = nil
    ) {
        self.when = when
        self.zone = zone
        self.marginMinutes = marginMinutes
        self.runtimeMinutesMax = runtimeMinutesMax
    }
}

/// Who sends: this installation, as counterparts get to see it.
package struct AlertSender: Sendable, Hashable {
    /// Public host name: PagerDuty's source, Sentry's server name, the right side of a Message-ID.
    package var host: String
    package var version: String
    /// Ed25519 keys of this installation, newest first; during a rotation there are two.
    package var signingSeeds: [SigningSeed]

    package init(host: String, version: String, signingSeeds: [SigningSeed] = []) {
        self.host = host
        self.version = version
        self.signingSeeds = signingSeeds
    }

    /// `chronatog/1.0`
    package var userAgent: String { "chronatog/\(version)" }
}
