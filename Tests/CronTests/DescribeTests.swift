import Cron
import Testing

struct DescribeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var dialect: Dialect?
        var sentence: String
        var testDescription: String { text }
    }

    static let timeRows = [
        Row(text: "* * * * *", sentence: "Every minute"),
        Row(text: "30 2 * * *", sentence: "At 02:30 every day"),
        Row(text: "*/15 9-17 * * 1-5", sentence: "Every 15 minutes, from 09:00 to 17:59, Monday to Friday"),
        Row(text: "0 * * * *", sentence: "Every hour, on the hour"),
        Row(text: "30 * * * *", sentence: "At minute 30 of every hour"),
        Row(text: "0,30 1 * * *", sentence: "At 01:00 and 01:30 every day"),
        Row(text: "0 9,12,17 * * *", sentence: "At 09:00, 12:00 and 17:00 every day"),
        Row(text: "0 */6 * * *", sentence: "At 00:00, 06:00, 12:00 and 18:00 every day"),
        Row(text: "30 */2 * * *", sentence: "Every 2 hours from 00:30"),
        Row(text: "30 9-17 * * *", sentence: "Every hour from 09:30 to 17:30"),
        Row(text: "*/7 * * * *", sentence: "Every 7 minutes from minute 0 to 56 of every hour"),
        Row(text: "5,35 * * * *", sentence: "Every 30 minutes from minute 5 of every hour"),
        Row(text: "1,2,40 * * * *", sentence: "At minutes 1, 2 and 40 of every hour"),
        Row(text: "* 3 * * *", sentence: "Every minute, from 03:00 to 03:59"),
        Row(text: "*/10 */2 * * *", sentence: "Every 10 minutes, in every 2nd hour from 00:00"),
        Row(text: "15 30 2 * * *", dialect: .seconds, sentence: "At 02:30:15 every day"),
        Row(text: "*/10 * * * * *", dialect: .seconds, sentence: "Every 10 seconds"),
        Row(text: "* * * * * *", dialect: .seconds, sentence: "Every second"),
        Row(text: "15 */5 * * * *", dialect: .seconds, sentence: "At second 15, every 5 minutes"),
    ]

    static let dayRows = [
        Row(text: "0 9 * * 1", sentence: "At 09:00 on Mondays"),
        Row(text: "0 9 * * 1,3,5", sentence: "At 09:00 on Mondays, Wednesdays and Fridays"),
        Row(text: "0 9 * * 6,0", sentence: "At 09:00 on Saturdays and Sundays"),
        Row(text: "0 9 * * FRI-SUN", sentence: "At 09:00, Friday to Sunday"),
        Row(text: "0 0 1 * *", sentence: "At 00:00 on the 1st of every month"),
        Row(text: "0 0 1,15 * *", sentence: "At 00:00 on the 1st and the 15th of every month"),
        Row(text: "0 0 29 2 *", sentence: "At 00:00 on the 29th of February"),
        Row(text: "0 0 * 1,7 *", sentence: "At 00:00 every day in January and July"),
        Row(text: "0 0 1 6-8 *", sentence: "At 00:00 on the 1st of June to August"),
        Row(text: "0 0 1-7 * *", sentence: "At 00:00 on the 1st to the 7th of every month"),
        Row(text: "0 0 */2 * *", sentence: "At 00:00 on every 2nd day from the 1st of every month"),
        Row(text: "0 0 L * *", sentence: "At 00:00 on the last day of every month"),
        Row(text: "0 0 L-3 * *", sentence: "At 00:00 on the 3rd day before the last of every month"),
        Row(text: "0 0 LW * *", sentence: "At 00:00 on the last weekday of every month"),
        Row(text: "0 0 15W * *", sentence: "At 00:00 on the weekday nearest the 15th of every month"),
        Row(text: "0 0 * * 2#2", sentence: "At 00:00 on the second Tuesday of every month"),
        Row(text: "0 0 * * 5L", sentence: "At 00:00 on the last Friday of every month"),
        Row(text: "0 0 13 * 5", sentence: "At 00:00 on the 13th of every month, or on Fridays"),
        Row(
            text: "0 0 */2 * 1",
            sentence: "At 00:00 on every 2nd day from the 1st of every month, if it is a Monday"
        ),
        Row(text: "*/5 * * 12 1", sentence: "Every 5 minutes, on Mondays, in December"),
        Row(text: "0 0 12 ? * 2-6 2027", dialect: .quartz, sentence: "At 12:00, Monday to Friday, in 2027"),
    ]

    static let otherRows = [
        Row(text: "@daily", sentence: "At 00:00 every day"),
        Row(text: "@weekly", sentence: "At 00:00 on Sundays"),
        Row(text: "@yearly", sentence: "At 00:00 on the 1st of January"),
        Row(text: "@every 90s", sentence: "Every 90 seconds of elapsed time"),
        Row(text: "@every 60m", sentence: "Every hour of elapsed time"),
        Row(text: "@every 1h30m", sentence: "Every 1 hour and 30 minutes of elapsed time"),
        Row(text: "@reboot", sentence: "At every start of the server"),
        Row(text: "@at 2026-03-08T02:30", sentence: "Once, at 2026-03-08T02:30:00 local time"),
        Row(text: "@at 2026-03-08T02:30-05:00", sentence: "Once, at 2026-03-08T07:30:00Z"),
        Row(
            text: "R5/2026-01-01T00:00Z/PT1H",
            sentence: "Every hour of elapsed time from 2026-01-01T00:00:00Z, 5 times in all"
        ),
        Row(text: "R/2026-01-31T09:00/P1M", sentence: "Every month from 2026-01-31T09:00:00 local time"),
        Row(text: "R/P2W", sentence: "Every 2 weeks from the start"),
    ]

    @Test(arguments: timeRows + dayRows + otherRows)
    func `a schedule reads as a sentence`(row: Row) throws {
        #expect(try Schedule(row.text, options: .init(dialect: row.dialect)).describe() == row.sentence)
    }

    @Test func `values drawn by H are told`() throws {
        let schedule = try Schedule("H 3 * * *", options: .init(seed: 7))
        let run = try #require(
            Recurrence(schedule, zone: .utc, anchor: Instant(seconds: 0)).nextRun(after: Instant(seconds: 0))
        )
        #expect(schedule.describe() == "At \(run.rfc3339.dropFirst(11).prefix(5)) every day")
    }
}
