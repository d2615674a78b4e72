/// Reads one element of a field, `*/15` or `MON-FRI` or `L-3W`.
///
///     item   = ("*" | "?") ["/" n]
///            | value ["-" value] ["/" n]
///            | "H" ["(" n "-" n ")"] ["/" n]
///            | [value] "~" [value] ["/" n]
///            | "L" ["-" n] ["W"] | n "W"             (day of month)
///            | value "L" | value "#" n | "L"          (day of week; a bare "L" in quartz only)
struct FieldParser {
    let kind: FieldKind
    let dialect: Dialect
    let seed: UInt64
    /// Place in the list, for `Spread`.
    let index: Int
    /// As written, for errors.
    let text: String
    private var rest: ArraySlice<UInt8>

    init(_ text: String, kind: FieldKind, dialect: Dialect, seed: UInt64, index: Int) {
        self.kind = kind
        self.dialect = dialect
        self.seed = seed
        self.index = index
        self.text = text
        rest = text.uppercased().utf8.map { $0 }[...]
    }

    private struct Value {
        var number: Int
        var isName: Bool
    }

    mutating func item() throws(ScheduleError) -> FieldItem {
        guard !rest.isEmpty else { throw error("is empty: a comma has nothing on one side") }
        let item = try bareItem()
        guard rest.isEmpty else {
            throw error("has \"\(String(decoding: rest, as: UTF8.self))\" where it should end")
        }
        return item
    }

    private mutating func bareItem() throws(ScheduleError) -> FieldItem {
        let bounds = kind.bounds(dialect)
        if rest.first == UInt8(ascii: "?") { return try questionMark() }
        if skip("*") {
            guard rest.first == UInt8(ascii: "/") else { return .all }
            return .numbers(first: bounds.lowerBound, last: bounds.upperBound, step: try step())
        }
        if kind != .year, rest.first == UInt8(ascii: "H") { return try hashed() }
        if rest.first == UInt8(ascii: "~") { return try spread(from: nil) }
        if kind == .dayOfMonth, skip("L") { return try fromLast() }
        if kind == .dayOfWeek, rest.first == UInt8(ascii: "L"), rest.count == 1 { return try lastOfWeek() }
        let first = try value()
        if rest.first == UInt8(ascii: "~") { return try spread(from: first) }
        if kind == .dayOfMonth, skip("W") { return .nearestWeekday(first.number) }
        if kind == .dayOfWeek {
            if skip("L") { return .weekdayLast(weekday(first)) }
            if skip("#") { return try nth(first) }
        }
        return try range(from: first)
    }

    private mutating func questionMark() throws(ScheduleError) -> FieldItem {
        guard kind == .dayOfMonth || kind == .dayOfWeek else {
            throw error("may only be a day field", hint: "write *")
        }
        guard rest.count == 1 else { throw error("has more than ?", hint: "write ? or * alone") }
        rest = []
        return .all
    }

    private mutating func range(from first: Value) throws(ScheduleError) -> FieldItem {
        let bounds = kind.bounds(dialect)
        guard skip("-") else {
            guard rest.first == UInt8(ascii: "/") else {
                return .numbers(first: first.number, last: first.number, step: 1)
            }
            let step = try step()
            guard dialect == .quartz else {
                throw error(
                    "steps from a single number",
                    hint:
                        "write \(first.number)-\(bounds.upperBound)/\(step), or */\(step) for the whole range"
                )
            }
            return .numbers(first: first.number, last: bounds.upperBound, step: step)
        }
        let last = try value()
        let step = rest.first == UInt8(ascii: "/") ? try step() : 1
        if last.number < first.number {
            let isNamed = first.isName && last.isName
            guard kind != .year, isNamed || dialect == .quartz else { throw reversed(first, last) }
        }
        return .numbers(first: first.number, last: last.number, step: step)
    }

    private func reversed(_ first: Value, _ last: Value) -> ScheduleError {
        let bounds = kind.bounds(dialect)
        if kind == .dayOfWeek, last.number == 0, !last.isName {
            return error("runs backwards", hint: "write \(first.number)-7, 7 being Sunday too")
        }
        let hint =
            kind == .year
            ? "write \(last.number)-\(first.number)"
            : "write \(first.number)-\(bounds.upperBound),\(bounds.lowerBound)-\(last.number) to go "
                + "round the end, or \(last.number)-\(first.number)"
        return error("runs backwards", hint: hint)
    }

    private mutating func step() throws(ScheduleError) -> Int {
        _ = skip("/")
        guard let step = number() else { throw error("has no number after /") }
        guard step > 0 else { throw error("has step 0", hint: "a step is at least 1") }
        let cycle = kind.cycle(dialect)
        guard step <= cycle else {
            throw error("has step \(step), more than the field's \(cycle) values", hint: everyHint(step))
        }
        return step
    }

    /// What somebody who writes `*/90` probably wants.
    private func everyHint(_ step: Int) -> String? {
        switch kind {
        case .second: "for elapsed time write @every \(step)s"
        case .minute: "for elapsed time write @every \(step)m"
        case .hour: "for elapsed time write @every \(step)h"
        default: nil
        }
    }

