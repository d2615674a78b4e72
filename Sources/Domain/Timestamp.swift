/// A moment: whole microseconds since 1970-01-01T00:00:00Z, leap seconds ignored (POSIX time).
///
/// The schedule library counts in seconds (`Cron.Instant`); everything that is measured or recorded counts in
/// microseconds. No `Date` is used anywhere in a stage.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z; may be negative.
    package var microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        self.microseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// Before everything that can be scheduled.
    package static let distantPast = Timestamp(microseconds: .min)
    /// "Never": the next instant of a job that has none.
    package static let distantFuture = Timestamp(microseconds: .max)

    /// Whole seconds, rounded down.
    package var seconds: Int64 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    /// Saturates instead of trapping: a deadline far away is "never", not a crash.
    package static func + (a: Timestamp, b: Span) -> Timestamp {
        let (sum, overflow) = a.microseconds.addingReportingOverflow(b.microseconds)
        return Timestamp(microseconds: overflow ? (b.microseconds < 0 ? .min : .max) : sum)
    }

    package static func - (a: Timestamp, b: Span) -> Timestamp {
        let (difference, overflow) = a.microseconds.subtractingReportingOverflow(b.microseconds)
        return Timestamp(microseconds: overflow ? (b.microseconds < 0 ? .max : .min) : difference)
    }

    package static func - (a: Timestamp, b: Timestamp) -> Span {
        let (difference, overflow) = a.microseconds.subtractingReportingOverflow(b.microseconds)
        return Span(microseconds: overflow ? (a.microseconds < 0 ? .min : .max) : difference)
    }
}

/// A length of time in whole microseconds; what the API writes as `"90s"`, `"5m"`, `"24h"`, `"365d"`.
package struct Span: Sendable, Hashable, Comparable {
    package var microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static let zero = Span(microseconds: 0)
    package static let forever = Span(microseconds: .max)

    package static func milliseconds(_ n: Int64) -> Span { Span(n, times: 1000) }
    package static func seconds(_ n: Int64) -> Span { Span(n, times: 1_000_000) }
    package static func minutes(_ n: Int64) -> Span { Span(n, times: 60_000_000) }
    package static func hours(_ n: Int64) -> Span { Span(n, times: 3_600_000_000) }
    package static func days(_ n: Int64) -> Span { Span(n, times: 86_400_000_000) }

    /// Saturates at `forever`: numbers come from people.
    private init(_ n: Int64, times unit: Int64) {
        let (product, overflow) = n.multipliedReportingOverflow(by: unit)
        microseconds = overflow ? (n < 0 ? .min : .max) : product
    }

    package static func < (a: Span, b: Span) -> Bool { a.microseconds < b.microseconds }

    /// Saturates at `forever`.
    package static func + (a: Span, b: Span) -> Span {
        let (sum, overflow) = a.microseconds.addingReportingOverflow(b.microseconds)
        return Span(microseconds: overflow ? .max : sum)
    }

    package static func - (a: Span, b: Span) -> Span {
        let (difference, overflow) = a.microseconds.subtractingReportingOverflow(b.microseconds)
        return Span(microseconds: overflow ? .max : difference)
    }

    /// Reads `"90s"`, `"1h30m"`, `"250ms"`, `"2d"`, or a bare number of seconds; nil when it is none of
    /// these.
    package init?(_ text: String) {
        guard let value = Span.parse(text.utf8) else { return nil }
        self = value
    }

    private static func parse(_ text: String.UTF8View) -> Span? {
        var total: Int64 = 0
        var index = text.startIndex
        guard index != text.endIndex else { return nil }
        while index != text.endIndex {
            let digitsStart = index
            var number: Int64 = 0
            while index != text.endIndex, (0x30...0x39).contains(text[index]) {
                let (tens, o1) = number.multipliedReportingOverflow(by: 10)
                let (next, o2) = tens.addingReportingOverflow(Int64(text[index] - 0x30))
                if o1 || o2 { return nil }
                number = next
                index = text.index(after: index)
            }
            guard digitsStart != index else { return nil }
            let unitStart = index
            while index != text.endIndex, !(0x30...0x39).contains(text[index]) {
                index = text.index(after: index)
            }
            let scale: Int64
            switch String(text[unitStart..<index]) {
            case "us": scale = 1
            case "ms": scale = 1000
            case "s": scale = 1_000_000
            case "" where digitsStart == text.startIndex && index == text.endIndex: scale = 1_000_000
            case "m": scale = 60_000_000
            case "h": scale = 3_600_000_000
            case "d": scale = 86_400_000_000
            case "w": scale = 604_800_000_000
            default: return nil
            }
            let (part, o1) = number.multipliedReportingOverflow(by: scale)
            let (sum, o2) = total.addingReportingOverflow(part)
            if o1 || o2 { return nil }
            total = sum
        }
        return Span(microseconds: total)
    }

    /// The shortest exact form: `"1h30m"`, `"90s"` is `"1m30s"`, `"250ms"`, `"0s"`.
    package var text: String {
        if microseconds == .max { return "forever" }
        if microseconds == 0 { return "0s" }
        var rest = microseconds.magnitude
        var out = microseconds < 0 ? "-" : ""
        let units: [(UInt64, String)] = [
            (86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1000, "ms"),
            (1, "us"),
        ]
        for (size, name) in units where rest >= size {
            out += "\(rest / size)\(name)"
            rest %= size
        }
        return out
    }
}
