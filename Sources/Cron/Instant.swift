/// A moment in time, in whole seconds since 1970-01-01T00:00:00Z (leap seconds are not counted, as in POSIX).
public struct Instant: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since 1970 UTC; negative before.
    public var seconds: Int64

    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Reads RFC 3339 (`2026-03-08T07:00:00Z`, `2026-03-08T02:00-05:00`); seconds may be left out, a fraction
    /// of a second is cut off, and years are 0000 to 9999. Nil for anything else, a text without an offset
    /// included.
    public init?(rfc3339 text: String) {
        guard let stamp = TimestampText(text), let offset = stamp.offset else { return nil }
        self.init(seconds: stamp.civilSeconds - Int64(offset))
    }

    /// `2026-03-08T07:00:00Z`
    public var rfc3339: String {
        LocalDateTime(seconds: seconds).text + "Z"
    }

    public var description: String { rfc3339 }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.seconds < right.seconds
    }
}
