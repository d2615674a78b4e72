/// A call was answered 202 and its job ends with a ping (`completion`): the run stays open for it.
package struct RunAwaited: Sendable, Hashable {
    package var job: JobID
    package var run: RunID
    /// What the call brought.
    package var report: AttemptReport
    /// When the run is given up: `run_deadline` after it was opened.
    package var until: Timestamp
    package init(job: JobID, run: RunID, report: AttemptReport, until: Timestamp) {
        self.job = job
        self.run = run
        self.report = report
        self.until = until
    }
}
