/// The proleptic Gregorian calendar, as arithmetic on day numbers (day 0 is 1970-01-01).
///
/// Years are shifted to begin in March, so that the leap day is the last of its year and month lengths follow
/// one linear formula; 400 years (146,097 days) are the calendar's period.
enum Civil {
    static let secondsPerDay: Int64 = 86_400

    struct Date: Equatable {
        var year: Int
        var month: Int
        var day: Int
    }

    static func days(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    static func date(ofDay day: Int64) -> Date {
        let shifted = Int(day) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return Date(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    /// 0 is Sunday.
    static func weekday(ofDay day: Int64) -> Int {
        let remainder = Int((day + 4) % 7)
        return remainder < 0 ? remainder + 7 : remainder
    }

    static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    static func length(ofMonth month: Int, year: Int) -> Int {
        if month == 2 { return isLeap(year) ? 29 : 28 }
        return 30 + (month + month / 8) % 2
    }

    /// The day number that holds this many civil seconds, rounding down before 1970 too.
    static func day(ofSecond second: Int64) -> Int64 {
        let day = second / secondsPerDay
        return second % secondsPerDay < 0 ? day - 1 : day
    }
}
