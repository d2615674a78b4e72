/// A cron expression, split into fields and read; what the sets and the sentence are made from.
struct Expression {
    let dialect: Dialect
    /// In the dialect's order.
    let fields: [FieldText]

    private static let listMax = 100

    init(_ text: String, options: ScheduleOptions) throws(ScheduleError) {
        let words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        dialect = try Self.dialect(words, options: options, text: text)
        var fields: [FieldText] = []
        for (word, kind) in zip(words, dialect.fieldKinds) {
            let parts = word.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count <= Self.listMax else {
                throw ScheduleError(
                    field: kind.field,
                    text: word,
                    problem: "has \(parts.count) elements",
                    allowed: "lists of at most \(Self.listMax)"
                )
            }
            var items: [FieldItem] = []
            for (index, part) in parts.enumerated() {
                var parser = FieldParser(
                    String(part),
                    kind: kind,
                    dialect: dialect,
                    seed: options.seed,
                    index: index
                )
                items.append(try parser.item())
            }
            fields.append(FieldText(kind: kind, text: word, items: items))
        }
        self.fields = fields
    }

    private static func dialect(
        _ words: [String],
        options: ScheduleOptions,
        text: String
    ) throws(ScheduleError) -> Dialect {
        func error(_ problem: String, _ allowed: String, _ hint: String? = nil) -> ScheduleError {
            ScheduleError(field: .schedule, text: text, problem: problem, allowed: allowed, hint: hint)
        }
        let count = words.count
        let has = "has \(count) field\(count == 1 ? "" : "s")"
        guard let dialect = options.dialect else {
            switch count {
            case 5: return .unix
            case 6:
                throw error(
                    has + ", which can be read in two ways: seconds first, or year last",
                    "five fields, or six with a dialect",
                    "for seconds first set dialect seconds (or quartz, where 1 is Sunday); for year last set "
                        + "dialect quartz and write \"0 \(words.joined(separator: " "))\""
                )
            case 7:
                throw error(has, "five fields, or seven with dialect quartz (seconds first, year last)")
            default:
                throw error(
                    has,
                    "five fields (minute, hour, day of month, month, day of week), @hourly and its like, "
                        + "@every 90s, @at TIME, or R/START/PERIOD"
                )
            }
        }
        let isRight =
            switch dialect {
            case .unix: count == 5
            case .seconds: count == 6
            case .quartz: count == 6 || count == 7
            }
        guard isRight else {
            let hint: String? =
                switch count {
                case 5: "five fields are dialect unix"
                case 6: "six are dialect seconds, or quartz"
                case 7: "seven are dialect quartz"
                default: nil
                }
            throw error(has, dialect.layout, hint)
        }
        return dialect
    }

    func field(_ kind: FieldKind) -> FieldText? {
        fields.first { $0.kind == kind }
    }

    /// As sets.
    func calendarFields(dayMatch: DayMatch) -> CalendarFields {
        var days = DayRule()
        for field in fields where field.kind == .dayOfMonth || field.kind == .dayOfWeek {
            days.add(field, dialect: dialect)
        }
        let restricting = fields.filter { $0.kind == .dayOfMonth || $0.kind == .dayOfWeek }
        days.mustMatchBoth = dayMatch == .and || restricting.contains { $0.isStar }
        var years: YearSet?
        if let field = field(.year), !field.isAll {
            var set = YearSet()
            for year in field.values(dialect) { set.insert(year) }
            years = set
        }
        return CalendarFields(
            seconds: field(.second) == nil ? 1 : bits(.second),
            minutes: bits(.minute),
            hours: UInt32(truncatingIfNeeded: bits(.hour)),
            months: UInt16(truncatingIfNeeded: bits(.month)),
            days: days,
            years: years,
            isWildcard: field(.minute)?.text.hasPrefix("*") == true
                || field(.hour)?.text.hasPrefix("*") == true
        )
    }

    private func bits(_ kind: FieldKind) -> UInt64 {
        (field(kind)?.values(dialect) ?? []).reduce(0) { $0 | 1 << UInt64($1) }
    }
}

extension Dialect {
    /// What an error says of its fields.
    var layout: String {
        switch self {
        case .unix: "five fields in dialect unix: minute, hour, day of month, month, day of week"
        case .seconds:
            "six fields in dialect seconds: second, minute, hour, day of month, month, day of week"
        case .quartz:
            "six or seven fields in dialect quartz: second, minute, hour, day of month, month, day of week, "
                + "and perhaps year"
        }
    }
}

extension DayRule {
    mutating func add(_ field: FieldText, dialect: Dialect) {
        for value in field.values(dialect) {
            if field.kind == .dayOfWeek {
                weekdays |= 1 << UInt8(value % 7)
            } else {
                days |= 1 << UInt32(value)
            }
        }
        for item in field.items {
            switch item {
            case .all, .numbers: break
            case .daysFromLast(let back): daysFromLast |= 1 << UInt32(back)
            case .nearestWeekday(let day): nearestWeekdays |= 1 << UInt32(day)
            case .nearestWeekdayFromLast(let back): nearestWeekdaysFromLast |= 1 << UInt32(back)
            case .weekdayNth(let weekday, let nth): weekdaysNth |= 1 << UInt64(weekday * 5 + nth - 1)
            case .weekdayLast(let weekday): weekdaysLast |= 1 << UInt8(weekday)
            }
        }
    }
}
