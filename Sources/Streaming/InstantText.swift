internal import Cron
package import Domain

extension Timestamp {
    /// RFC 3339 in UTC, with as many digits of a second as are not zero: `2026-03-08T07:00:00Z`,
    /// `2026-03-08T07:00:00.25Z`. "Never" and "before everything" are nil.
    package var rfc3339Text: String? {
        guard self != .distantFuture, self != .distantPast else { return nil }
        let whole = Instant(seconds: seconds).rfc3339
        let fraction = microseconds - seconds * 1_000_000
        guard fraction != 0 else { return whole }
        var digits = String(fraction + 1_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole.dropLast()).\(digits)Z"
    }

    /// As a JSON value; null where there is no such moment.
    package var json: JSON { rfc3339Text.map { .string($0) } ?? .null }
}

extension Slot {
    /// The slot's name, unique for ever: job, line, local time and fold.
    package func name(of job: JobID) -> String { "\(job)-\(line)-\(local.text)-\(fold)" }
}
