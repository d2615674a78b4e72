/// A schedule on the wall clock of a zone: the instants at which it occurs.
///
/// Every nominal time yields one occurrence, those that a clock change suppresses included, so that a
/// scheduler can account for each. Nothing occurs before the year 1 or after 9999, and no question takes
/// unbounded time.
public struct Recurrence: Sendable, Hashable {
    public var schedule: Schedule { parts.schedule }
    public var zone: Zone { parts.zone }
    public var dst: DSTPolicy { parts.dst }
    /// `@every` and ISO intervals without a start count from here, and begin here.
    public var anchor: Instant { parts.anchor }
    private var source: Source { parts.source }

    /// One word, so that many jobs can share a recurrence that they have in common.
    private let parts: Parts

    private final class Parts: Sendable {
        let schedule: Schedule
        let zone: Zone
        let dst: DSTPolicy
        let anchor: Instant
        let source: Source

        init(schedule: Schedule, zone: Zone, dst: DSTPolicy, anchor: Instant, source: Source) {
            self.schedule = schedule
            self.zone = zone
            self.dst = dst
            self.anchor = anchor
            self.source = source
        }
    }

    private enum Source: Sendable {
        case none
        /// Real time: base + k × period, up to and including the last.
        case elapsed(base: Int64, period: Int64, last: Int64)
        case local(LocalTimes)
        /// A start given as an instant, then calendar steps from its local time.
        case started(Int64, then: LocalTimes)
    }

    public init(_ schedule: Schedule, zone: Zone, dst: DSTPolicy = .vixie, anchor: Instant) {
        let source: Source
        let base = Instant(seconds: min(max(anchor.seconds, Horizon.first), Horizon.last))
        let clock = dst == .utc ? Zone.utc : zone
        switch schedule.form {
        case .reboot:
            source = .none
        case .calendar(let fields):
            source = .local(LocalTimes(pattern: .fields(fields), zone: clock, dst: dst))
        case .interval(let seconds):
            source = .elapsed(base: base.seconds, period: seconds, last: Horizon.last)
        case .once(.instant(let instant)):
            source = .elapsed(base: instant.seconds, period: 1, last: instant.seconds)
        case .once(.local(let local)):
            source = .local(LocalTimes(pattern: .single(local.seconds), zone: clock, dst: dst))
        case .repeating(let repetition):
            source = Self.source(repetition, clock: clock, dst: dst, anchor: base)
        }
        parts = Parts(schedule: schedule, zone: zone, dst: dst, anchor: anchor, source: source)
    }

    public static func == (left: Recurrence, right: Recurrence) -> Bool {
        left.parts === right.parts
            || left.schedule == right.schedule && left.zone == right.zone && left.dst == right.dst
                && left.anchor == right.anchor
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(schedule)
        hasher.combine(zone)
        hasher.combine(dst)
        hasher.combine(anchor)
    }

    private static func source(
        _ repetition: Repetition,
        clock: Zone,
        dst: DSTPolicy,
        anchor: Instant
    ) -> Source {
        let start = repetition.start ?? .instant(anchor)
        switch repetition.period {
        case .elapsed(let period):
            let base = firstInstant(of: start, clock: clock, dst: dst)
            guard let count = repetition.count else {
                return .elapsed(base: base, period: period, last: Horizon.last)
            }
            let (length, overflow) = Int64(count - 1).multipliedReportingOverflow(by: period)
            let last = overflow || length > Horizon.last - base ? Horizon.last : base + length
            return .elapsed(base: base, period: period, last: last)
        case .calendar(let months, let days):
            let local: Int64
            var instant: Int64?
            switch start {
            case .local(let written): local = written.seconds
            case .instant(let written):
                local = clock.local(at: written).local.seconds
                instant = written.seconds
            }
            let steps = CalendarSteps(
                start: local,
                months: months,
                days: days,
                count: repetition.count,
                includesStart: instant == nil
            )
            let times = LocalTimes(pattern: .steps(steps), zone: clock, dst: dst)
            return instant.map { .started($0, then: times) } ?? .local(times)
        }
    }

    /// Elapsed time needs one instant to count from, also if the start's local time is skipped or repeated.
    private static func firstInstant(of moment: Moment, clock: Zone, dst: DSTPolicy) -> Int64 {
        switch moment {
        case .instant(let instant): instant.seconds
        case .local(let local):
            switch clock.resolve(local) {
            case .one(let instant), .two(let instant, _): instant.seconds
            case .gap(let transition, let shifted): dst == .shift ? shifted.seconds : transition.seconds
            }
        }
    }

    /// The first occurrence after an instant, run or not.
    public func next(after instant: Instant) -> Occurrence? {
        next(after: Position(instant: instant.seconds, local: .max)).map(shown)
    }

    /// All occurrences at the first instant after this one, ordered: one, save around a clock change.
    public func nextGroup(after instant: Instant) -> [Occurrence] {
        guard let first = next(after: Position(instant: instant.seconds, local: .max)) else { return [] }
        var group = [shown(first)]
        var last = first
        while let next = next(after: last.position), next.instant == first.instant {
            group.append(shown(next))
            last = next
        }
        return group
    }

