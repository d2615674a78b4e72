/// An alert is named by the sequence of the record that opened it.
package typealias AlertID = Sequence

/// A message to a channel is named by the sequence of the record that stated its intent.
package typealias MessageID = Sequence

/// How bad it is, as counterparts grade it.
package enum AlertSeverity: UInt8, Sendable, CaseIterable, Comparable {
    case info = 1
    case warning = 2
    case error = 3
    case critical = 4

    package var word: String {
        switch self {
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        case .critical: "critical"
        }
    }

    package static func < (a: AlertSeverity, b: AlertSeverity) -> Bool { a.rawValue < b.rawValue }
}

/// What a message tells about its alert.
package enum MessageKind: UInt8, Sendable, CaseIterable {
    case open = 1
    /// Still open after the reminder's interval.
    case remind = 2
    case acknowledge = 3
    case resolve = 4
    /// Somebody asked for a message to see whether the channel works.
    case test = 5
    /// What a step of a job says; about no alert.
    case step = 6
    /// All is well: a job or a check has succeeded. For channels that want to hear everything; there is no
    /// alert.
    case success = 7

    /// Those that a channel may be asked for about an alert, or to show that it works.
    package static let allCases: [MessageKind] = [
        .open, .remind, .acknowledge, .resolve, .test, .success,
    ]

    package var word: String {
        switch self {
        case .open: "open"
        case .remind: "remind"
        case .acknowledge: "acknowledge"
        case .resolve: "resolve"
        case .test: "test"
        case .step: "step"
        case .success: "success"
        }
    }
}

/// Why an alert opened.
package enum AlertCause: UInt8, Sendable, CaseIterable {
    /// Runs ended without success.
    case failing = 1
    /// Slots passed without a run.
    case missed = 2
    /// A call's outcome was lost and the job holds (`on_unknown=hold`).
    case unknown = 3
    /// Slots waited for their target's limit as long as they may.
    case limitExpired = 4
    /// The target answered 410: the job is paused.
    case gone = 5
    /// A check's run had no end within the longest runtime.
    case timedOut = 20
    /// A run was much longer or shorter than the usual ones, or a check came much more often.
    case unusual = 21
    /// Chronatog was not running, and checks may have pinged in vain.
    case unwatched = 22
    /// A stream that is watched is not open.
    case disconnected = 90
    /// A stream refuses our credentials.
    case unauthorized = 91
    /// A step of the job says so.
    case step = 95

    package var word: String {
        switch self {
        case .failing: "failing"
        case .missed: "missed"
        case .unknown: "unknown"
        case .limitExpired: "limit-expired"
        case .gone: "gone"
        case .timedOut: "timed-out"
        case .unusual: "unusual"
        case .unwatched: "unwatched"
        case .disconnected: "disconnected"
        case .unauthorized: "unauthorized"
        case .step: "step"
        }
    }
}

/// Why an alert was resolved.
package enum AlertEnd: UInt8, Sendable, CaseIterable {
    /// A run succeeded.
    case recovered = 1
    case jobRemoved = 2
    /// The job does not want alerts any more (`alert_after` 0).
    case notWatched = 3
    case checkRemoved = 20
    case checkPaused = 21
    /// Somebody said so.
    case byHand = 4
    /// A step of the job said so.
    case step = 95

    package var word: String {
        switch self {
        case .recovered: "recovered"
        case .jobRemoved: "job-removed"
        case .notWatched: "not-watched"
        case .checkRemoved: "check-removed"
        case .checkPaused: "check-paused"
        case .byHand: "by-hand"
        case .step: "step"
        }
    }
}

package struct AlertOpened: Sendable, Hashable {
    /// nil for a check's and a stream's.
    package var job: JobID?
    /// What counterparts know it by, from open to resolve: `job/12`, `check/3`, `check/3/rate`,
    /// `stream-NAME`. At most one alert of a key is open.
    package var key: String
    package var severity: AlertSeverity
    package var cause: AlertCause
    /// One line.
    package var title: String
    /// More lines, the most important first.
    package var details: [String]
    /// As it was then: the job may be gone when the message leaves.
    package var jobName: String
    package init(
        job: JobID?,
        key: String,
        severity: AlertSeverity,
        cause: AlertCause,
        title: String,
        details: [String],
        jobName: String
    ) {
        self.job = job
        self.key = key
        self.severity = severity
        self.cause = cause
        self.title = title
        self.details = details
        self.jobName = jobName
    }
}

