import Cron
import Testing

struct ScheduleErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var dialect: Dialect?
        var message: String
        var testDescription: String { text }
    }

    private static let minute = "0-59 * a-b */n a-b/n a,b H H(a-b) H/n a~b"
    private static let day = "1-31 * ? a-b */n a-b/n a,b L L-n LW aW H H(a-b) H/n a~b"
    private static let weekday =
        "0-7 (0 and 7 are Sunday) or SUN-SAT * ? a-b */n a-b/n a,b aL a#n H H(a-b) H/n a~b"
    private static let forms =
        "@yearly @annually @monthly @weekly @daily @midnight @hourly @every DURATION @at TIME @reboot"

    static let fieldRows = [
        Row(
            text: "61 * * * *",
            message: "minute \"61\" is out of range: 61 is more than 59; allowed: \(minute)"
        ),
        Row(
            text: "0 24 * * *",
            message:
                "hour \"24\" is out of range: 24 is more than 23; allowed: 0-23 * a-b */n a-b/n a,b H H(a-b)"
                + " H/n a~b; midnight is 0"
        ),
        Row(
            text: "1,,2 * * * *",
            message: "minute \"\" is empty: a comma has nothing on one side; allowed: \(minute)"
        ),
        Row(
            text: "5/10 * * * *",
            message: "minute \"5/10\" steps from a single number; allowed: \(minute); "
                + "write 5-59/10, or */10 for the whole range"
        ),
        Row(
            text: "0 0 * * MNO",
            message: "day of week \"MNO\" is not a name; allowed: \(weekday); did you mean MON?"
        ),
        Row(
            text: "0 22-2 * * *",
            message: "hour \"22-2\" runs backwards; allowed: 0-23 * a-b */n a-b/n a,b H H(a-b) H/n a~b; "
                + "write 22-23,0-2 to go round the end, or 2-22"
        ),
        Row(
            text: "*/90 * * * *",
            message: "minute \"*/90\" has step 90, more than the field's 60 values; allowed: \(minute); "
                + "for elapsed time write @every 90m"
        ),
        Row(
            text: "*/0 * * * *",
            message: "minute \"*/0\" has step 0; allowed: \(minute); a step is at least 1"
        ),
        Row(
            text: "? * * * *",
            message: "minute \"?\" may only be a day field; allowed: \(minute); write *"
        ),
        Row(
            text: "0 0 * * L",
            message: "day of week \"L\" does not say which day; allowed: \(weekday); "
                + "write 5L for the last Friday of the month, or 6 for Saturday"
        ),
        Row(
            text: "0 0 * * 1#6",
            message: "day of week \"1#6\" needs 1 to 5 after #; allowed: \(weekday); "
                + "5#2 is the second such day of the month; write aL for the last"
        ),
        Row(
            text: "0 0 5x * *",
            message: "day of month \"5x\" has \"X\" where it should end; allowed: \(day)"
        ),
    ]

    static let lineRows = [
        Row(
            text: "0 30 2 * * *",
            message:
                "schedule \"0 30 2 * * *\" has 6 fields, which can be read in two ways: seconds first, or "
                + "year "
                + "last; allowed: five fields, or six with a dialect; for seconds first set dialect "
                + "seconds (or "
                + "quartz, where 1 is Sunday); for year last set dialect quartz and write \"0 0 30 2 * * *\""
        ),
        Row(
            text: "0 0 12 * * ? 2027",
            message:
                "schedule \"0 0 12 * * ? 2027\" has 7 fields; allowed: five fields, or seven with dialect "
                + "quartz (seconds first, year last)"
        ),
        Row(
            text: "* * * * *",
            dialect: .quartz,
            message:
                "schedule \"* * * * *\" has 5 fields; allowed: six or seven fields in dialect quartz: "
                + "second, "
                + "minute, hour, day of month, month, day of week, and perhaps year; five fields are "
                + "dialect unix"
        ),
        Row(
            text: "CRON_TZ=Europe/London 0 9 * * *",
            message:
                "schedule \"CRON_TZ=Europe/London\" sets a time zone within the schedule; allowed: the "
                + "schedule "
                + "alone; the zone has a place of its own; write schedule \"0 9 * * *\" and zone "
                + "\"Europe/London\""
        ),
        Row(
            text: "é * * * *",
            message: "schedule \"? * * * *\" has the character U+00E9 in it; allowed: one line of ASCII text"
        ),
        Row(
            text: "@dayly",
            message: "schedule \"@dayly\" is not a macro; allowed: \(forms); did you mean @daily?"
        ),
        Row(
            text: "0 0 30 2 *",
            message:
                "schedule \"0 0 30 2 *\" can never match: no such day exists in any of its months and years; "
                + "allowed: days that come at least once in 400 years"
        ),
        Row(
            text: "@every 90",
            message:
                "interval \"90\" has no unit; allowed: whole numbers with the units w, d, h, m and s, "
                + "from 1s "
                + "to 3660d, such as 90s or 1h30m; write 90s for seconds or 90m for minutes"
        ),
        Row(
            text: "@at tomorrow",
            message:
                "time \"tomorrow\" is not a time; allowed: 2026-03-08T02:30, with seconds or without; "
                + "then Z, "
                + "an offset such as -05:00, or nothing for the zone's own time"
        ),
        Row(
            text: "R5/2026-01-01T00:00Z/P1DT12H",
            message:
                "interval \"P1DT12H\" mixes days, which follow the calendar, with hours, which are "
                + "elapsed time;"
                + " allowed: an ISO 8601 duration in whole numbers, PT90S PT1H30M P1D P1W P1M P1Y; write "
                + "one or the "
                + "other, such as PT36H for P1DT12H"
        ),
    ]

    @Test(arguments: fieldRows + lineRows)
    func `an error names the place, the text, and what may stand there`(row: Row) {
        #expect(refusal(of: row.text, row.dialect) == row.message)
    }

    static let neverRows = [
        "0 0 31 4 *", "0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 30,31 2 *", "0 0 30W 2 *",
    ]

    @Test(arguments: neverRows)
    func `an expression that never matches is refused`(text: String) {
        #expect(refusal(of: text).contains("can never match"))
        // Either day field is enough, so this one does match.
        #expect(refusal(of: text.dropLast() + "1") == "")
    }

    @Test func `29 February within years that have none is refused`() {
        #expect(refusal(of: "0 0 0 29 2 ? 2029-2031", .quartz).contains("can never match"))
        #expect(refusal(of: "0 0 0 29 2 ? 2029-2032", .quartz) == "")
    }

    static let refusedRows = [
        "", " ", "*", "* * * *", "@", "@every", "@every 0s", "@every 1.5h", "@every 1h1h",
        "@every 99999999999s",
        "@every 4000d", "@at", "@at 2026-02-30T00:00", "@daily 5", "@reboot now", "a * * * *", "-1 * * * *",
        "1- * * * *", "*-5 * * * *", "1-5-7 * * * *", "** * * * *", "H(5-1) * * * *", "H(1 * * * *",
        "9~5 * * * *",
        "0 0 L-31 * *", "0 0 W * *", "0 0 32W * *", "0 0 * 13 *", "0 0 * JUNE *", "0 0 * * 8", "0 0 * * MON#",
        "*/ * * * *",
        "R0/2026-01-01T00:00Z/PT1H", "R/2026-01-01T00:00Z", "R/PT0S", "R/P1.5D", "R-1/PT1H",
        "R/2026-13-01T00:00Z/P1D",
        "0 0 * * *\u{0}", "0 0 * * * # note", "é * * * *", "99999999999999999999 * * * *", "R/P99999M",
    ]

    @Test(arguments: refusedRows)
    func `nonsense is refused with a sentence`(text: String) {
        #expect(!refusal(of: text).isEmpty)
    }

    @Test func `a text beyond the limit is refused without being read`() {
        let long = String(repeating: "1,", count: 600) + "1 * * * *"
        #expect(refusal(of: long).contains("allowed: at most 1024 bytes"))
        let listed = Array(repeating: "1", count: 101).joined(separator: ",") + " * * * *"
        #expect(refusal(of: listed).contains("has 101 elements; allowed: lists of at most 100"))
    }

    @Test func `random bytes of the language's alphabet never crash the parser`() {
        let alphabet = Array("0123456789*/,-?LWH#~() @RPT:ZMON")
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<4000 {
            let length = Int.random(in: 0..<24, using: &generator)
            let text = String(
                (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
            )
            for dialect in [Dialect?.none, .seconds] { _ = refusal(of: text, dialect) }
            let padded = "\(text.filter { $0 != " " && $0 != "@" }) * * * *"
            guard let schedule = try? Schedule(padded) else { continue }
            #expect(
                Recurrence(schedule, zone: .utc, anchor: Instant(seconds: 0)).next(after: Instant(seconds: 0))
                    != nil
            )
        }
    }
}
