// What the journal stores of a run, from its opening to its one end.

/// A run that no slot opened: by hand, at start, by a stream, or a held slot released. States its first
/// attempt's intent.
package struct RunOpened: Sendable, Hashable {
    package var job: JobID
    package var revision: UInt32
    package var trigger: RunTrigger
    /// The instant that templates and headers carry.
    package var scheduledAt: Timestamp
    /// The slot whose key it carries (`released` only).
    package var slot: Slot?
    /// What the stream did (`stream` only).
    package var cause: RunCause?
    package init(
        job: JobID,
        revision: UInt32,
        trigger: RunTrigger,
        scheduledAt: Timestamp,
        slot: Slot? = nil,
        cause: RunCause? = nil
    ) {
        self.job = job
        self.revision = revision
        self.trigger = trigger
        self.scheduledAt = scheduledAt
        self.slot = slot
        self.cause = cause
    }
}

/// What an attempt brought: the facts of one call.
package struct AttemptReport: Sendable, Hashable {
    /// 1 for the first.
    package var n: UInt16
    /// 0 when there was no answer.
    package var status: UInt16
    package var failure: Failure?
    package var address: String
    package var timings: Timings
    package var body: [UInt8]
    package var isTruncated: Bool
    package init(
        n: UInt16,
        status: UInt16 = 0,
        failure: Failure? = nil,
        address: String = "",
        timings: Timings = Timings(),
        body: [UInt8] = [],
        isTruncated: Bool = false
    ) {
        self.n = n
        self.status = status
        self.failure = failure
        self.address = address
        self.timings = timings
        self.body = body
        self.isTruncated = isTruncated
    }
}

/// An attempt failed and another will follow at `retryAt`.
package struct AttemptFailed: Sendable, Hashable {
    package var job: JobID
    package var run: RunID
    package var report: AttemptReport
    package var retryAt: Timestamp
    package init(job: JobID, run: RunID, report: AttemptReport, retryAt: Timestamp) {
        self.job = job
        self.run = run
        self.report = report
        self.retryAt = retryAt
    }
}

/// The intent of attempt `n` (2 and up; the first is stated by the record that opened the run).
package struct AttemptIntended: Sendable, Hashable {
    package var job: JobID
    package var run: RunID
    package var n: UInt16
    package init(job: JobID, run: RunID, n: UInt16) {
        self.job = job
        self.run = run
        self.n = n
    }
}

/// The run's one end, with its last attempt's facts.
package struct RunClosed: Sendable, Hashable {
    package var job: JobID
    package var run: RunID
    package var result: SlotResult
    package var report: AttemptReport
    /// What its steps did; empty for a run that is a call.
    package var steps: [StepReport]
    /// How far down a chain of runs that events started; 0 for any other run.
    package var depth: UInt8
    package init(
        job: JobID,
        run: RunID,
        result: SlotResult,
        report: AttemptReport,
        steps: [StepReport] = [],
        depth: UInt8 = 0
    ) {
        self.job = job
        self.run = run
        self.result = result
        self.report = report
        self.steps = steps
        self.depth = depth
    }
}

/// A job whose runs outlast its period; said at the third skip in a row and then at most once an hour.
package struct JobFellBehind: Sendable, Hashable {
    package var job: JobID
    /// Slots skipped in a row so far, up to 255.
    package var skips: UInt32
    /// Quantiles of the latest runs' durations, the open one's so far among them.
    package var p50: Span
    package var p95: Span
    /// From the skipped slot to the next.
    package var period: Span
    package init(job: JobID, skips: UInt32, p50: Span, p95: Span, period: Span) {
        self.job = job
        self.skips = skips
        self.p50 = p50
        self.p95 = p95
        self.period = period
    }
}
