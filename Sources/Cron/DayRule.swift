/// The two day fields of an expression, and how they combine.
struct DayRule: Sendable, Hashable {
    /// Days of the month, bits 1 to 31.
    var days: UInt32 = 0
    /// `L` is bit 0, `L-3` bit 3: days counted back from the month's last.
    var daysFromLast: UInt32 = 0
    /// `15W` is bit 15: the weekday nearest to that day within the month.
    var nearestWeekdays: UInt32 = 0
    /// `LW` is bit 0, `L-3W` bit 3.
    var nearestWeekdaysFromLast: UInt32 = 0
    /// Days of the week, bit 0 is Sunday.
    var weekdays: UInt8 = 0
    /// `n#k` is bit n × 5 + k − 1.
    var weekdaysNth: UInt64 = 0
    /// `5L` is bit 5: the month's last such day.
    var weekdaysLast: UInt8 = 0
    /// Whether a day must match both fields, or either.
    var mustMatchBoth = true

    /// Multiplying seven bits by this repeats them through six weeks.
    private static let everyWeek: UInt64 = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28 | 1 << 35

    /// The matching days of a month, bits 1 to 31.
    func mask(year: Int, month: Int) -> UInt32 {
        let length = Civil.length(ofMonth: month, year: year)
        let all = (~UInt32(0) >> UInt32(31 - length)) & ~1
        let first = Civil.weekday(ofDay: Civil.days(year: year, month: month, day: 1))
        // Bit 0 of the repeated weeks is a Sunday; the first of the month is bit `first` of them.
        let weeks = UInt64(weekdays) &* Self.everyWeek
        var byWeekday = UInt32(truncatingIfNeeded: weeks >> UInt64(first)) << 1
        var byDate = days
        if weekdaysNth != 0 || weekdaysLast != 0 {
            byWeekday |= countedWeekdays(firstWeekday: first, length: length)
        }
        if daysFromLast != 0 || nearestWeekdays != 0 || nearestWeekdaysFromLast != 0 {
            byDate |= countedDays(firstWeekday: first, length: length)
        }
        return (mustMatchBoth ? byDate & byWeekday : byDate | byWeekday) & all
    }

    private func countedWeekdays(firstWeekday: Int, length: Int) -> UInt32 {
        var mask: UInt32 = 0
        for weekday in 0..<7 {
            let first = 1 + (weekday - firstWeekday + 7) % 7
            for week in 0..<5 where weekdaysNth >> UInt64(weekday * 5 + week) & 1 == 1 {
                // A fifth one that the month lacks falls on a bit that the caller cuts off.
                if first + week * 7 <= length { mask |= 1 << UInt32(first + week * 7) }
            }
            if weekdaysLast >> weekday & 1 == 1 {
                mask |= 1 << UInt32(first + (length - first) / 7 * 7)
            }
        }
        return mask
    }

    private func countedDays(firstWeekday: Int, length: Int) -> UInt32 {
        var mask: UInt32 = 0
        for day in 1...length {
            let back = UInt32(length - day)
            if daysFromLast >> back & 1 == 1 { mask |= 1 << UInt32(day) }
            let isNearest = nearestWeekdays >> UInt32(day) & 1 == 1
            if isNearest || nearestWeekdaysFromLast >> back & 1 == 1 {
                let weekday = (firstWeekday + day - 1) % 7
                mask |= 1 << UInt32(Self.nearestWeekday(to: day, weekday: weekday, length: length))
            }
        }
        return mask
    }

    /// Saturday goes to Friday and Sunday to Monday, but never out of the month.
    private static func nearestWeekday(to day: Int, weekday: Int, length: Int) -> Int {
        switch weekday {
        case 6: day == 1 ? 3 : day - 1
        case 0: day == length ? day - 2 : day + 1
        default: day
        }
    }
}
