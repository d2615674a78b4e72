internal import Cron
internal import Domain
internal import Effects
internal import Synchronization

/// The date of an answer (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func text(_ stamp: Timestamp) -> String {
        let date = LocalDateTime(seconds: stamp.seconds)
        let time = date.text.suffix(8)
        let day = date.day < 10 ? "0\(date.day)" : "\(date.day)"
        return "\(days[date.weekday]), \(day) \(months[date.month - 1]) \(date.text.prefix(4)) \(time) GMT"
    }
}

/// The date of answers now, written out once a second.
final class DateLine: Sendable {
    private struct Line {
        var second: Int64 = .min
        var text = ""
    }

    private let time: any TimeSource
    private let line = Mutex(Line())

    init(_ time: any TimeSource) {
        self.time = time
    }

    var text: String {
        let now = time.now
        return line.withLock { line in
            if line.second != now.seconds { line = Line(second: now.seconds, text: HTTPDate.text(now)) }
            return line.text
        }
    }
}
