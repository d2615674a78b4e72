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

    /// The last second at which one may begin.
    struct Until: Hashable {
        /// On the event's clock, or in UTC.
        var local: Int64
        var isUTC: Bool
    }

    private var frequency = Frequency.yearly
    private var interval = 1
    private var countMax: Int?
    private(set) var until: Until?
    private var months: [Int] = []
    private var monthDays: [Int] = []
    private var weekdays: [Weekday] = []
    /// 0 is Sunday.
    private var weekStart = 1

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
            until = Until(
                local: time.isDate ? time.local + Civil.secondsPerDay - 1 : time.local,
                isUTC: time.isUTC
            )
        case "BYMONTH": months = try Self.list(value, 1...12)
        case "BYMONTHDAY": monthDays = try Self.list(value, -31...31)
        case "BYDAY":
            for word in value.split(separator: ",") { weekdays.append(try Self.weekday(String(word))) }
        case "WKST": weekStart = try Self.weekday(value).day
        default: throw CalendarError("is not read here")
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
        for day in (first + 1)...last {
            if let countMax, days.count >= countMax { break }
            if matches(day, first, start) { days.append(day) }
        }
        return days
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

/// `20260101`, `20260101T093000` or the latter with a `Z` (RFC 5545 §3.3.4, §3.3.5).
struct CalendarTime: Hashable {
    var local: Int64
    var isDate: Bool
    var isUTC: Bool

    init?(_ text: String) {
        var bytes = Array(text.utf8)
        isUTC = bytes.last == UInt8(ascii: "Z")
        if isUTC { bytes.removeLast() }
        isDate = bytes.count == 8
        guard isDate && !isUTC || bytes.count == 15 && bytes[8] == UInt8(ascii: "T") else { return nil }
        if !isDate { bytes.remove(at: 8) }
        guard bytes.allSatisfy({ (48...57).contains($0) }) else { return nil }
        func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1 - 48) } }
        let time = isDate ? (0, 0, 0) : (number(8..<10), number(10..<12), min(number(12..<14), 59))
        guard
            let local = LocalDateTime(
                year: number(0..<4),
                month: number(4..<6),
                day: number(6..<8),
                hour: time.0,
                minute: time.1,
                second: time.2
            )
        else { return nil }
        self.local = local.seconds
    }
}
