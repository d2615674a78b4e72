package import Domain

/// What follows a failed attempt (`semantics.md` §4.4).
package enum RetryDecision: Sendable, Hashable {
    case retry(at: Timestamp)
    /// No further attempt: the run closes as failed.
    case giveUp

    /// Whether a failure of this kind may be cured by another attempt.
    package static func isRetryable(_ report: AttemptReport) -> Bool {
        switch report.failure?.kind {
        case nil: false
        case .name, .refused, .unreachable, .tls, .timeoutConnect, .timeoutFirstByte, .timeoutTotal, .closed,
            .unknown:
            true
        case .status: [408, 425, 429].contains(report.status) || report.status >= 500
        case .body, .egress, .template, .completion: false
        }
    }

    /// - Parameters:
    ///   - attempt: the number of the attempt that failed, 1 for the first.
    ///   - retryAfter: the answer's `Retry-After`, as it came.
    ///   - nextSlot: the job's next slot, which `retry_until=next-slot` never passes.
    package static func decide(
        _ report: AttemptReport,
        run id: RunID,
        _ run: OpenRun,
        policy: RetryPolicy,
        runDeadline: Span,
        retryAfter: String?,
        nextSlot: Timestamp,
        now: Timestamp
    ) -> RetryDecision {
        guard isRetryable(report) else { return .giveUp }
        if policy.until != .window, run.attempt > policy.retries { return .giveUp }
        let at = now + delay(after: run.attempt, run: id, run, policy, retryAfter: retryAfter, now: now)
        switch policy.until {
        case .nextSlot where run.slot != nil && at >= nextSlot: return .giveUp
        case _ where at >= run.openedAt + runDeadline: return .giveUp
        default: return .retry(at: at)
        }
    }

    /// Exponential with full jitter: a number below min(max, min × 2^doublings), drawn from (slot or run,
    /// attempt), so that a replay waits exactly as long.
    private static func delay(
        after attempt: UInt16,
        run id: RunID,
        _ run: OpenRun,
        _ policy: RetryPolicy,
        retryAfter: String?,
        now: Timestamp
    ) -> Span {
        if let asked = retryAfter.flatMap({ RetryAfter.parse($0, now: now) }), asked <= policy.backoffMax {
            return max(asked, .zero)
        }
        let doublings = min(UInt64(attempt) - 1, UInt64(policy.doublings), 40)
        let (product, overflow) = policy.backoffMin.microseconds.multipliedReportingOverflow(
            by: 1 << doublings
        )
        let ceiling = overflow ? policy.backoffMax.microseconds : min(product, policy.backoffMax.microseconds)
        let of = run.slot.map { UInt64(bitPattern: $0.instant.microseconds) } ?? id.value
        let hash = StableHash.mix(UInt64(run.job.number), of, UInt64(attempt))
        return Span(microseconds: Int64(StableHash.below(UInt64(max(ceiling, 0)), hash)))
    }
}
