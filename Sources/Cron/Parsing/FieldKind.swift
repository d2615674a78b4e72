/// The fields of a cron expression. The numbers are part of `Spread`'s definition.
enum FieldKind: Int, Sendable, Hashable {
    case second, minute, hour, dayOfMonth, month, dayOfWeek, year

    var field: ScheduleError.Field {
        switch self {
        case .second: .second
        case .minute: .minute
        case .hour: .hour
        case .dayOfMonth: .dayOfMonth
        case .month: .month
        case .dayOfWeek: .dayOfWeek
        case .year: .year
        }
    }

    /// The numbers that may be written.
    func bounds(_ dialect: Dialect) -> ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: dialect == .quartz ? 1...7 : 0...7
        case .year: ScheduleLimits.years
        }
    }

    /// How many values the field takes; a range that wraps starts again after so many.
    func cycle(_ dialect: Dialect) -> Int {
        self == .dayOfWeek ? 7 : bounds(dialect).count
    }

    /// The numbers that a bare `H` or `~` is drawn from.
    func spreadBounds(_ dialect: Dialect) -> ClosedRange<Int> {
        switch self {
        case .dayOfMonth: 1...28
        case .dayOfWeek: dialect == .quartz ? 1...7 : 0...6
        default: bounds(dialect)
        }
    }

    /// Names in the order of the numbers, and the number of the first.
    func names(_ dialect: Dialect) -> (names: [String], first: Int)? {
        switch self {
        case .month: (Self.monthNames, 1)
        case .dayOfWeek: (Self.weekdayNames, dialect == .quartz ? 1 : 0)
        default: nil
        }
    }

    static let monthNames = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ]
    static let weekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

    /// What an error says may be written.
    func allowed(_ dialect: Dialect) -> String {
        let bounds = bounds(dialect)
        var words = ["\(bounds.lowerBound)-\(bounds.upperBound)"]
        switch self {
        case .month: words[0] += " or JAN-DEC"
        case .dayOfWeek:
            words[0] += dialect == .quartz ? " (1 is Sunday) or SUN-SAT" : " (0 and 7 are Sunday) or SUN-SAT"
        default: break
        }
        words.append("*")
        if self == .dayOfMonth || self == .dayOfWeek { words.append("?") }
        words += ["a-b", "*/n", "a-b/n"]
        if dialect == .quartz { words.append("a/n") }
        words.append("a,b")
        switch self {
        case .dayOfMonth: words += ["L", "L-n", "LW", "aW"]
        case .dayOfWeek: words += dialect == .quartz ? ["L", "aL", "a#n"] : ["aL", "a#n"]
        default: break
        }
        if self != .year { words += ["H", "H(a-b)", "H/n", "a~b"] }
        return words.joined(separator: " ")
    }
}

extension Dialect {
    /// The fields in order; the year of `quartz` may be left out.
    var fieldKinds: [FieldKind] {
        switch self {
        case .unix: [.minute, .hour, .dayOfMonth, .month, .dayOfWeek]
        case .seconds: [.second, .minute, .hour, .dayOfMonth, .month, .dayOfWeek]
        case .quartz: [.second, .minute, .hour, .dayOfMonth, .month, .dayOfWeek, .year]
        }
    }
}
