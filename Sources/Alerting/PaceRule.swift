package import Domain

/// When a run's duration is worth a look: against what the job's own runs have taken so far, and silent
/// until there are enough of them to speak of "usual".
package enum PaceRule {
    package enum Verdict: Sendable, Hashable {
        case usual
        case tooSlow
        case tooFast
    }

    /// Closed runs before anything is said.
    package static let runsMin: UInt32 = 20
    /// Calls of milliseconds vary by many times themselves, and nobody minds.
    package static let differenceMin = Span.seconds(1)

    package static func key(of job: JobID) -> String { "job/\(job)/pace" }

    /// - Parameters:
    ///   - usual: the job's quantiles before this run.
    ///   - runs: closed ones before it.
    /// - Returns: nil while there are too few runs.
    package static func judge(_ duration: Span, usual: DurationQuantiles, runs: UInt32) -> Verdict? {
        guard runs >= runsMin else { return nil }
        let (median, high) = (usual.p50, usual.p95)
        if duration > high + high, duration - high >= differenceMin { return .tooSlow }
        let short = Span(microseconds: median.microseconds / 4)
        if duration < short, median - duration >= differenceMin { return .tooFast }
        return .usual
    }

    /// One line: which job, how long, and what is usual.
    package static func title(
        _ verdict: Verdict,
        name: String,
        duration: Span,
        usual: DurationQuantiles
    ) -> String {
        let rounded = { (span: Span) in
            Span(microseconds: span.microseconds / 100_000 * 100_000).text
        }
        let comparison = verdict == .tooFast ? "shorter" : "longer"
        return "\(name) took \(rounded(duration)), \(comparison) than usual (\(rounded(usual.p50)))"
    }
}
