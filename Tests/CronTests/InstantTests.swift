import Cron
import Testing

struct InstantTests {
    @Test func `instants are written and read back`() throws {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0), ("2026-03-08T07:00:00Z", 1_772_953_200),
            ("1969-12-31T23:59:59Z", -1),
            ("0001-01-01T00:00:00Z", -62_135_596_800), ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("2000-02-29T12:34:56Z", 951_827_696),
        ] {
            #expect(Instant(rfc3339: text)?.seconds == Int64(seconds))
            #expect(Instant(seconds: Int64(seconds)).rfc3339 == text)
        }
    }

    @Test func `offsets, fractions and missing seconds are understood`() throws {
        let expected = try instant("2026-03-08T07:00:00Z")
        for text in [
            "2026-03-08T07:00Z", "2026-03-08T02:00:00-05:00", "2026-03-08 12:30+05:30",
            "2026-03-08t07:00:00.999z",
        ] {
            #expect(Instant(rfc3339: text) == expected, "\(text)")
        }
    }

    @Test func `anything else is not an instant`() {
        for text in [
            "", "2026-03-08", "2026-03-08T07:00:00", "2026-02-29T00:00Z", "2026-13-01T00:00Z",
            "2026-03-08T24:00Z",
            "2026-03-08T07:00:60Z", "2026-03-08T07:00:00ZZ", "2026-03-08T07:00:00.Z", "2026-03-08T07:00+5:00",
            "26-03-08T07:00Z", "2026-03-08T07:00+05:60", " 2026-03-08T07:00Z", "２026-03-08T07:00Z",
        ] {
            #expect(Instant(rfc3339: text) == nil, "\(text)")
        }
    }

    @Test func `local times take apart and put together`() throws {
        let time = try local("2026-03-08T02:30")
        #expect(time.text == "2026-03-08T02:30:00")
        #expect(
            [time.year, time.month, time.day, time.hour, time.minute, time.second] == [2026, 3, 8, 2, 30, 0]
        )
        #expect(time.weekday == 0)
        #expect(LocalDateTime(year: 2026, month: 3, day: 8, hour: 2, minute: 30) == time)
        #expect(LocalDateTime(year: 2026, month: 2, day: 29) == nil)
        #expect(LocalDateTime("2026-03-08T02:30Z") == nil)
    }

    @Test func `the calendar counts every day of 800 years`() throws {
        var day = try local("1600-01-01T00:00")
        var (year, month, date) = (1600, 1, 1)
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        while year < 2400 {
            guard day.year == year, day.month == month, day.day == date else {
                Issue.record("\(day.text) should be \(year)-\(month)-\(date)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            if date < lengths[month - 1] + (month == 2 && isLeap ? 1 : 0) {
                date += 1
            } else {
                (month, date) = month == 12 ? (1, 1) : (month + 1, 1)
                if month == 1 { year += 1 }
            }
            day.seconds += 86_400
        }
    }
}
