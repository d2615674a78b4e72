/// What becomes of a local time that a clock change skips or repeats.
public enum DSTPolicy: String, Sendable, Hashable, CaseIterable {
    /// Gap: a fixed-time schedule runs once, at the first instant after it; a wildcard one has nothing there.
    /// Repeated hour: fixed-time in the first pass only, wildcard in both. As Debian's cron.
    case vixie
    /// The wall clock, literally: nothing in the gap, twice in the repeated hour.
    case literal
    /// Nothing in the gap, the first pass only.
    case once
    /// A time in the gap moves by the gap's length; the first pass only.
    case shift
    /// The schedule is read in UTC; the zone is for display.
    case utc
}

/// One nominal time of a schedule, and the instant it stands for.
///
/// Ordered by instant, then local time, then fold. Several can share an instant: all the local times of a gap
/// under `vixie`, or one moved by `shift` onto a regular one. At most one of them has the disposition `run`.
public struct Occurrence: Sendable, Hashable, Comparable {
    /// Whether it is to run, or why not.
    public enum Disposition: String, Sendable, Hashable, CaseIterable {
        case run
        /// A lower occurrence at the same instant runs in its stead.
        case dstGapMerged
        /// Its local time did not exist; the instant is the first after the gap.
        case dstGapSkipped
        /// Its local time came a second time; the instant is that of the second pass.
        case dstFoldSkipped
    }

    public var instant: Instant
    /// What the schedule asked for, on the zone's wall clock, even if that clock never showed it.
    public var local: LocalDateTime
    /// 1 in the second pass of a repeated local time, otherwise 0.
    public var fold: Int
    public var disposition: Disposition

    public init(instant: Instant, local: LocalDateTime, fold: Int, disposition: Disposition) {
        self.instant = instant
        self.local = local
        self.fold = fold
        self.disposition = disposition
    }

    public static func < (left: Occurrence, right: Occurrence) -> Bool {
        if left.instant != right.instant { return left.instant < right.instant }
        if left.local != right.local { return left.local < right.local }
        return left.fold < right.fold
    }
}
