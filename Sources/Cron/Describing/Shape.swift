/// What a set of a field's values looks like to a reader.
enum Shape: Equatable {
    case all
    case one(Int)
    /// Three or more in a row.
    case range(Int, Int)
    /// Every n from a first one, right round the field: `*/15` or `5,25,45`.
    case cycle(step: Int, first: Int)
    /// Every n from a to b, which does not go evenly round: `9-17/2`, `*/7`.
    case steps(step: Int, first: Int, last: Int)
    case list([Int])

    init(_ field: FieldText?, dialect: Dialect, absent: Int = 0) {
        guard let field else {
            self = .one(absent)
            return
        }
        let low = field.kind == .dayOfWeek ? 0 : field.kind.bounds(dialect).lowerBound
        let values = Set(field.values(dialect).map { field.kind == .dayOfWeek ? $0 % 7 : $0 })
        self.init(values.sorted(), low: low, cycle: field.kind.cycle(dialect))
    }

    init(_ values: [Int], low: Int, cycle: Int) {
        guard values.count > 1 else {
            self = values.first.map { .one($0) } ?? .list([])
            return
        }
        let step = values[1] - values[0]
        let isEven = zip(values, values.dropFirst()).allSatisfy { $1 - $0 == step }
        if values.count == cycle {
            self = .all
        } else if isEven, cycle % step == 0, values.count == cycle / step {
            self = .cycle(step: step, first: values[0])
        } else if isEven, step == 1, values.count > 2 {
            self = .range(values[0], values[values.count - 1])
        } else if isEven, values.count > 6 {
            self = .steps(step: step, first: values[0], last: values[values.count - 1])
        } else {
            self = .list(values)
        }
    }
}

/// `a, b and c`
func enumeration(_ words: [String], _ conjunction: String = "and") -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
}

/// `1st`, `22nd`, `13th`
func ordinal(_ number: Int) -> String {
    let suffix =
        switch (number % 100, number % 10) {
        case (11...13, _): "th"
        case (_, 1): "st"
        case (_, 2): "nd"
        case (_, 3): "rd"
        default: "th"
        }
    return "\(number)\(suffix)"
}
