/// The part of a sentence that tells the time of day.
struct TimePhrase {
    /// Begins in lower case.
    var text: String
    /// It names times (`at 02:30`), so that a day can follow without a comma.
    var isTimes = false

    private static let timesMax = 6

    init(_ expression: Expression) {
        let dialect = expression.dialect
        let second = Shape(expression.field(.second), dialect: dialect)
        let minute = Shape(expression.field(.minute), dialect: dialect)
        let hour = Shape(expression.field(.hour), dialect: dialect)
        if case .one(let second) = second {
            if let times = Self.times(second: second, minute: minute, hour: hour) {
                text = "at " + enumeration(times)
                isTimes = true
                return
            }
            if case .one(let minute) = minute {
                text = Self.hourly(hour, at: minute, second: second)
                return
            }
            var parts = [Self.phrase(minute, unit: "minute", within: hour == .all ? "hour" : nil)]
            if second != 0 { parts.insert("at second \(second)", at: 0) }
            text = Self.joined(parts, hour)
            return
        }
        var parts = [
            Self.phrase(second, unit: "second", within: minute == .all && hour == .all ? "minute" : nil)
        ]
        if minute != .all {
            parts.append(Self.phrase(minute, unit: "minute", within: hour == .all ? "hour" : nil))
        }
        text = Self.joined(parts, hour)
    }

    /// All times of day, if few enough to be read.
    private static func times(second: Int, minute: Shape, hour: Shape) -> [String]? {
        guard let minutes = minute.few(of: 60), let hours = hour.few(of: 24),
            minutes.count * hours.count <= timesMax
        else {
            return nil
        }
        return hours.flatMap { hour in minutes.map { clock(hour, $0, second) } }
    }

    private static func clock(_ hour: Int, _ minute: Int, _ second: Int) -> String {
        let time = "\(twoDigits(hour)):\(twoDigits(minute))"
        return second == 0 ? time : time + ":\(twoDigits(second))"
    }

    /// One minute of many hours.
    private static func hourly(_ hour: Shape, at minute: Int, second: Int) -> String {
        func at(_ hour: Int) -> String { clock(hour, minute, second) }
        switch hour {
        case .all:
            if minute == 0, second == 0 { return "every hour, on the hour" }
            return second == 0
                ? "at minute \(minute) of every hour"
                : "at minute \(minute) and second \(second) of every hour"
        case .range(let first, let last):
            return "every hour from \(at(first)) to \(at(last))"
        case .cycle(let step, let first):
            return "every \(step) hours from \(at(first))"
        case .steps(let step, let first, let last):
            return "every \(step) hours from \(at(first)) to \(at(last))"
        case .one(let hour):
            return "at \(at(hour))"
        case .list(let hours):
            return "at " + enumeration(hours.map(at))
        }
    }

    /// A field of minutes or seconds; `within` names the next unit when nothing else follows.
    private static func phrase(_ shape: Shape, unit: String, within: String?) -> String {
        let tail = within.map { " of every \($0)" } ?? ""
        switch shape {
        case .all: return "every \(unit)"
        case .one(let value): return "at \(unit) \(value)" + tail
        case .range(let first, let last): return "every \(unit) from \(first) to \(last)" + tail
        case .cycle(let step, 0): return "every \(step) \(unit)s"
        case .cycle(let step, let first): return "every \(step) \(unit)s from \(unit) \(first)" + tail
        case .steps(let step, let first, let last):
            return "every \(step) \(unit)s from \(unit) \(first) to \(last)" + tail
        case .list(let values): return "at \(unit)s \(enumeration(values.map(String.init)))" + tail
        }
    }

    private static func joined(_ parts: [String], _ hour: Shape) -> String {
        var parts = parts
        switch hour {
        case .all: break
        case .one(let hour): parts.append("from \(twoDigits(hour)):00 to \(twoDigits(hour)):59")
        case .range(let first, let last):
            parts.append("from \(twoDigits(first)):00 to \(twoDigits(last)):59")
        case .cycle(let step, let first):
            parts.append("in every \(ordinal(step)) hour from \(twoDigits(first)):00")
        case .steps(let step, let first, let last):
            parts.append(
                "in every \(ordinal(step)) hour from \(twoDigits(first)):00 to \(twoDigits(last)):59"
            )
        case .list(let hours):
            parts.append("in the hours from " + enumeration(hours.map { "\(twoDigits($0)):00" }))
        }
        return parts.joined(separator: ", ")
    }
}

extension Shape {
    /// The values, unless they are better told as a pattern.
    fileprivate func few(of count: Int) -> [Int]? {
        switch self {
        case .one(let value): [value]
        case .list(let values): values
        case .cycle(let step, let first) where count / step <= (count == 24 ? 4 : 2):
            Array(stride(from: first, to: count, by: step))
        default: nil
        }
    }
}
