import Cron
import Testing

/// Random expressions against a naive walk of every minute around a clock change, with a matcher and a
/// reading of the policies that share nothing with the library but the zone's offsets.
struct CrossCheckTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var zone: String
        /// A day with a change.
        var day: String
        var testDescription: String { "\(zone) around \(day)" }
    }

    static let rows = [
        Row(zone: "America/New_York", day: "2026-03-08"), Row(zone: "America/New_York", day: "2026-11-01"),
        Row(zone: "Europe/Berlin", day: "2026-03-29"), Row(zone: "Europe/Berlin", day: "2026-10-25"),
        Row(zone: "Africa/Cairo", day: "2026-04-24"), Row(zone: "Africa/Cairo", day: "2026-10-29"),
        Row(zone: "Australia/Lord_Howe", day: "2026-10-04"),
        Row(zone: "Australia/Lord_Howe", day: "2026-04-05"),
        Row(zone: "Antarctica/Troll", day: "2026-03-29"), Row(zone: "Antarctica/Troll", day: "2026-10-25"),
        Row(zone: "Africa/Casablanca", day: "2026-02-15"), Row(zone: "Pacific/Apia", day: "2011-12-30"),
        Row(zone: "America/St_Johns", day: "2150-03-08"), Row(zone: "Asia/Kathmandu", day: "1986-01-01"),
    ]

    /// Change it to look for more; a failure prints it.
    static let seed: UInt64 = 20_261_121
    private static let expressionsPerRow = 24

    @Test(arguments: rows)
    func `every occurrence is where a minute by minute walk finds it`(row: Row) throws {
        var generator = SeededGenerator(
            seed: Self.seed ^ UInt64(row.day.utf8.reduce(7) { $0 &* 31 &+ Int($1) })
        )
        let zone = try ZoneDatabase.embedded.zone(named: row.zone)
        let noon = zone.resolve(try local(row.day + "T12:00")).earliest
        let walk = MinuteWalk(zone: zone, from: noon.seconds - 40 * 3600, minutes: 80 * 60)
        for _ in 0..<Self.expressionsPerRow {
            let expression = RandomExpression(using: &generator)
            for dst in DSTPolicy.allCases where dst != .utc {
                let job = Recurrence(
                    try Schedule(expression.text),
                    zone: zone,
                    dst: dst,
                    anchor: Instant(seconds: 0)
                )
                let found = Array(job.occurrences(after: walk.after, before: walk.before))
                let expected = walk.occurrences(of: expression, dst: dst)
                #expect(found == expected, "\(expression.text) under \(dst.rawValue), seed \(Self.seed)")
                let runs = expected.filter { $0.disposition == .run }.map(\.instant)
                var next: [Instant] = []
                var from = walk.after
                while let run = job.nextRun(after: from), run < walk.before {
                    next.append(run)
                    from = run
                }
                #expect(next == runs, "\(expression.text) under \(dst.rawValue), seed \(Self.seed)")
            }
        }
    }
}

/// A text, and the sets it means, made side by side.
private struct RandomExpression {
    var text: String
    var minutes: Set<Int>
    var hours: Set<Int>
    var days: Set<Int>
    var weekdays: Set<Int>
    var mustMatchBoth: Bool
    var isWildcard: Bool

    init(using generator: inout SeededGenerator) {
        let minute = Self.field(0...59, using: &generator)
        let hour = Self.field(0...23, using: &generator)
        let isDaily = Int.random(in: 0..<3, using: &generator) > 0
        let day = isDaily ? ("*", Set(1...31)) : Self.field(1...31, using: &generator)
        let weekday = isDaily ? ("*", Set(0...6)) : Self.field(0...6, using: &generator)
        text = "\(minute.0) \(hour.0) \(day.0) * \(weekday.0)"
        minutes = minute.1
        hours = hour.1
        days = day.1
        weekdays = weekday.1
        mustMatchBoth = day.0.first == "*" || weekday.0.first == "*"
        isWildcard = minute.0.first == "*" || hour.0.first == "*"
    }

