/// Tells the forms of schedule text apart and reads each.
struct ScheduleLine {
    var text: String
    var form: Schedule.Form
    var dialect: Dialect?

    /// The macros that stand for an expression.
    static let macros: [(name: String, expression: String)] = [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ]

    private static let forms =
        "@yearly @annually @monthly @weekly @daily @midnight @hourly @every DURATION @at TIME @reboot"

    init(_ given: String, options: ScheduleOptions) throws(ScheduleError) {
        guard given.utf8.count <= ScheduleLimits.textBytesMax else {
            throw ScheduleError(
                field: .schedule,
                text: String(given.prefix(40)) + "…",
                problem: "has \(given.utf8.count) bytes",
                allowed: "at most \(ScheduleLimits.textBytesMax) bytes"
            )
        }
        text = Self.trimmed(given)
        func isPlain(_ scalar: Unicode.Scalar) -> Bool { (32...126).contains(scalar.value) || scalar == "\t" }
        if let bad = text.unicodeScalars.first(where: { !isPlain($0) }) {
            throw ScheduleError(
                field: .schedule,
                text: String(String.UnicodeScalarView(text.unicodeScalars.map { isPlain($0) ? $0 : "?" })),
                problem: "has the character U+\(Self.hexadecimal(bad)) in it",
                allowed: "one line of ASCII text"
            )
        }
        if text.hasPrefix("@") {
            (form, dialect) = try Self.macro(text, options: options)
        } else if Self.isRepetition(text) {
            form = .repeating(try RepetitionParser.repetition(text))
        } else {
            try Self.refuseZonePrefix(text)
            let expression = try Expression(text, options: options)
            form = .calendar(expression.calendarFields(dayMatch: options.dayMatch))
            dialect = expression.dialect
        }
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func trimmed(_ text: String) -> String {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool { [" ", "\t", "\n", "\r"].contains(scalar) }
        let tail = text.unicodeScalars.drop(while: isSpace)
        let last = tail.lastIndex { !isSpace($0) }
        return last.map { String(tail[...$0]) } ?? ""
    }

    /// `R5/…` or `R/…`: no cron field begins with R.
    private static func isRepetition(_ text: String) -> Bool {
        guard text.first == "R" || text.first == "r" else { return false }
        return text.dropFirst().drop { $0.isNumber || $0 == "-" }.first == "/"
    }

    private static func refuseZonePrefix(_ text: String) throws(ScheduleError) {
        for prefix in ["CRON_TZ=", "TZ="] where text.uppercased().hasPrefix(prefix) {
            let zone = text.dropFirst(prefix.count).prefix { $0 != " " && $0 != "\t" }
            let rest = trimmed(String(text.dropFirst(prefix.count + zone.count)))
            throw ScheduleError(
                field: .schedule,
                text: String(text.prefix(prefix.count)) + zone,
                problem: "sets a time zone within the schedule",
                allowed: "the schedule alone; the zone has a place of its own",
                hint: "write schedule \"\(rest)\" and zone \"\(zone)\""
            )
        }
    }

    private static func macro(
        _ text: String,
        options: ScheduleOptions
    ) throws(ScheduleError) -> (Schedule.Form, Dialect?) {
        let name = text.prefix { $0 != " " && $0 != "\t" }.lowercased()
        let argument = trimmed(String(text.dropFirst(name.count)))
        switch name {
        case "@every":
            return (.interval(seconds: try DurationParser.seconds(argument)), nil)
        case "@at":
            return (.once(try moment(argument, field: .time)), nil)
        default:
            break
        }
        guard argument.isEmpty else {
            throw ScheduleError(
                field: .schedule,
                text: text,
                problem: "has something after \(name)",
                allowed: forms
            )
        }
        if name == "@reboot" { return (.reboot, nil) }
        guard let macro = macros.first(where: { $0.name == name }) else {
            let names = macros.map(\.name) + ["@every", "@at", "@reboot"]
            throw ScheduleError(
                field: .schedule,
                text: name,
                problem: "is not a macro",
                allowed: forms,
                hint: NearestWord.question(name, in: names)
            )
        }
        let expression = try Expression(macro.expression, options: ScheduleOptions(dialect: .unix))
        return (.calendar(expression.calendarFields(dayMatch: options.dayMatch)), .unix)
    }

    static func moment(_ text: String, field: ScheduleError.Field) throws(ScheduleError) -> Moment {
        if let instant = Instant(rfc3339: text) { return .instant(instant) }
        if let local = LocalDateTime(text) { return .local(local) }
        throw ScheduleError(
            field: field,
            text: text,
            problem: text.isEmpty ? "is missing" : "is not a time",
            allowed:
                "2026-03-08T02:30, with seconds or without; then Z, an offset such as -05:00, or nothing "
                + "for the zone's own time"
        )
    }
}

extension Schedule {
    /// A text that asks for nothing is more likely a mistake than a wish.
    func refuseIfNever(after now: Instant?) throws(ScheduleError) {
        if case .calendar(let fields) = form, fields.first(from: 0) == nil {
            throw ScheduleError(
                field: .schedule,
                text: text,
                problem: "can never match: no such day exists in any of its months and years",
                allowed: "days that come at least once in \(ScheduleLimits.searchYearsMax) years"
            )
        }
        guard let now, form != .reboot else { return }
        if Recurrence(self, zone: .utc, dst: .utc, anchor: now).next(after: now) == nil {
            // A day's grace: the zone is not known here.
            let early = Instant(seconds: now.seconds - Civil.secondsPerDay - 7200)
            guard Recurrence(self, zone: .utc, dst: .utc, anchor: early).next(after: early) == nil else {
                return
            }
            throw ScheduleError(
                field: .schedule,
                text: text,
                problem: "is over: it has no occurrence after \(now)",
                allowed: "a schedule with a time to come"
            )
        }
    }
}
