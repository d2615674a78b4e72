/// One element of a field's list, with numbers for names and values drawn for `H` and `~`.
enum FieldItem: Sendable, Hashable {
    /// `*` or `?`.
    case all
    /// Numbers as written from first to last in steps; last < first wraps round the field's end.
    case numbers(first: Int, last: Int, step: Int)
    /// `L`, `L-3`.
    case daysFromLast(Int)
    /// `15W`.
    case nearestWeekday(Int)
    /// `LW`, `L-3W`.
    case nearestWeekdayFromLast(Int)
    /// `5#2`, 0 being Sunday.
    case weekdayNth(weekday: Int, nth: Int)
    /// `5L`, 0 being Sunday.
    case weekdayLast(Int)
}

/// One field of an expression, read.
struct FieldText: Sendable, Hashable {
    var kind: FieldKind
    var text: String
    var items: [FieldItem]

    /// The text begins with `*`, or is `?`: the field does not restrict by itself.
    var isStar: Bool { text.hasPrefix("*") || text == "?" }

    /// It matches everything.
    var isAll: Bool { items.contains(.all) }

    /// The numbers it matches (0 is Sunday), the counted days apart.
    func values(_ dialect: Dialect) -> [Int] {
        var values: [Int] = []
        let cycle = kind.cycle(dialect)
        let low = kind.bounds(dialect).lowerBound
        for item in items {
            switch item {
            case .all:
                values += low..<low + cycle
            case .numbers(let first, let last, let step):
                let end = last < first ? last + cycle : last
                for number in stride(from: first, through: end, by: step) {
                    values.append((number - low) % cycle + low)
                }
            default:
                break
            }
        }
        if kind == .dayOfWeek, dialect == .quartz { values = values.map { $0 - 1 } }
        return values
    }
}
