import Cron
import Testing

struct ExpressionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var dialect: Dialect?
        var from = "2026-01-01T00:00:00Z"
        /// The first runs in UTC.
        var runs: [String]
        var testDescription: String { "\(text) (\(dialect?.rawValue ?? "no dialect"))" }
    }

    static let unixRows = [
        Row(text: "*/15 9-17 * * 1-5", runs: ["2026-01-01T09:00:00Z", "2026-01-01T09:15:00Z"]),
        Row(text: "0 0 * * 0", runs: ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]),
        Row(text: "0 0 * * 7", runs: ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]),
        Row(
            text: "0 0 * * fri-mon",
            runs: [
                "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z",
                "2026-01-05T00:00:00Z", "2026-01-09T00:00:00Z",
            ]
        ),
        Row(
            text: "0 0 * * 5-7",
            runs: [
                "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z",
                "2026-01-09T00:00:00Z",
            ]
        ),
        Row(
            text: "0 0 1 NOV-FEB *",
            runs: ["2026-02-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"]
        ),
        Row(
            text: "0 0 13 * 5",
            runs: ["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z"]
        ),
        // Debian: a day field that begins with * restricts together with the other.
        Row(
            text: "0 0 */2 * 1",
            runs: ["2026-01-05T00:00:00Z", "2026-01-19T00:00:00Z", "2026-02-09T00:00:00Z"]
        ),
        Row(text: "0 0 29 2 *", runs: ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
        Row(text: "0 0 L * *", runs: ["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"]),
        Row(text: "0 0 L-3 * *", runs: ["2026-01-28T00:00:00Z", "2026-02-25T00:00:00Z"]),
        Row(
            text: "0 0 LW * *",
            runs: ["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-31T00:00:00Z"]
        ),
        // 15 February 2026 is a Sunday, 1 August a Saturday, 31 May a Sunday.
        Row(text: "0 0 15W 2 *", runs: ["2026-02-16T00:00:00Z"]),
        Row(text: "0 0 1W 8 *", runs: ["2026-08-03T00:00:00Z"]),
        Row(text: "0 0 31W 5 *", runs: ["2026-05-29T00:00:00Z"]),
        Row(text: "0 0 * * 5L", runs: ["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"]),
        Row(text: "0 0 * * FRIL", runs: ["2026-01-30T00:00:00Z"]),
        Row(text: "0 0 * * 1#5", runs: ["2026-03-30T00:00:00Z", "2026-06-29T00:00:00Z"]),
        Row(text: "0 0 ? * TUE#2", runs: ["2026-01-13T00:00:00Z", "2026-02-10T00:00:00Z"]),
        Row(text: "*/60 * * * *", runs: ["2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"]),
        Row(
            text: "5,10-12,50-59/5 3 * * *",
            runs: [
                "2026-01-01T03:05:00Z", "2026-01-01T03:10:00Z", "2026-01-01T03:11:00Z",
                "2026-01-01T03:12:00Z", "2026-01-01T03:50:00Z",
            ]
        ),
    ]

    static let otherRows = [
        Row(text: "30 * * * * *", dialect: .seconds, runs: ["2026-01-01T00:00:30Z", "2026-01-01T00:01:30Z"]),
        Row(
            text: "*/20 59 23 31 12 *",
            dialect: .seconds,
            runs: [
                "2026-12-31T23:59:00Z", "2026-12-31T23:59:20Z", "2026-12-31T23:59:40Z",
                "2027-12-31T23:59:00Z",
            ]
        ),
        Row(text: "0 0 0 * * 1", dialect: .seconds, runs: ["2026-01-05T00:00:00Z"]),
        Row(text: "0 0 0 ? * 1", dialect: .quartz, runs: ["2026-01-04T00:00:00Z"]),
        Row(text: "0 0 0 ? * L", dialect: .quartz, runs: ["2026-01-03T00:00:00Z"]),
        Row(text: "0 0 0 ? * 6L", dialect: .quartz, runs: ["2026-01-30T00:00:00Z"]),
        Row(text: "0 0 0 ? * 6#3", dialect: .quartz, runs: ["2026-01-16T00:00:00Z"]),
        Row(
            text: "0 5/20 22-1 * * ?",
            dialect: .quartz,
            runs: [
                "2026-01-01T00:05:00Z", "2026-01-01T00:25:00Z", "2026-01-01T00:45:00Z",
                "2026-01-01T01:05:00Z",
            ]
        ),
        Row(text: "0 0 12 ? * MON-FRI 2028-2030/2", dialect: .quartz, runs: ["2028-01-03T12:00:00Z"]),
        Row(text: "0 0 12 1 1 ? 2199", dialect: .quartz, runs: ["2199-01-01T12:00:00Z"]),
    ]

    @Test(arguments: unixRows + otherRows)
    func `an expression runs at`(row: Row) throws {
        let job = try recurrence(row.text, options: ScheduleOptions(dialect: row.dialect))
        #expect(try runs(job, from: row.from, count: row.runs.count) == row.runs)
        #expect(job.schedule.dialect == row.dialect ?? .unix)
    }

    @Test func `day match and requires both day fields`() throws {
        let job = try recurrence("0 0 13 * 5", options: ScheduleOptions(dayMatch: .and))
        #expect(
            try runs(job, from: "2026-01-01T00:00Z", count: 2) == [
                "2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z",
            ]
        )
    }

    @Test func `a schedule is a wildcard when its minute or hour text begins with a star`() throws {
        for text in ["*/15 2 * * *", "30 */2 * * *", "* * * * *", "@hourly"] {
            #expect(try Schedule(text).isWildcard, "\(text)")
        }
        for text in ["0-59/15 2 * * *", "30 2 * * *", "30 2 */2 * *", "@daily", "H 2 * * *", "@every 1h"] {
            #expect(try !Schedule(text).isWildcard, "\(text)")
        }
        #expect(try !Schedule("*/10 0 2 * * *", options: .init(dialect: .seconds)).isWildcard)
    }

    @Test func `a year that is over is refused when the time is known`() throws {
        let text = "0 0 0 1 1 ? 2020"
        let options = ScheduleOptions(dialect: .quartz)
        #expect(try Schedule(text, options: options).text == text)
        let now = try instant("2026-01-01T00:00Z")
        #expect(throws: ScheduleError.self) { try Schedule(text, options: options, now: now) }
        #expect(throws: ScheduleError.self) { try Schedule("@at 2025-12-01T00:00Z", now: now) }
        #expect(try Schedule("@at 2026-12-01T00:00Z", now: now).dialect == nil)
    }
}