    /// The first instant after this one at which the schedule runs. Allocates nothing.
    public func nextRun(after instant: Instant) -> Instant? {
        switch source {
        case .local(let times):
            return times.nextRun(after: instant.seconds).map { Instant(seconds: $0) }
        case .none, .elapsed, .started:
            var position = Position(instant: instant.seconds, local: .max)
            while let next = next(after: position) {
                if next.disposition == .run { return Instant(seconds: next.instant) }
                position = next.position
            }
            return nil
        }
    }

    /// All occurrences after one instant and before another, run or not, ordered.
    public func occurrences(after: Instant, before: Instant) -> Occurrences {
        Occurrences(
            recurrence: self,
            position: Position(instant: after.seconds, local: .max),
            before: before.seconds
        )
    }

    /// What `occurrences(after:before:)` answers; computed one by one.
    public struct Occurrences: Sequence, IteratorProtocol, Sendable {
        fileprivate let recurrence: Recurrence
        fileprivate var position: Position
        fileprivate let before: Int64

        public mutating func next() -> Occurrence? {
            guard let found = recurrence.next(after: position), found.instant < before else { return nil }
            position = found.position
            return recurrence.shown(found)
        }
    }

    /// Whether clock changes of the zone can matter.
    var followsWallClock: Bool {
        switch source {
        case .local, .started: dst != .utc
        case .none, .elapsed: false
        }
    }

    /// What the schedule asks of the wall clock.
    private var pattern: LocalPattern? {
        switch source {
        case .local(let times), .started(_, let times): times.pattern
        case .none, .elapsed: nil
        }
    }

    /// The local times of a gap that have no occurrence at all (`vixie`, wildcard), if that is felt: if real
    /// time between the runs on both sides is longer than what the wall clock promises. They are given with
    /// the transition's instant.
    func lostInGap(_ transition: Transition) -> [Occurrence]? {
        guard dst == .vixie, let pattern, pattern.isWildcard else { return nil }
        var lost: [Occurrence] = []
        var from = transition.localBefore.seconds
        while let local = pattern.first(in: from..<max(from, transition.localAfter.seconds)) {
            lost.append(
                Occurrence(
                    instant: transition.instant,
                    local: LocalDateTime(seconds: local),
                    fold: 0,
                    disposition: .dstGapSkipped
                )
            )
            from = local + 1
        }
        guard let first = lost.first, let before = lastRun(before: transition.instant) else { return nil }
        let promised = first.local.seconds - before.seconds - Int64(zone.offset(at: before))
        let following = nextRun(after: Instant(seconds: transition.instant.seconds - 1))
        if let following, following.seconds - before.seconds <= promised { return nil }
        return lost
    }

    /// Whether runs of a repeated hour come sooner after the one before than the wall clock promises.
    func breaksRhythm(_ doubled: [Occurrence]) -> Bool {
        guard let pattern, let first = doubled.first, let before = lastRun(before: first.instant) else {
            return false
        }
        let local = before.seconds + Int64(zone.offset(at: before))
        guard let next = pattern.first(from: local + 1) else { return true }
        return first.instant.seconds - before.seconds < next - local
    }

    /// The last run before an instant, looked for in ever longer stretches, up to nine years.
    private func lastRun(before instant: Instant) -> Instant? {
        for hours: Int64 in [1, 24, 24 * 32, 24 * 400, 24 * 366 * 9] {
            var last: Instant?
            var from = Instant(seconds: instant.seconds - hours * 3600 - 1)
            while let run = nextRun(after: from), run < instant {
                last = run
                from = run
            }
            if let last { return last }
        }
        return nil
    }

    fileprivate func next(after position: Position) -> LocalTimes.Slot? {
        switch source {
        case .none:
            return nil
        case .elapsed(let base, let period, let last):
            return Self.elapsed(after: position.instant, base: base, period: period, last: last)
                .map(slot(at:))
        case .local(let times):
            return times.next(after: position)
        case .started(let start, let times):
            let slot = slot(at: start)
            return position < slot.position ? slot : times.next(after: position)
        }
    }

    private static func elapsed(after instant: Int64, base: Int64, period: Int64, last: Int64) -> Int64? {
        guard instant < last else { return nil }
        if instant < base { return base <= last ? base : nil }
        let next = base + ((instant - base) / period + 1) * period
        return next <= last ? next : nil
    }

    private func slot(at instant: Int64) -> LocalTimes.Slot {
        let (local, fold) = (dst == .utc ? Zone.utc : zone).local(at: Instant(seconds: instant))
        return LocalTimes.Slot(instant: instant, local: local.seconds, fold: fold, disposition: .run)
    }

    /// Under `utc` the zone's wall clock is what is shown, though it decides nothing.
    private func shown(_ slot: LocalTimes.Slot) -> Occurrence {
        let instant = Instant(seconds: slot.instant)
        guard dst == .utc else {
            return Occurrence(
                instant: instant,
                local: LocalDateTime(seconds: slot.local),
                fold: slot.fold,
                disposition: slot.disposition
            )
        }
        let (local, fold) = zone.local(at: instant)
        return Occurrence(instant: instant, local: local, fold: fold, disposition: slot.disposition)
    }
}

/// A place in the order of occurrences: the instant, and the local time among those that share it.
struct Position: Comparable {
    var instant: Int64
    /// `Int64.max` is after all of them.
    var local: Int64

    static func < (left: Position, right: Position) -> Bool {
        left.instant != right.instant ? left.instant < right.instant : left.local < right.local
    }
}