/// A person has seen it.
package struct AlertAcknowledged: Sendable, Hashable {
    package var job: JobID?
    package var alert: AlertID
    package init(job: JobID?, alert: AlertID) {
        self.job = job
        self.alert = alert
    }
}

package struct AlertResolved: Sendable, Hashable {
    package var job: JobID?
    package var alert: AlertID
    package var end: AlertEnd
    package init(job: JobID?, alert: AlertID, end: AlertEnd) {
        self.job = job
        self.alert = alert
        self.end = end
    }
}

/// A message will be sent to a channel: recorded before it is.
package struct MessageIntended: Sendable, Hashable {
    /// nil for a test message, and for a check's.
    package var job: JobID?
    /// The check that has succeeded; nil for all other messages.
    package var check: CheckID?
    /// Zero for a test message and for a success.
    package var alert: AlertID
    package var channel: String
    package var kind: MessageKind
    /// It waits until then for others to go with; nil for at once. Older builds put the end of quiet hours
    /// and blackouts here.
    package var notBefore: Timestamp?
    /// What a step says; nil for a message about an alert.
    package var letter: StepLetter?
    package init(
        job: JobID?,
        check: CheckID? = nil,
        alert: AlertID,
        channel: String,
        kind: MessageKind,
        notBefore: Timestamp? = nil,
        letter: StepLetter? = nil
    ) {
        self.job = job
        self.check = check
        self.alert = alert
        self.channel = channel
        self.kind = kind
        self.notBefore = notBefore
        self.letter = letter
    }
}

/// What an attempt taught, however it ended.
package struct MessageReport: Sendable, Hashable {
    /// 1 for the first.
    package var attempt: UInt16
    /// Facts of this alert at this channel: an incident's number, a request's id. Not secret.
    package var remember: [String: String]
    /// Parts of the channel that take nothing more until then; the empty name is all of it.
    package var limits: [String: Timestamp]
    package init(attempt: UInt16, remember: [String: String] = [:], limits: [String: Timestamp] = [:]) {
        self.attempt = attempt
        self.remember = remember
        self.limits = limits
    }
}

package struct MessageDelivered: Sendable, Hashable {
    package var job: JobID?
    package var message: MessageID
    package var report: MessageReport
    /// There was nothing to send: its counterpart has no word for this, or never heard of the alert. It says
    /// nothing of the channel, good or bad.
    package var isNeedless: Bool
    package init(job: JobID?, message: MessageID, report: MessageReport, isNeedless: Bool = false) {
        self.job = job
        self.message = message
        self.report = report
        self.isNeedless = isNeedless
    }
}

/// An attempt failed and another will follow at `retryAt`.
package struct MessageFailed: Sendable, Hashable {
    package var job: JobID?
    package var message: MessageID
    package var report: MessageReport
    package var reason: String
    package var retryAt: Timestamp
    /// It was the first attempt: for how long there are others is counted from now on.
    package var beginsPatience: Bool
    package init(
        job: JobID?,
        message: MessageID,
        report: MessageReport,
        reason: String,
        retryAt: Timestamp,
        beginsPatience: Bool = false
    ) {
        self.job = job
        self.message = message
        self.report = report
        self.reason = reason
        self.retryAt = retryAt
        self.beginsPatience = beginsPatience
    }
}

/// A message was given up; it is kept for people to look at and to send again.
package struct MessageDead: Sendable, Hashable {
    package var job: JobID?
    package var message: MessageID
    package var report: MessageReport
    package var reason: String
    /// The channel takes nothing until somebody corrects it.
    package var isBroken: Bool
    package init(
        job: JobID?,
        message: MessageID,
        report: MessageReport,
        reason: String,
        isBroken: Bool = false
    ) {
        self.job = job
        self.message = message
        self.report = report
        self.reason = reason
        self.isBroken = isBroken
    }
}

/// Somebody does not want a dead message any more.
package struct MessageDiscarded: Sendable, Hashable {
    package var job: JobID?
    package var message: MessageID
    package init(job: JobID?, message: MessageID) {
        self.job = job
        self.message = message
    }
}

/// A dead message goes back to its place in the queue.
package struct MessageResent: Sendable, Hashable {
    package var job: JobID?
    package var message: MessageID
    package init(job: JobID?, message: MessageID) {
        self.job = job
        self.message = message
    }
}
