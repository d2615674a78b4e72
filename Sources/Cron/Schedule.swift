/// How the fields of an expression are laid out and read.
public enum Dialect: String, Sendable, Hashable, CaseIterable {
    /// Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday).
    case unix
    /// Six fields: seconds first, otherwise as `unix`.
    case seconds
    /// Six or seven fields: seconds first, an optional year last, 1 is Sunday, `5/10` steps from 5, ranges
    /// wrap.
    case quartz
}

/// What two restricting day fields mean together.
public enum DayMatch: String, Sendable, Hashable, CaseIterable {
    /// Debian's rule: either one is enough, unless one of the two begins with `*` (or is `?`): then both must
    /// match.
    case or
    /// Both must match.
    case and
}

/// What the text of a schedule does not say about itself.
public struct ScheduleOptions: Sendable, Hashable {
    /// Nil: five fields are `unix`, and six or seven are an error that names the readings.
    public var dialect: Dialect?
    public var dayMatch: DayMatch
    /// Seeds `H` and `~` (see `Spread`); the same seed always gives the same times. A job passes its id's
    /// hash.
    public var seed: UInt64

    public init(dialect: Dialect? = nil, dayMatch: DayMatch = .or, seed: UInt64 = 0) {
        self.dialect = dialect
        self.dayMatch = dayMatch
        self.seed = seed
    }
}

/// Bounds on what a schedule may say.
public enum ScheduleLimits {
    /// Longest text, in bytes.
    public static let textBytesMax = 1024
    /// Longest elapsed interval: ten years of 366 days.
    public static let intervalSecondsMax: Int64 = 10 * 366 * 86_400
    /// Most repetitions in `R<n>/…`.
    public static let repetitionsMax = 1_000_000_000
    /// Longest calendar period, in months or in days as written.
    public static let calendarPeriodMax = 36_600
    /// Years of the `quartz` year field.
    public static let years = 1970...2199
    /// Nothing occurs after this year.
    public static let yearMax = 9999
    /// An expression without a match in this many years (the calendar's period) never matches.
    public static let searchYearsMax = 400
}

/// One line of schedule text, understood.
///
/// Five forms: a cron expression or a macro (`30 2 * * *`, `@daily`), `@every 90s`, `@at 2026-03-08T02:30`,
/// an ISO 8601 repeating interval (`R5/2026-01-01T00:00Z/PT1H`), and `@reboot`.
public struct Schedule: Sendable, Hashable, CustomStringConvertible {
    /// What a schedule is made of.
    public enum Form: Sendable, Hashable {
        /// A cron expression, or a macro that stands for one.
        case calendar(CalendarFields)
        /// `@every`: elapsed seconds, counted from the anchor, which is itself an occurrence.
        case interval(seconds: Int64)
        /// `@at`: exactly once.
        case once(Moment)
        /// ISO 8601 `R…/start/period`.
        case repeating(Repetition)
        /// `@reboot`: at every start of the program, so at no instant that can be foretold.
        case reboot
    }

    /// As given, without white space around it.
    public let text: String
    public let form: Form
    public let options: ScheduleOptions

    /// The dialect an expression was read in; a macro is `unix`. Nil for `@every`, `@at`, ISO 8601 and
    /// `@reboot`.
    public let dialect: Dialect?

    /// - Parameters:
    ///   - text: one line, at most `ScheduleLimits.textBytesMax` bytes.
    ///   - now: when given, a text that has no occurrence after it (a past year, a past `@at`) is an error
    /// too.
    public init(_ text: String, options: ScheduleOptions = .init(), now: Instant? = nil) throws(ScheduleError)
    {
        let line = try ScheduleLine(text, options: options)
        self.text = line.text
        self.form = line.form
        self.options = options
        self.dialect = line.dialect
        try refuseIfNever(after: now)
    }

    /// True when the text of the minute or hour field begins with `*`: such a schedule follows real time
    /// across a clock change, all others are fixed to the wall clock (`DSTPolicy.vixie`).
    public var isWildcard: Bool {
        guard case .calendar(let fields) = form else { return false }
        return fields.isWildcard
    }

    public var description: String { text }
}

/// A point in time as a schedule names it.
public enum Moment: Sendable, Hashable {
    /// Written with `Z` or an offset.
    case instant(Instant)
    /// Written without: on the wall clock of the job's zone.
    case local(LocalDateTime)
}

/// An ISO 8601 repeating interval.
///
/// `R5/start/PT1H` occurs five times in all, the start being the first; `R/start/PT1H` goes on for ever.
/// Without a start (`R/P1D`) the anchor is the start.
public struct Repetition: Sendable, Hashable {
    /// Occurrences in all; nil is unbounded.
    public var count: Int?
    public var start: Moment?
    public var period: Period

    public enum Period: Sendable, Hashable {
        /// Of hours, minutes and seconds: elapsed time, which ignores clock changes.
        case elapsed(seconds: Int64)
        /// Of years, months, weeks and days: steps of the wall clock's date, under the DST policy. Occurrence
        /// k is the start's date plus k × months, the day cut to the month's last if it has no such day (31
        /// January, then
        /// 28 February, then 31 March), plus k × days.
        case calendar(months: Int, days: Int)
    }
}
