import Cron
import Domain

/// Instants as text, to the second.
enum Moments {
    static func instant(_ text: String) -> Timestamp? {
        Instant(rfc3339: text).map { Timestamp(seconds: $0.seconds) }
    }

    static func text(_ timestamp: Timestamp) -> String {
        Instant(seconds: timestamp.seconds).rfc3339
    }
}
