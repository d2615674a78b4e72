/// ISO 8601 repeating intervals: `R[n]/[start/]period`.
enum RepetitionParser {
    private static let allowed =
        "R/START/PERIOD or R5/START/PERIOD, such as R5/2026-01-01T00:00Z/PT1H; START may be left out"

    static func repetition(_ text: String) throws(ScheduleError) -> Repetition {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3, let period = parts.last else {
            throw ScheduleError(
                field: .repetition,
                text: text,
                problem: "has \(parts.count) parts",
                allowed: allowed
            )
        }
        return Repetition(
            count: try count(parts[0]),
            start: parts.count == 3 ? try ScheduleLine.moment(parts[1], field: .time) : nil,
            period: try self.period(period)
        )
    }

    private static func count(_ text: String) throws(ScheduleError) -> Int? {
        let digits = text.dropFirst()
        if digits.isEmpty { return nil }
        guard let count = Int(digits), count >= 1, count <= ScheduleLimits.repetitionsMax else {
            throw ScheduleError(
                field: .repetition,
                text: text,
                problem: "is not a number of occurrences",
                allowed: "R1 to R\(ScheduleLimits.repetitionsMax), or R alone for ever"
            )
        }
        return count
    }

    private static func period(_ text: String) throws(ScheduleError) -> Repetition.Period {
        func error(_ problem: String, _ hint: String? = nil) -> ScheduleError {
            ScheduleError(
                field: .interval,
                text: text,
                problem: problem,
                allowed: "an ISO 8601 duration in whole numbers, PT90S PT1H30M P1D P1W P1M P1Y",
                hint: hint
            )
        }
        var parser = ISODuration(text)
        guard parser.read() else { throw error("is not a period") }
        let isCalendar = parser.months > 0 || parser.days > 0
        guard isCalendar || parser.seconds > 0 else { throw error("is no time at all") }
        guard parser.seconds == 0 || !isCalendar else {
            throw error(
                "mixes days, which follow the calendar, with hours, which are elapsed time",
                "write one or the other, such as PT36H for P1DT12H"
            )
        }
        guard parser.seconds <= ScheduleLimits.intervalSecondsMax,
            parser.months <= ScheduleLimits.calendarPeriodMax, parser.days <= ScheduleLimits.calendarPeriodMax
        else { throw error("is too long") }
        return isCalendar
            ? .calendar(months: parser.months, days: parser.days) : .elapsed(seconds: Int64(parser.seconds))
    }
}

/// `P[nY][nM][nW][nD][T[nH][nM][nS]]`, units in that order.
private struct ISODuration {
    var months = 0
    var days = 0
    var seconds = 0
    private var rest: ArraySlice<UInt8>

    init(_ text: String) {
        rest = Array(text.uppercased().utf8)[...]
    }

    /// False if it is not a duration.
    mutating func read() -> Bool {
        guard rest.popFirst() == UInt8(ascii: "P"), !rest.isEmpty else { return false }
        guard
            let years = amount("Y"), let months = amount("M"), let weeks = amount("W"), let days = amount("D")
        else { return false }
        self.months = years * 12 + months
        self.days = weeks * 7 + days
        if rest.isEmpty { return true }
        guard rest.popFirst() == UInt8(ascii: "T"), !rest.isEmpty else { return false }
        guard let hours = amount("H"), let minutes = amount("M"), let seconds = amount("S") else {
            return false
        }
        self.seconds = hours * 3600 + minutes * 60 + seconds
        return rest.isEmpty
    }

    /// The number before a unit; 0 if the unit is not next; nil if the number is too long.
    private mutating func amount(_ unit: Unicode.Scalar) -> Int? {
        let digits = rest.prefix { (48...57).contains($0) }
        guard !digits.isEmpty, rest.dropFirst(digits.count).first == UInt8(ascii: unit) else { return 0 }
        guard digits.count <= 9 else { return nil }
        rest.removeFirst(digits.count + 1)
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}
