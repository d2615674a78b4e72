/// The argument of `@every`: numbers with units, `90s`, `1h30m`, `2d`.
enum DurationParser {
    private static let allowed =
        "whole numbers with the units w, d, h, m and s, from 1s to 3660d, such as 90s or 1h30m"

    static func seconds(_ text: String) throws(ScheduleError) -> Int64 {
        func error(_ problem: String, _ hint: String? = nil) -> ScheduleError {
            ScheduleError(field: .interval, text: text, problem: problem, allowed: allowed, hint: hint)
        }
        guard !text.isEmpty else { throw error("is missing") }
        var total: Int64 = 0
        var rest = Array(text.lowercased().utf8)[...]
        var seen: Set<UInt8> = []
        while !rest.isEmpty {
            let digits = rest.prefix { (48...57).contains($0) }
            guard !digits.isEmpty else { throw error("has no number before a unit") }
            guard digits.count <= 9 else { throw error("is too long") }
            rest.removeFirst(digits.count)
            let unit = rest.prefix { !(48...57).contains($0) }
            guard let letter = unit.first else {
                throw error("has no unit", "write \(text)s for seconds or \(text)m for minutes")
            }
            let hint = unit.first == UInt8(ascii: ".") ? "write a smaller unit, such as 90m for 1.5h" : nil
            guard unit.count == 1, let seconds = length(of: letter) else {
                throw error("has the unit \"\(String(decoding: unit, as: UTF8.self))\"", hint)
            }
            guard seen.insert(letter).inserted else { throw error("has a unit twice") }
            total += digits.reduce(0) { $0 * 10 + Int64($1 - 48) } * seconds
            rest.removeFirst()
        }
        guard total >= 1 else { throw error("is no time at all") }
        guard total <= ScheduleLimits.intervalSecondsMax else { throw error("is too long") }
        return total
    }

    private static func length(of unit: UInt8) -> Int64? {
        switch unit {
        case UInt8(ascii: "s"): 1
        case UInt8(ascii: "m"): 60
        case UInt8(ascii: "h"): 3600
        case UInt8(ascii: "d"): 86_400
        case UInt8(ascii: "w"): 604_800
        default: nil
        }
    }
}
