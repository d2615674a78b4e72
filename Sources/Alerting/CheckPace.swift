package import Domain

/// Whether a check's success came much sooner than usual, or after an unusual time; beside its own standing,
/// and with alerts of their own. Durations go by `PaceRule`, as those of a job's runs do.
package enum CheckPace {
    /// Too short intervals in a row before it is said: a script that is run again by hand is no news.
    package static let shortInARowMin: UInt8 = 3

    /// The alert about how long it takes.
    package static func durationKey(of check: CheckID) -> String { "\(CheckMachine.key(of: check))/pace" }
    /// The alert about how often it comes.
    package static func intervalKey(of check: CheckID) -> String { "\(CheckMachine.key(of: check))/rate" }

    /// - Parameter habit: with the latest success learned.
    /// - Returns: nil while neither can be said.
    package static func isTooOften(_ habit: CheckHabit) -> Bool? {
        if habit.shortInARow == 0 { return false }
        return habit.shortInARow >= shortInARowMin ? true : nil
    }

    /// One line: which check, how often, and what is usual.
    package static func title(tooOften name: String, interval: Span, usual: Span) -> String {
        "\(name) came after \(rounded(interval)), more often than usual (every \(rounded(usual)))"
    }

    private static func rounded(_ span: Span) -> String {
        let unit: Int64 = span >= .hours(1) ? 60_000_000 : 100_000
        return Span(microseconds: span.microseconds / unit * unit).text
    }
}
