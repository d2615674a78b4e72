package import Cron
package import Domain

/// The blackouts, compiled: which jobs are under them, and when.
package struct Blackouts: Sendable {
    /// How far ahead the events of a calendar are followed.
    package static let calendarYears: Int64 = 20
    private var compiled: [String: Compiled] = [:]

    private struct Compiled: Sendable {
        let labels: Set<String>
        let time: BlackoutCover.Time
        /// Of a calendar.
        let events: Int?
    }

    package init() {}

    package var isEmpty: Bool { compiled.isEmpty }

    /// Compiles a blackout and takes the place of the one with its name.
    /// - Parameter now: where the twenty years of a calendar begin.
    package mutating func set(
        _ blackout: Blackout,
        zone: (String) -> Zone?,
        now: Timestamp
    ) throws(BlackoutError) {
        let (time, events) = try Self.compile(blackout.time, zone: zone, now: now)
        compiled[blackout.name] = Compiled(labels: Set(blackout.labels), time: time, events: events)
    }

    /// How many events a calendar has; nil for others.
    package func eventCount(of name: String) -> Int? { compiled[name]?.events }

    package mutating func remove(_ name: String) { compiled[name] = nil }

    /// What a job with these labels is under; nil when it is under nothing.
    package func cover(labels: [String]) -> BlackoutCover? {
        if compiled.isEmpty { return nil }
        let parts = compiled.filter { $0.value.labels.isSubset(of: labels) }
        return parts.isEmpty ? nil : BlackoutCover(parts.map { ($0.key, $0.value.time) })
    }

    /// One blackout's time.
    package func cover(named name: String) -> BlackoutCover? {
        compiled[name].map { BlackoutCover([(name, $0.time)]) }
    }

    private static func compile(
        _ time: BlackoutTime,
        zone: (String) -> Zone?,
        now: Timestamp
    ) throws(BlackoutError) -> (BlackoutCover.Time, events: Int?) {
        func known(_ name: String) throws(BlackoutError) -> Zone {
            guard let zone = zone(name) else { throw .zone(name) }
            return zone
        }
        switch time {
        case .once(let from, let to):
            guard from < to else { throw .empty }
            // Whole seconds, as slots are; the end is rounded up so that nothing of it is lost.
            let last = Instant(seconds: (to + Span(microseconds: 999_999)).seconds)
            return (.windows(TimeWindows([Instant(seconds: from.seconds)..<last])), nil)
        case .recurring(let text, let name, let lasting):
            guard lasting >= .seconds(1) else { throw .empty }
            let zone = try known(name)
            do {
                let schedule = try Schedule(text, options: ScheduleOptions())
                let recurrence = Recurrence(schedule, zone: zone, anchor: Instant(seconds: 0))
                return (.recurring(recurrence, seconds: lasting.microseconds / 1_000_000), nil)
            } catch {
                throw .schedule("\(error)")
            }
        case .calendar(let source):
            if source.bytes.isEmpty { return (.windows(TimeWindows([])), 0) }
            let home = try known(source.zone)
            do {
                let file = try CalendarFile(source.bytes, zone: home, named: zone)
                let last = Instant(seconds: now.seconds + calendarYears * 31_557_600)
                return (.windows(file.windows(through: last)), file.eventCount)
            } catch {
                throw .calendar("\(error)")
            }
        }
    }
}

/// The blackouts that a job is under.
package struct BlackoutCover: Sendable {
    fileprivate enum Time: Sendable {
        case windows(TimeWindows)
        case recurring(Recurrence, seconds: Int64)
    }

    private let parts: [(name: String, time: Time)]

    fileprivate init(_ parts: [(name: String, time: Time)]) {
        self.parts = parts.sorted { $0.name < $1.name }
    }

    /// In order.
    package var names: [String] { parts.map(\.name) }

    package func contains(_ instant: Timestamp) -> Bool { window(at: instant) != nil }

    /// The blackout in which an instant lies, and when that ends; of several the one that ends last.
    package func window(at time: Timestamp) -> (name: String, end: Timestamp)? {
        let instant = Instant(seconds: time.seconds)
        var latest: (name: String, end: Timestamp)?
        for (name, time) in parts {
            guard let end = Self.end(of: time, at: instant) else { continue }
            let found = Timestamp(seconds: end.seconds)
            if latest.map({ $0.end < found }) ?? true { latest = (name, found) }
        }
        return latest
    }

    /// When the job is under no blackout any more; nil when it is under none at that instant. Those that
    /// follow each other without a break count as one.
    package func end(of instant: Timestamp) -> Timestamp? {
        guard var end = window(at: instant)?.end else { return nil }
        for _ in 0..<Self.chainMax {
            guard let next = window(at: end)?.end else { break }
            end = next
        }
        return end
    }

    /// Beyond it a chain of blackouts has no end that is worth waiting for.
    private static let chainMax = 100

    /// The next stretch that is not over at an instant; nil when there is none any more.
    package func next(after time: Timestamp) -> (from: Timestamp, to: Timestamp)? {
        let instant = Instant(seconds: time.seconds)
        return parts.compactMap { Self.next(of: $0.time, after: instant) }
            .min { $0.lowerBound < $1.lowerBound }
            .map { (Timestamp(seconds: $0.lowerBound.seconds), Timestamp(seconds: $0.upperBound.seconds)) }
    }

    private static func end(of time: Time, at instant: Instant) -> Instant? {
        switch time {
        case .windows(let windows): return windows.window(at: instant)?.upperBound
        case .recurring:
            guard let window = next(of: time, after: instant), window.contains(instant) else { return nil }
            return window.upperBound
        }
    }

    private static func next(of time: Time, after instant: Instant) -> Range<Instant>? {
        switch time {
        case .windows(let windows): return windows.windows.first { $0.upperBound > instant }
        case .recurring(let recurrence, let seconds):
            // The first one that has not ended.
            let from = Instant(seconds: instant.seconds - seconds)
            var occurrence = recurrence.next(after: from)
            while let other = occurrence, other.disposition != .run {
                occurrence = recurrence.next(after: other.instant)
            }
            return occurrence.map { $0.instant..<Instant(seconds: $0.instant.seconds + seconds) }
        }
    }
}

/// Why a blackout cannot be kept.
package enum BlackoutError: Error, Equatable {
    /// It ends before it begins, or lasts no second.
    case empty
    case zone(String)
    case schedule(String)
    case calendar(String)
}