    private static func field(
        _ bounds: ClosedRange<Int>,
        using generator: inout SeededGenerator
    ) -> (String, Set<Int>) {
        let first = Int.random(in: bounds, using: &generator)
        let second = Int.random(in: bounds, using: &generator)
        let (low, high) = (min(first, second), max(first, second))
        let step = Int.random(in: 1...7, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: return ("*", Set(bounds))
        case 1:
            return ("*/\(step)", Set(stride(from: bounds.lowerBound, through: bounds.upperBound, by: step)))
        case 2: return ("\(low)-\(high)", Set(low...high))
        case 3: return ("\(low)-\(high)/\(step)", Set(stride(from: low, through: high, by: step)))
        case 4: return ("\(first),\(second)", [first, second])
        default: return ("\(first)", [first])
        }
    }

    func matches(_ shown: Shown) -> Bool {
        guard minutes.contains(shown.minute), hours.contains(shown.hour) else { return false }
        let (isDay, isWeekday) = (days.contains(shown.day), weekdays.contains(shown.weekday))
        return mustMatchBoth ? isDay && isWeekday : isDay || isWeekday
    }
}

/// A minute of the wall clock, taken apart once.
private struct Shown {
    var local: LocalDateTime
    var minute: Int
    var hour: Int
    var day: Int
    var weekday: Int

    init(_ seconds: Int64) {
        local = LocalDateTime(seconds: seconds)
        (minute, hour, day, weekday) = (local.minute, local.hour, local.day, local.weekday)
    }
}

/// All minutes of a stretch of real time, with what the clock shows, repeats and leaves out.
private struct MinuteWalk {
    var after: Instant
    var before: Instant
    private var steps: [Step] = []

    private struct Step {
        var instant: Int64
        var shown: Shown
        var isSecondPass: Bool
        /// Minutes left out just before.
        var missing: [Shown] = []
    }

    init(zone: Zone, from: Int64, minutes: Int) {
        let start = from - from % 60
        after = Instant(seconds: start - 1)
        before = Instant(seconds: start + Int64(minutes) * 60)
        var seen: Set<Int64> = []
        var last = start - 60 + Int64(zone.offset(at: Instant(seconds: start - 60)))
        for minute in 0..<Int64(minutes) {
            let instant = start + minute * 60
            let local = instant + Int64(zone.offset(at: Instant(seconds: instant)))
            var step = Step(instant: instant, shown: Shown(local), isSecondPass: !seen.insert(local).inserted)
            if local > last + 60 {
                step.missing = stride(from: last + 60, to: local, by: 60).map { Shown($0) }
            }
            last = local
            steps.append(step)
        }
    }

    func occurrences(of expression: RandomExpression, dst: DSTPolicy) -> [Occurrence] {
        var found: [Occurrence] = []
        for step in steps {
            for shown in step.missing where expression.matches(shown) {
                if dst == .vixie && expression.isWildcard { continue }
                let isMoved = dst == .shift
                // What follows the gap shows the same time a gap's length later.
                let moved = step.instant + shown.local.seconds - (step.missing.first?.local.seconds ?? 0)
                found.append(
                    Occurrence(
                        instant: Instant(seconds: isMoved ? moved : step.instant),
                        local: shown.local,
                        fold: 0,
                        disposition: dst == .literal || dst == .once ? .dstGapSkipped : .run
                    )
                )
            }
            guard expression.matches(step.shown) else { continue }
            let isBoth = dst == .literal || dst == .vixie && expression.isWildcard
            found.append(
                Occurrence(
                    instant: Instant(seconds: step.instant),
                    local: step.shown.local,
                    fold: step.isSecondPass ? 1 : 0,
                    disposition: step.isSecondPass && !isBoth ? .dstFoldSkipped : .run
                )
            )
        }
        found.sort()
        for index in found.indices.dropFirst()
        where found[index].disposition == .run && found[index].instant == found[index - 1].instant
            && found[index - 1].disposition != .dstGapSkipped
        {
            found[index].disposition = .dstGapMerged
        }
        return found.filter { $0.instant < before }
    }
}
