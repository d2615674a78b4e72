internal import Cron

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or an IMF-fixdate.
package enum RetryAfter {
    package static func parse(_ text: String, now: Timestamp) -> Span? {
        let text = text.filter { $0 != "\t" }
        if let seconds = Int64(text.split(separator: " ").first ?? ""), seconds >= 0, !text.contains(",") {
            return .seconds(seconds)
        }
        return date(text).map { $0 - now }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ text: String) -> Timestamp? {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == ":" || $0 == "," })
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 8, parts[7] == "GMT", let day = Int(parts[1]),
            let month = months.firstIndex(of: String(parts[2])), let year = Int(parts[3]),
            let hour = Int(parts[4]),
            let minute = Int(parts[5]), let second = Int(parts[6]),
            let local = LocalDateTime(
                year: year,
                month: month + 1,
                day: day,
                hour: hour,
                minute: minute,
                second: min(second, 59)
            )
        else { return nil }
        return Timestamp(seconds: local.seconds)
    }
}
