internal import Domain

/// Notices jobs whose runs take longer than their period (`semantics.md` §4.3, rule 5).
///
/// Durations are kept only for jobs that have begun to skip slots, and only in memory: the record that comes
/// of them carries the figures.
struct PaceWatch: Sendable {
    /// Skips in a row before it is said.
    static let skipsMin: UInt8 = 3
    /// The shortest time between two records about one job.
    static let quiet = Span.hours(1)
    static let jobsMax = 4096
    static let durationsMax = 64
    private var durations: [JobID: [Span]] = [:]
    private var said: [JobID: Timestamp] = [:]

    /// A run of a job closed.
    mutating func note(_ job: JobID, lasted: Span, isSkipping: Bool) {
        guard isSkipping || durations[job] != nil else { return }
        if durations.count >= Self.jobsMax, durations[job] == nil { durations.removeAll() }
        durations[job, default: []].append(lasted)
        if let count = durations[job]?.count, count > Self.durationsMax { durations[job]?.removeFirst() }
    }

    /// Whether the job's skips are worth a record now.
    mutating func isNews(_ job: JobID, skips: UInt8, now: Timestamp) -> Bool {
        guard skips >= Self.skipsMin else { return false }
        if let last = said[job], now - last < Self.quiet { return false }
        if said.count >= Self.jobsMax { said.removeAll() }
        said[job] = now
        return true
    }

    /// The durations at half and at 95 % of the latest runs, `open` being one of them.
    func quantiles(_ job: JobID, open: Span) -> (p50: Span, p95: Span) {
        let sorted = ((durations[job] ?? []) + [open]).sorted()
        return (sorted[(sorted.count - 1) / 2], sorted[(sorted.count - 1) * 95 / 100])
    }
}

extension Flow {
    /// Says that a job falls behind, once it is plain.
    mutating func noticeFallingBehind(_ record: SlotsDecided, now: Timestamp) {
        let entry = ledger.jobs[record.job]
        guard pace.isNews(record.job, skips: entry.skipsInARow, now: now) else { return }
        let open = ledger.openRuns[entry.openRun].map { now - $0.openedAt } ?? .zero
        let (p50, p95) = pace.quantiles(record.job, open: open)
        write(
            .jobFellBehind(
                JobFellBehind(
                    job: record.job,
                    skips: UInt32(entry.skipsInARow),
                    p50: p50,
                    p95: p95,
                    period: record.next == .distantFuture ? .zero : record.next - record.last.instant
                )
            ),
            now
        )
    }
}
