/// On which days an event happens again (RFC 5545 §3.3.10, RRULE), for frequencies of a day and longer.
struct CalendarRule: Sendable, Hashable {
    private enum Frequency: String {
        case daily = "DAILY", weekly = "WEEKLY", monthly = "MONTHLY", yearly = "YEARLY"
    }

    private struct Weekday: Hashable {
        /// 0 is Sunday.
        var day: Int
        /// The n-th of the month, from its end when negative; 0 is every one.
        var nth: Int
    }

    private var frequency = Frequency.yearly
    private var interval = 1
    private var countMax: Int?
    /// The last day or time at which one may begin.
    private(set) var until: CalendarTime?
    private var months: [Int] = []
    private var monthDays: [Int] = []
    private var weekdays: [Weekday] = []
    /// Which of a period's days are meant, from their end when negative; all when empty.
    private var positions: Set<Int> = []
    /// 0 is Sunday.
    private var weekStart = 1

    private static let partsRead = "BYMONTH, BYMONTHDAY, BYDAY and BYSETPOS"

    init(_ text: String, line: Int) throws(CalendarError) {
        for part in text.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { throw CalendarError(line: line, "has \"\(part)\" in its RRULE") }
            let (name, value) = (pair[0].uppercased(), pair[1].uppercased())
            do {
                try read(name, value)
            } catch {
                throw CalendarError(line: line, "has the RRULE part \(name)=\(value), which \(error.problem)")
            }
        }
        if frequency == .yearly, months.isEmpty, weekdays.contains(where: { $0.nth != 0 }) {
            throw CalendarError(line: line, "has a yearly RRULE whose BYDAY needs a BYMONTH beside it")
        }
        // RFC 5545 §3.3.10: without another part there is nothing to choose from.
        if !positions.isEmpty, months.isEmpty, monthDays.isEmpty, weekdays.isEmpty {
            throw CalendarError(
                line: line,
                "has an RRULE with BYSETPOS, which needs BYDAY, BYMONTHDAY or BYMONTH beside it"
            )
        }
    }

    private mutating func read(_ name: String, _ value: String) throws(CalendarError) {
        switch name {
        case "FREQ":
            guard let known = Frequency(rawValue: value) else {
                throw CalendarError("is not read here (DAILY, WEEKLY, MONTHLY and YEARLY are)")
            }
            frequency = known
        case "INTERVAL": interval = try Self.number(value, 1...1000)
        case "COUNT": countMax = try Self.number(value, 1...100_000)
        case "UNTIL":
            guard let time = CalendarTime(value) else { throw CalendarError("is no date") }
            until = time
        case "BYMONTH": months = try Self.list(value, 1...12)
        case "BYMONTHDAY": monthDays = try Self.list(value, -31...31)
        case "BYDAY":
            for word in value.split(separator: ",") { weekdays.append(try Self.weekday(String(word))) }
        case "BYSETPOS": positions = Set(try Self.list(value, -366...366))
        case "WKST": weekStart = try Self.weekday(value).day
        default: throw CalendarError("is not read here (\(Self.partsRead) are)")
        }
    }

    private static func number(_ text: String, _ range: ClosedRange<Int>) throws(CalendarError) -> Int {
        guard let number = Int(text), number != 0, range.contains(number) else {
            throw CalendarError("is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func list(_ text: String, _ range: ClosedRange<Int>) throws(CalendarError) -> [Int] {
        var numbers: [Int] = []
        for word in text.split(separator: ",") { numbers.append(try number(String(word), range)) }
        return numbers
    }

    private static func weekday(_ text: String) throws(CalendarError) -> Weekday {
        let names = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]
        guard let day = names.firstIndex(of: String(text.suffix(2))) else {
            throw CalendarError("names no weekday (SU, MO, TU, WE, TH, FR, SA)")
        }
        let nth = text.dropLast(2)
        return Weekday(day: day, nth: nth.isEmpty ? 0 : try number(String(nth), -5...5))
    }

    // MARK: Days

    /// The days of a recurrence that begins on `first`, up to `last`: day numbers since 1970-01-01, in order.
    func days(from first: Int64, through last: Int64) -> [Int64] {
        var days: [Int64] = [first]
        guard first < last else { return first == last ? days : [] }
        let start = Civil.date(ofDay: first)
        if !positions.isEmpty {
            let chosen = chosenDays(from: first, through: last, start)
            return Array((days + chosen).prefix(countMax ?? .max))
        }
        for day in (first + 1)...last {
            if let countMax, days.count >= countMax { break }
            if matches(day, first, start) { days.append(day) }
        }
        return days
    }

    /// Those at the positions asked for, after `first`. Periods are looked at whole: a position counts days
    /// before the first and after the last one too.
    private func chosenDays(from first: Int64, through last: Int64, _ start: Civil.Date) -> [Int64] {
        var chosen: [Int64] = []
        var period = self.period(holding: first)
        while period.lowerBound <= last {
            let days = period.filter { matches($0, first, start) }
            for (index, day) in days.enumerated()
            where positions.contains(index + 1) || positions.contains(index - days.count) {
                chosen.append(day)
            }
            period = self.period(holding: period.upperBound)
        }
        return chosen.filter { first < $0 && $0 <= last }
    }

    /// The days of the day, week, month or year that a day lies in.
    private func period(holding day: Int64) -> Range<Int64> {
        let date = Civil.date(ofDay: day)
        switch frequency {
        case .daily: return day..<day + 1
        case .weekly: return week(of: day)..<week(of: day) + 7
        case .monthly:
            let first = day - Int64(date.day) + 1
            return first..<first + Int64(Civil.length(ofMonth: date.month, year: date.year))
        case .yearly:
            let first = Civil.days(year: date.year, month: 1, day: 1)
            return first..<first + (Civil.isLeap(date.year) ? 366 : 365)
        }
    }

    private func matches(_ day: Int64, _ first: Int64, _ start: Civil.Date) -> Bool {
        let date = Civil.date(ofDay: day)
        if !months.isEmpty, !months.contains(date.month) { return false }
        switch frequency {
        case .daily:
            return (day - first) % Int64(interval) == 0 && fitsMonthDay(date, else: true)
                && fitsWeekday(day, date, else: true)
        case .weekly:
            let weeks = (week(of: day) - week(of: first)) / 7
            let own = Civil.weekday(ofDay: day) == Civil.weekday(ofDay: first)
            return weeks % Int64(interval) == 0 && fitsWeekday(day, date, else: own)
        case .monthly:
            let passed = (date.year - start.year) * 12 + date.month - start.month
            return passed % interval == 0 && fitsDay(day, date, else: date.day == start.day)
        case .yearly:
            let own = date.day == start.day && (!months.isEmpty || date.month == start.month)
            return (date.year - start.year) % interval == 0 && fitsDay(day, date, else: own)
        }
    }

    /// The day on which a day's week begins.
    private func week(of day: Int64) -> Int64 {
        day - Int64((Civil.weekday(ofDay: day) - weekStart + 7) % 7)
    }

    private func fitsDay(_ day: Int64, _ date: Civil.Date, else fallback: Bool) -> Bool {
        if monthDays.isEmpty, weekdays.isEmpty { return fallback }
        return fitsMonthDay(date, else: true) && fitsWeekday(day, date, else: true)
    }

    private func fitsMonthDay(_ date: Civil.Date, else fallback: Bool) -> Bool {
        if monthDays.isEmpty { return fallback }
        let length = Civil.length(ofMonth: date.month, year: date.year)
        return monthDays.contains(date.day) || monthDays.contains(date.day - length - 1)
    }

    private func fitsWeekday(_ day: Int64, _ date: Civil.Date, else fallback: Bool) -> Bool {
        if weekdays.isEmpty { return fallback }
        let length = Civil.length(ofMonth: date.month, year: date.year)
        let fromStart = (date.day - 1) / 7 + 1
        let fromEnd = -((length - date.day) / 7 + 1)
        let weekday = Civil.weekday(ofDay: day)
        return weekdays.contains {
            $0.day == weekday && ($0.nth == 0 || $0.nth == fromStart || $0.nth == fromEnd)
        }
    }
}
