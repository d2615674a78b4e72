internal import Cron
internal import Domain

extension Timestamp {
    /// RFC 3339 in UTC, whole seconds: `2026-01-02T03:04:05Z`.
    var rfc3339: String { Instant(seconds: seconds).rfc3339 }

    /// RFC 5322 §3.3 in UTC: `Fri, 02 Jan 2026 03:04:05 +0000`.
    var rfc5322: String {
        let local = LocalDateTime(seconds: seconds)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = local.day < 10 ? "0\(local.day)" : "\(local.day)"
        return "\(days[local.weekday]), \(day) \(months[local.month - 1]) \(local.year) "
            + "\(local.text.suffix(8)) +0000"
    }

    /// For people: `2026-01-02 03:04:05 UTC`.
    var spoken: String {
        LocalDateTime(seconds: seconds).text.split(separator: "T").joined(separator: " ") + " UTC"
    }
}
