package import Domain

/// How long a message waits between attempts: quick at first, then slower, a day in all
/// (`reference/streams-hooks-status.md` §13).
package enum RetryPace {
    private static let seconds: [Int64] = [5, 30, 30, 30, 120, 600, 1800]
    /// From then on an attempt an hour.
    private static let afterwards: Int64 = 3600
    /// A message older than this is a dead letter.
    package static let ageMax = Span.days(1)

    /// The wait after the failed attempt with this number (1 is the first), ±20 %; nil when the message is
    /// too old for another. The jitter is drawn from the message, so that a replay waits exactly as long.
    package static func wait(
        afterAttempt attempt: Int,
        message: AlertMessage,
        atLeast: Span,
        now: Timestamp
    ) -> Span? {
        let base = attempt <= seconds.count ? seconds[max(attempt, 1) - 1] : afterwards
        let spread = UInt64(base) * 400_000
        let jitter = StableHash.below(spread, StableHash.mix(message.sequence.value, UInt64(attempt)))
        let own = Span(microseconds: base * 800_000 + Int64(jitter))
        let wait = max(own, atLeast)
        return now + wait - message.at > ageMax ? nil : wait
    }
}