    /// `H`, `H(a-b)`, each with a step perhaps.
    private mutating func hashed() throws(ScheduleError) -> FieldItem {
        _ = skip("H")
        var range = kind.spreadBounds(dialect)
        if skip("(") {
            let first = try value()
            guard skip("-") else { throw error("has no a-b between its brackets", hint: "write H(0-9)") }
            let last = try value()
            guard skip(")") else { throw error("has no closing bracket", hint: "write H(0-9)") }
            guard first.number <= last.number else { throw reversed(first, last) }
            range = first.number...last.number
        }
        return try drawn(from: range)
    }

    /// `~`, `a~`, `~b`, `a~b`.
    private mutating func spread(from first: Value?) throws(ScheduleError) -> FieldItem {
        _ = skip("~")
        let isBounded = !rest.isEmpty && rest.first != UInt8(ascii: "/")
        let last = isBounded ? try value() : nil
        let whole = first == nil && last == nil ? kind.spreadBounds(dialect) : kind.bounds(dialect)
        let low = first?.number ?? whole.lowerBound
        let high = last?.number ?? whole.upperBound
        guard low <= high else { throw error("runs backwards", hint: "write \(high)~\(low)") }
        return try drawn(from: low...high)
    }

    private mutating func drawn(from range: ClosedRange<Int>) throws(ScheduleError) -> FieldItem {
        guard rest.first == UInt8(ascii: "/") else {
            let number = Spread.value(in: range, seed: seed, field: kind, item: index)
            return .numbers(first: number, last: number, step: 1)
        }
        let step = try step()
        let heads = range.lowerBound...min(range.upperBound, range.lowerBound + step - 1)
        let number = Spread.value(in: heads, seed: seed, field: kind, item: index)
        return .numbers(first: number, last: range.upperBound, step: step)
    }

    /// After `L` in the day of month.
    private mutating func fromLast() throws(ScheduleError) -> FieldItem {
        var back = 0
        if skip("-") {
            guard let number = number(), (1...30).contains(number) else {
                throw error("needs 1 to 30 after L-", hint: "L-3 is the third day before the last")
            }
            back = number
        }
        return skip("W") ? .nearestWeekdayFromLast(back) : .daysFromLast(back)
    }

    private mutating func lastOfWeek() throws(ScheduleError) -> FieldItem {
        guard dialect == .quartz else {
            throw error(
                "does not say which day",
                hint: "write 5L for the last Friday of the month, or 6 for Saturday"
            )
        }
        rest = []
        return .numbers(first: 7, last: 7, step: 1)
    }

    private mutating func nth(_ value: Value) throws(ScheduleError) -> FieldItem {
        guard let nth = number(), (1...5).contains(nth) else {
            throw error(
                "needs 1 to 5 after #",
                hint: "5#2 is the second such day of the month; write aL for the last"
            )
        }
        return .weekdayNth(weekday: weekday(value), nth: nth)
    }

    private func weekday(_ value: Value) -> Int {
        dialect == .quartz ? value.number - 1 : value.number % 7
    }

    private mutating func value() throws(ScheduleError) -> Value {
        let bounds = kind.bounds(dialect)
        if let number = number() {
            guard bounds.contains(number) else {
                let side =
                    number > bounds.upperBound
                    ? "more than \(bounds.upperBound)" : "less than \(bounds.lowerBound)"
                throw error("is out of range: \(number) is \(side)", hint: rangeHint(number))
            }
            return Value(number: number, isName: false)
        }
        return Value(number: try name(), isName: true)
    }

    private func rangeHint(_ number: Int) -> String? {
        switch (kind, number) {
        case (.hour, 24): "midnight is 0"
        case (.minute, 60), (.second, 60): "the full \(kind == .minute ? "hour" : "minute") is 0"
        case (.dayOfWeek, 0) where dialect == .quartz: "in quartz 1 is Sunday and 7 Saturday"
        default: nil
        }
    }

    private mutating func name() throws(ScheduleError) -> Int {
        let letters = rest.prefix { (65...90).contains($0) }
        let word = String(decoding: letters, as: UTF8.self)
        guard let (names, first) = kind.names(dialect), !word.isEmpty else {
            throw error(word.isEmpty ? "is not a value" : "is not a number")
        }
        // `FRIL` is FRI and L; names are three letters long.
        let head = String(word.prefix(3))
        let isSuffixed = kind == .dayOfWeek && word.count == 4 && word.hasSuffix("L")
        guard word.count == 3 || isSuffixed, let place = names.firstIndex(of: head) else {
            let near = names.first { word.hasPrefix($0) } ?? NearestWord.find(word, in: names)
            throw error("is not a name", hint: near.map { "did you mean \($0)?" })
        }
        rest.removeFirst(3)
        return first + place
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { (48...57).contains($0) }
        guard !digits.isEmpty, digits.count <= 9 else { return nil }
        rest.removeFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private func error(_ problem: String, hint: String? = nil) -> ScheduleError {
        ScheduleError(
            field: kind.field,
            text: text,
            problem: problem,
            allowed: kind.allowed(dialect),
            hint: hint
        )
    }
}
