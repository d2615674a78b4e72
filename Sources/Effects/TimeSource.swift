package import Domain

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The clock: wall time for schedules and records, steady time for lengths. Nothing else in the product reads
/// one.
package protocol TimeSource: Sendable {
    /// Wall time; may step either way.
    var now: Timestamp { get }
    /// Time since some fixed moment; never steps.
    var uptime: Span { get }
}

/// The machine's clocks.
package struct SystemTime: TimeSource {
    package init() {}

    package var now: Timestamp { Timestamp(microseconds: Self.read(CLOCK_REALTIME)) }
    package var uptime: Span { Span(microseconds: Self.read(CLOCK_MONOTONIC)) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var value = timespec()
        // unsafe because clock_gettime writes through the pointer, which outlives the call.
        unsafe clock_gettime(clock, &value)
        return Int64(value.tv_sec) * 1_000_000 + Int64(value.tv_nsec) / 1000
    }
}
