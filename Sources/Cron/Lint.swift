/// What a clock change does to a schedule, told before it happens.
public struct DSTNote: Sendable, Hashable, CustomStringConvertible {
    public enum Effect: String, Sendable, Hashable, CaseIterable {
        /// Local times do not run, because they do not exist or have run in the first pass.
        case skipped
        /// Several local times share one run.
        case merged
        /// A local time that does not exist runs at another.
        case moved
        /// Local times run twice.
        case doubled
    }

    public var effect: Effect
    public var transition: Transition
    /// How many local times are affected.
    public var count: Int
    /// The instants of the affected occurrences without repetitions, at most `DSTNote.instantsMax`.
    public var instants: [Instant]
    /// One sentence with the zone, the local times and the instants.
    public var sentence: String

    public static let instantsMax = 100

    public var description: String { sentence }
}

/// Foretells the zone's next two transitions: one note for each and for each effect they have on the
/// schedule.
///
/// A wildcard schedule such as `*/15 * * * *` follows real time and gets no note; one whose rhythm breaks
/// does (`*/15 2 * * *` loses a day). Nothing is said of intervals, which ignore the clock.
public func lint(_ recurrence: Recurrence, from instant: Instant) -> [DSTNote] {
    var notes: [DSTNote] = []
    var instant = instant
    for _ in 0..<2 {
        guard recurrence.followsWallClock,
            let transition = recurrence.zone.nextTransition(after: instant)
        else { break }
        notes += TransitionReview(recurrence, transition).notes
        instant = transition.instant
    }
    return notes
}

/// One transition against one schedule.
private struct TransitionReview {
    let recurrence: Recurrence
    let transition: Transition
    private(set) var notes: [DSTNote] = []

    private static let shownMax = 3

    init(_ recurrence: Recurrence, _ transition: Transition) {
        self.recurrence = recurrence
        self.transition = transition
        if transition.shift > 0 { reviewGap() } else { reviewFold() }
    }

    private mutating func reviewGap() {
        let start = transition.instant
        let span = Int64(transition.shift)
        var skipped: [Occurrence] = []
        var merged: [Occurrence] = []
        var moved: [Occurrence] = []
        let before = Instant(seconds: start.seconds - 1)
        let after = Instant(seconds: start.seconds + span)
        for occurrence in recurrence.occurrences(after: before, before: after) {
            switch occurrence.disposition {
            case .dstGapSkipped: skipped.append(occurrence)
            case .dstGapMerged: merged.append(occurrence)
            case .run where occurrence.local < transition.localAfter: moved.append(occurrence)
            case .run, .dstFoldSkipped: break
            }
        }
        let gap = "\(clock(transition.localBefore)) to \(clock(transition.localAfter)) does not exist"
        add(.skipped, skipped, "\(gap), so \(locals(skipped)) will not run")
        add(.moved, moved, "\(gap), so \(locals(moved)) will run at \(instants(moved))")
        add(.merged, merged, "\(locals(merged)) will be merged into the run at \(instants(merged))")
        if let lost = recurrence.lostInGap(transition) {
            add(.skipped, lost, "\(gap), so \(locals(lost)) will not run")
        }
    }

    private mutating func reviewFold() {
        let span = Int64(-transition.shift)
        let before = Instant(seconds: transition.instant.seconds - 1)
        let after = Instant(seconds: transition.instant.seconds + span)
        var skipped: [Occurrence] = []
        var doubled: [Occurrence] = []
        for occurrence in recurrence.occurrences(after: before, before: after) where occurrence.fold == 1 {
            if occurrence.disposition == .dstFoldSkipped {
                skipped.append(occurrence)
            } else if occurrence.disposition == .run {
                doubled.append(occurrence)
            }
        }
        let fold = "\(clock(transition.localAfter)) to \(clock(transition.localBefore)) comes twice"
        add(
            .skipped,
            skipped,
            "\(fold), so \(locals(skipped)) will run the first time only and not at \(instants(skipped))"
        )
        if recurrence.breaksRhythm(doubled) {
            let firsts = doubled.map { Instant(seconds: $0.instant.seconds - span) }
            add(
                .doubled,
                doubled,
                "\(fold), so \(locals(doubled)) will run twice: at \(list(firsts)), and again at "
                    + instants(doubled)
            )
        }
    }

    private mutating func add(_ effect: DSTNote.Effect, _ occurrences: [Occurrence], _ text: String) {
        guard let first = occurrences.first else { return }
        var instants: [Instant] = []
        for occurrence in occurrences where instants.last != occurrence.instant {
            instants.append(occurrence.instant)
        }
        let date = first.local.text.prefix(10)
        notes.append(
            DSTNote(
                effect: effect,
                transition: transition,
                count: occurrences.count,
                instants: Array(instants.prefix(DSTNote.instantsMax)),
                sentence: "On \(date) in \(recurrence.zone.name) \(text) (dst \(recurrence.dst.rawValue))."
            )
        )
    }

    private func clock(_ local: LocalDateTime) -> String {
        let time = "\(twoDigits(local.hour)):\(twoDigits(local.minute))"
        return local.second == 0 ? time : "\(time):\(twoDigits(local.second))"
    }

    private func locals(_ occurrences: [Occurrence]) -> String {
        shortened(occurrences.map { clock($0.local) })
    }

    private func instants(_ occurrences: [Occurrence]) -> String {
        list(occurrences.map(\.instant))
    }

    private func list(_ instants: [Instant]) -> String {
        var different: [Instant] = []
        for instant in instants where different.last != instant { different.append(instant) }
        return shortened(different.map(\.rfc3339))
    }

    private func shortened(_ words: [String]) -> String {
        guard words.count > Self.shownMax + 1, let last = words.last else { return enumeration(words) }
        return "\(words[0]), \(words[1]) … \(last) (\(words.count) in all)"
    }
}
