/// The part of a sentence that tells the days, months and years; empty for every day.
struct DayPhrase {
    private let expression: Expression
    private let mustMatchBoth: Bool

    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]
    private static let ordinals = ["first", "second", "third", "fourth", "fifth"]

    init(_ expression: Expression, dayMatch: DayMatch) {
        self.expression = expression
        mustMatchBoth = expression.calendarFields(dayMatch: dayMatch).days.mustMatchBoth
    }

    /// - Parameter afterTimes: the sentence so far names times, and reads on without a comma.
    func text(afterTimes: Bool) -> String {
        let months = monthNames
        let date = dateClause(ofMonths: months)
        let weekday = weekdayClause(ofMonths: months)
        var isMonthTold = date?.tellsMonth == true || weekday?.tellsMonth == true
        var text: String
        switch (date, weekday) {
        case (nil, nil):
            text = afterTimes ? " every day" : ""
            if let months {
                text += (afterTimes ? " in " : ", in ") + months
                isMonthTold = true
            }
        case (let only?, nil), (nil, let only?):
            text = (afterTimes && !only.isRange ? " " : ", ") + only.text
        case (let date?, let weekday?):
            let separator = afterTimes && !date.isRange ? " " : ", "
            text = separator + date.text
            text += mustMatchBoth ? ", if it is \(weekdayCondition)" : ", or \(weekday.text)"
        }
        if let months, !isMonthTold { text += ", in \(months)" }
        return text + yearClause
    }

    private struct Clause {
        var text: String
        /// `of January` is in it.
        var tellsMonth = true
        /// `Monday to Friday`: set off by a comma.
        var isRange = false
    }

    private var monthNames: String? {
        guard let field = expression.field(.month) else { return nil }
        switch Shape(field, dialect: expression.dialect) {
        case .all: return nil
        case .range(let first, let last): return "\(Self.months[first - 1]) to \(Self.months[last - 1])"
        default:
            return enumeration(Set(field.values(expression.dialect)).sorted().map { Self.months[$0 - 1] })
        }
    }

    private func dateClause(ofMonths months: String?) -> Clause? {
        guard let field = expression.field(.dayOfMonth) else { return nil }
        let shape = Shape(field, dialect: expression.dialect)
        if shape == .all { return nil }
        var words: [String] = []
        switch shape {
        case .all: break
        case .one(let day): words.append("the \(ordinal(day))")
        case .range(let first, let last): words.append("the \(ordinal(first)) to the \(ordinal(last))")
        case .cycle(let step, let first):
            words.append("every \(ordinal(step)) day from the \(ordinal(first))")
        case .steps(let step, let first, let last):
            let end = last + step > 31 ? "" : " to the \(ordinal(last))"
            words.append("every \(ordinal(step)) day from the \(ordinal(first))\(end)")
        case .list(let days): words += days.map { "the \(ordinal($0))" }
        }
        for item in field.items {
            switch item {
            case .daysFromLast(0): words.append("the last day")
            case .daysFromLast(let back): words.append("the \(ordinal(back)) day before the last")
            case .nearestWeekday(let day): words.append("the weekday nearest the \(ordinal(day))")
            case .nearestWeekdayFromLast(0): words.append("the last weekday")
            case .nearestWeekdayFromLast(let back):
                words.append("the weekday nearest the \(ordinal(back)) day before the last")
            default: break
            }
        }
        return Clause(text: "on \(enumeration(words)) of \(months ?? "every month")")
    }

    private func weekdayClause(ofMonths months: String?) -> Clause? {
        guard let field = expression.field(.dayOfWeek) else { return nil }
        let shape = Shape(field, dialect: expression.dialect)
        if shape == .all { return nil }
        let counted = Self.counted(field)
        if counted.isEmpty, let range = namedRange(field, shape) {
            return Clause(text: range, tellsMonth: false, isRange: true)
        }
        let plain = plainWeekdays(field)
        var words: [String] = []
        if !plain.isEmpty { words.append("on " + enumeration(plain.map { $0 + "s" })) }
        if !counted.isEmpty {
            words.append("on \(enumeration(counted)) of \(months ?? "every month")")
        }
        return Clause(text: enumeration(words), tellsMonth: !counted.isEmpty)
    }

    /// After "if it is".
    private var weekdayCondition: String {
        guard let field = expression.field(.dayOfWeek) else { return "" }
        return enumeration(plainWeekdays(field).map { "a \($0)" } + Self.counted(field), "or")
    }

    private func plainWeekdays(_ field: FieldText) -> [String] {
        // Monday first, as a week is told.
        Set(field.values(expression.dialect).map { $0 % 7 }).sorted { ($0 + 6) % 7 < ($1 + 6) % 7 }
            .map { Self.weekdays[$0] }
    }

    /// Three days or more in a row, also across the week's end.
    private func namedRange(_ field: FieldText, _ shape: Shape) -> String? {
        let days = Set(field.values(expression.dialect).map { $0 % 7 })
        guard days.count > 2, let first = days.first(where: { !days.contains(($0 + 6) % 7) }) else {
            return nil
        }
        let last = (first + days.count - 1) % 7
        guard (0..<days.count).allSatisfy({ days.contains((first + $0) % 7) }) else { return nil }
        return "\(Self.weekdays[first]) to \(Self.weekdays[last])"
    }

    private static func counted(_ field: FieldText) -> [String] {
        field.items.compactMap { item in
            switch item {
            case .weekdayNth(let weekday, let nth): "the \(ordinals[nth - 1]) \(weekdays[weekday])"
            case .weekdayLast(let weekday): "the last \(weekdays[weekday])"
            default: nil
            }
        }
    }

    private var yearClause: String {
        guard let field = expression.field(.year) else { return "" }
        switch Shape(field, dialect: expression.dialect) {
        case .all: return ""
        case .range(let first, let last): return ", from \(first) to \(last)"
        case .steps(let step, let first, let last):
            return ", every \(step) years from \(first) to \(last)"
        default: return ", in " + enumeration(Set(field.values(expression.dialect)).sorted().map(String.init))
        }
    }
}
