/// A set of local times, asked for in order: all that the DST rules need to know of a schedule.
enum LocalPattern: Sendable, Hashable {
    case fields(CalendarFields)
    case single(Int64)
    case steps(CalendarSteps)

    /// The first at or after this local time.
    func first(from local: Int64) -> Int64? {
        switch self {
        case .fields(let fields): fields.first(from: local)
        case .single(let only): only >= local ? only : nil
        case .steps(let steps): steps.first(from: local)
        }
    }

    /// The first in a range, for changes of the clock.
    func first(in range: Range<Int64>) -> Int64? {
        guard !range.isEmpty, let local = first(from: range.lowerBound), local < range.upperBound else {
            return nil
        }
        return local
    }

    var isWildcard: Bool {
        if case .fields(let fields) = self { return fields.isWildcard }
        return false
    }
}

/// Local times a calendar period apart: `Repetition.Period.calendar` defines them.
struct CalendarSteps: Sendable, Hashable {
    var start: Int64
    var months: Int
    var days: Int
    /// Numbers of the first and the last occurrence; the start is number 0.
    var firstIndex: Int
    var lastIndex: Int

    init(start: Int64, months: Int, days: Int, count: Int?, includesStart: Bool) {
        self.start = start
        self.months = months
        self.days = days
        firstIndex = includesStart ? 0 : 1
        // A step is at least a day, so that the year 9999 is reached after fewer.
        lastIndex = min((count ?? .max) - 1, (ScheduleLimits.yearMax + 1) * 366)
    }

    func first(from local: Int64) -> Int64? {
        guard firstIndex <= lastIndex else { return nil }
        var low = firstIndex
        var high = lastIndex + 1
        while low < high {
            let middle = (low + high) / 2
            if self.local(at: middle) < local { low = middle + 1 } else { high = middle }
        }
        guard low <= lastIndex else { return nil }
        let found = self.local(at: low)
        return found <= Horizon.last ? found : nil
    }

    private func local(at index: Int) -> Int64 {
        let day = Civil.day(ofSecond: start)
        var target = day
        if months > 0 {
            let date = Civil.date(ofDay: day)
            let month = date.year * 12 + date.month - 1 + index * months
            let length = Civil.length(ofMonth: month % 12 + 1, year: month / 12)
            target = Civil.days(year: month / 12, month: month % 12 + 1, day: min(date.day, length))
        }
        target += Int64(index * days)
        return target * Civil.secondsPerDay + start - day * Civil.secondsPerDay
    }
}

/// The years in which anything occurs, with room on both sides for offsets: 0001 to `ScheduleLimits.yearMax`.
enum Horizon {
    static let first: Int64 = -62_135_596_800
    static let last: Int64 = 253_402_300_799
}
