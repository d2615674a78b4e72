/// A cron expression as sets: which seconds, minutes, hours, days, months and years it matches.
public struct CalendarFields: Sendable, Hashable {
    /// Bit n stands for n.
    var seconds: UInt64
    var minutes: UInt64
    var hours: UInt32
    /// Bits 1 to 12.
    var months: UInt16
    var days: DayRule
    /// Nil is every year.
    var years: YearSet?
    /// See `Schedule.isWildcard`.
    var isWildcard: Bool

    /// The first matching local time at or after this one; nil if none follows before the year 10,000 or
    /// within `ScheduleLimits.searchYearsMax` years.
    func first(from local: Int64) -> Int64? {
        let dayNumber = Civil.day(ofSecond: local)
        let date = Civil.date(ofDay: dayNumber)
        var (year, month) = (date.year, date.month)
        var open = isYearIn(year) && months >> month & 1 == 1 ? days.mask(year: year, month: month) : 0
        if open >> date.day & 1 == 1,
            let time = timeOfDay(from: Int(local - dayNumber * Civil.secondsPerDay))
        {
            return dayNumber * Civil.secondsPerDay + Int64(time)
        }
        open &= ~0 << UInt32(date.day + 1)
        let lastYear = min(year + ScheduleLimits.searchYearsMax, ScheduleLimits.yearMax)
        while open == 0 {
            let later = isYearIn(year) ? Int(months) >> (month + 1) : 0
            if later != 0 {
                month += 1 + later.trailingZeroBitCount
            } else {
                guard let next = nextYear(after: year), next <= lastYear else { return nil }
                year = next
                month = months.trailingZeroBitCount
            }
            open = days.mask(year: year, month: month)
        }
        return Civil.days(year: year, month: month, day: open.trailingZeroBitCount) * Civil.secondsPerDay
            + Int64(firstTimeOfDay)
    }

    private func isYearIn(_ year: Int) -> Bool {
        year <= ScheduleLimits.yearMax && (years?.contains(year) ?? true)
    }

    private func nextYear(after year: Int) -> Int? {
        guard let years else { return year + 1 }
        return years.next(after: year)
    }

    private var firstTimeOfDay: Int {
        hours.trailingZeroBitCount * 3600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
    }

    /// The first matching second of a day at or after this one.
    private func timeOfDay(from second: Int) -> Int? {
        var hour = second / 3600
        if hours >> hour & 1 == 1 {
            var minute = second / 60 % 60
            if minutes >> minute & 1 == 1 {
                let later = seconds >> (second % 60)
                if later != 0 { return second + later.trailingZeroBitCount }
            }
            let later = minutes >> (minute + 1)
            if later != 0 {
                minute += 1 + later.trailingZeroBitCount
                return hour * 3600 + minute * 60 + seconds.trailingZeroBitCount
            }
        }
        let later = hours >> (hour + 1)
        guard later != 0 else { return nil }
        hour += 1 + later.trailingZeroBitCount
        return hour * 3600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
    }
}

/// The years of a `quartz` expression, `ScheduleLimits.years`.
struct YearSet: Sendable, Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    mutating func insert(_ year: Int) {
        let index = year - ScheduleLimits.years.lowerBound
        let bit = UInt64(1) << UInt64(index % 64)
        switch index / 64 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    func contains(_ year: Int) -> Bool {
        guard ScheduleLimits.years.contains(year) else { return false }
        let index = year - ScheduleLimits.years.lowerBound
        let word =
            switch index / 64 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word >> UInt64(index % 64) & 1 == 1
    }

    func next(after year: Int) -> Int? {
        let first = max(year + 1, ScheduleLimits.years.lowerBound)
        guard first <= ScheduleLimits.years.upperBound else { return nil }
        return (first...ScheduleLimits.years.upperBound).first { contains($0) }
    }

    static func == (left: YearSet, right: YearSet) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
