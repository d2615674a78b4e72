package import Cron
package import Domain
internal import Scheduling
package import Streaming

/// The answer to "why?", or "why not?".
package struct Explanation: Sendable {
    package var job: JobID
    /// As asked: an instant in UTC, or a local time without a zone.
    package var at: String
    package var slot: Slot?
    package var result: SlotResult?
    package var reason: DecisionReason?
    package var sentence: String
    /// What the sentence rests on, as events.
    package var records: [EventView]

    package var json: JSON {
        .object([
            JSON.Member("job", .string("\(job)")),
            JSON.Member("at", .string(at)),
            JSON.Member("slot", slot.map { .string($0.name(of: job)) } ?? .null),
            JSON.Member("result", result.map { .string($0.word) } ?? .null),
            JSON.Member("reason", reason.map { .string($0.word) } ?? .null),
            JSON.Member("sentence", .string(sentence)),
            JSON.Member("records", .array(records.map(\.json))),
        ])
    }
}

/// The moment that is asked about.
package enum AskedTime: Sendable, Hashable {
    case instant(Timestamp)
    /// On the wall clock of the job's zone; need not exist there.
    case local(LocalDateTime)

    package init?(_ text: String) {
        if let local = LocalDateTime(text) {
            self = .local(local)
        } else if let instant = Timestamp(rfc3339: text) {
            self = .instant(instant)
        } else {
            return nil
        }
    }

    package var text: String {
        switch self {
        case .instant(let instant): instant.rfc3339Text ?? ""
        case .local(let local): local.text
        }
    }
}

/// A question with everything about the job that the answer needs, but not yet its records.
package struct Question: Sendable {
    package let job: JobID
    package let asked: AskedTime
    package let now: Timestamp
    package let registeredAt: Timestamp
    /// The revision in force at that time.
    package let times: LineTimes
    /// The instant that is meant: of a local time in a gap the first one after it.
    package let instant: Timestamp
    /// Slots at that time: several when lines or passes coincide.
    package let candidates: [Slot]
    package let dispositions: [Slot: Occurrence.Disposition]

    package init?(
        _ asked: AskedTime,
        about history: inout JobHistory,
        now: Timestamp
    ) {
        guard let first = history.revisions.first, let registeredAt = history.registeredAt else { return nil }
        // The zone may change from one revision to the next; the instant decides which one was in force.
        var found: (LineTimes, Timestamp)?
        for revision in history.revisions {
            guard let times = history.times(ofRevision: revision.number) else { continue }
            let instant = Self.instant(of: asked, times)
            if revision == first || revision.cursor < instant { found = (times, instant) }
        }
        guard let (times, instant) = found else { return nil }
        job = history.job
        self.asked = asked
        self.now = now
        self.registeredAt = registeredAt
        self.times = times
        self.instant = instant
        var all: [(Slot, Occurrence.Disposition)] = []
        for (index, line) in times.lines.enumerated() {
            let (after, before) = Self.window(of: asked, times)
            for occurrence in line.occurrences(after: after, before: before) {
                let isMeant =
                    switch asked {
                    case .instant: occurrence.instant.seconds == instant.seconds
                    case .local(let local): occurrence.local == local
                    }
                let slot = Slot(occurrence, line: UInt8(index))
                if isMeant, times.isInBounds(slot.instant) { all.append((slot, occurrence.disposition)) }
            }
        }
        all.sort { SlotPlace($0.0) < SlotPlace($1.0) }
        candidates = all.map { $0.0 }
        dispositions = Dictionary(all.map { ($0.0, $0.1) }, uniquingKeysWith: { first, _ in first })
    }

    /// All instants that a local time can stand for lie within.
    private static func window(of asked: AskedTime, _ times: LineTimes) -> (Instant, Instant) {
        switch asked {
        case .instant(let instant):
            return (Instant(seconds: instant.seconds - 1), Instant(seconds: instant.seconds + 1))
        case .local(let local):
            let (low, high): (Instant, Instant) =
                switch times.zone.resolve(local) {
                case .one(let instant): (instant, instant)
                case .two(let first, let second): (first, second)
                case .gap(let transition, let shifted): (transition, shifted)
                }
            return (Instant(seconds: low.seconds - 1), Instant(seconds: high.seconds + 1))
        }
    }

    private static func instant(of asked: AskedTime, _ times: LineTimes) -> Timestamp {
        switch asked {
        case .instant(let instant): Timestamp(seconds: instant.seconds)
        case .local(let local):
            switch times.zone.resolve(local) {
            case .one(let instant), .two(let instant, _): Timestamp(seconds: instant.seconds)
            case .gap(let transition, _): Timestamp(seconds: transition.seconds)
            }
        }
    }
}

extension LineTimes {
    /// Within the job's `start` and `end`.
    func isInBounds(_ instant: Timestamp) -> Bool {
        (definition.start.map { instant >= $0 } ?? true) && (definition.end.map { instant < $0 } ?? true)
    }

    /// The last slot before an instant; found by looking back ever further. nil when none is near enough to
    /// matter.
    func lastSlot(before instant: Timestamp, notBefore floor: Timestamp) -> Slot? {
        var back = Span.hours(2)
        while true {
            let start = max(instant - back, floor)
            var last: Slot?
            var count = 0
            for group in groups(after: start, through: instant - .seconds(1)) {
                if let slot = group.runs { last = slot }
                count += 1
                if count > 20_000 { break }
            }
            if last != nil || start <= floor || back > .days(4000) { return last }
            back = Span(microseconds: back.microseconds * 8)
        }
    }
}
