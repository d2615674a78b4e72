import Cron
import Testing

struct CalendarFileTests {
    private let zones = ZoneDatabase.embedded

    private func windows(_ events: String, zone: String = "UTC", through: String = "2030-01-01T00:00:00Z")
        throws
        -> [String]
    {
        let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n\(events)\r\nEND:VCALENDAR\r\n"
        let file = try CalendarFile(Array(text.utf8), zone: try zones.zone(named: zone)) {
            try? zones.zone(named: $0)
        }
        let last = try #require(Instant(rfc3339: through))
        return file.windows(through: last).windows.map { "\($0.lowerBound)/\($0.upperBound)" }
    }

    private func event(_ lines: String...) -> String {
        (["BEGIN:VEVENT", "UID:one"] + lines + ["END:VEVENT"]).joined(separator: "\r\n")
    }

    @Test func `a whole day lies in the zone that is asked for, and is as long as it is there`() throws {
        let day = event("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260330", "SUMMARY:Sunday")
        #expect(try windows(day, zone: "Europe/Berlin") == ["2026-03-28T23:00:00Z/2026-03-29T22:00:00Z"])
        #expect(
            try windows(event("DTSTART:20260101"), zone: "UTC") == [
                "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"
            ]
        )
    }

    @Test func `times with a zone, in UTC, with a duration, and folded lines are read`() throws {
        let zoned = event(
            "DTSTART;TZID=\"America/New_York\":20260701T220000",
            "DTEND;TZID=America/New_York:20260702T0\r\n 60000"
        )
        #expect(try windows(zoned) == ["2026-07-02T02:00:00Z/2026-07-02T10:00:00Z"])
        let lasting = event("DTSTART:20260701T220000Z", "DURATION:P1DT2H30M")
        #expect(try windows(lasting) == ["2026-07-01T22:00:00Z/2026-07-03T00:30:00Z"])
    }

    @Test(arguments: [
        ("FREQ=YEARLY;COUNT=3", ["2026-12-25", "2027-12-25", "2028-12-25"]),
        ("FREQ=YEARLY;UNTIL=20271225", ["2026-12-25", "2027-12-25"]),
        ("FREQ=DAILY;INTERVAL=3;COUNT=3", ["2026-12-25", "2026-12-28", "2026-12-31"]),
        // 2026-12-25 is a Friday.
        ("FREQ=WEEKLY;BYDAY=MO,FR;COUNT=4", ["2026-12-25", "2026-12-28", "2027-01-01", "2027-01-04"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=4",
            ["2026-12-25", "2027-01-04", "2027-01-08", "2027-01-18"]
        ),
        ("FREQ=MONTHLY;COUNT=3", ["2026-12-25", "2027-01-25", "2027-02-25"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", ["2026-12-25", "2026-12-31", "2027-01-31"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", ["2026-12-25", "2027-01-29", "2027-02-26"]),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3", ["2026-12-25", "2027-11-25", "2028-11-23"]),
    ])
    func `a rule repeats on its days`(_ rule: String, _ days: [String]) throws {
        let found = try windows(event("DTSTART:20261225T100000Z", "DURATION:PT1H", "RRULE:\(rule)"))
        #expect(found == days.map { "\($0)T10:00:00Z/\($0)T11:00:00Z" })
    }

    @Test func `an occurrence may be left out, moved or added`() throws {
        let all =
            event(
                "DTSTART:20260101T100000Z",
                "DURATION:PT1H",
                "RRULE:FREQ=DAILY;COUNT=4",
                "EXDATE:20260102T100000Z",
                "RDATE:20260110T100000Z"
            ) + "\r\n"
            + event("RECURRENCE-ID:20260103T100000Z", "DTSTART:20260103T150000Z", "DURATION:PT1H")
        #expect(
            try windows(all) == [
                "2026-01-01T10:00:00Z/2026-01-01T11:00:00Z", "2026-01-03T15:00:00Z/2026-01-03T16:00:00Z",
                "2026-01-04T10:00:00Z/2026-01-04T11:00:00Z", "2026-01-10T10:00:00Z/2026-01-10T11:00:00Z",
            ]
        )
        #expect(try windows(event("DTSTART:20260101", "STATUS:CANCELLED")).isEmpty)
    }

    @Test func `an alarm inside an event, and components that are no events, say nothing`() throws {
        let text =
            "BEGIN:VTODO\r\nDTSTART:20250101\r\nEND:VTODO\r\n"
            + event("DTSTART:20260101", "BEGIN:VALARM", "DURATION:PT15M", "END:VALARM")
        #expect(try windows(text) == ["2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"])
    }

    @Test(arguments: [
        ("hello", "line 3 has no colon: it is no line of a calendar"),
        ("BEGIN:VEVENT\r\nEND:VEVENT", "line 3 begins an event without DTSTART"),
        ("BEGIN:VEVENT\r\nDTSTART:2026", "line 4 has \"2026\" where a date or time is expected"),
        (
            "BEGIN:VEVENT\r\nDTSTART;TZID=Mars/Base:20260101T000000",
            "\"Mars/Base\", which is no name of the IANA database"
        ),
        ("BEGIN:VEVENT\r\nRRULE:FREQ=HOURLY", "RRULE part FREQ=HOURLY, which is not read here"),
        (
            "BEGIN:VEVENT\r\nRRULE:FREQ=YEARLY;BYSETPOS=1",
            "BYSETPOS, which needs BYDAY, BYMONTHDAY or BYMONTH"
        ),
        ("END:VEVENT", "line 3 ends VEVENT, which is not open"),
    ])
    func `what cannot be read is named with its line`(_ lines: String, _ expected: String) {
        let error = #expect(throws: CalendarError.self) { try windows(lines) }
        #expect("\(error.map(\.description) ?? "")".contains(expected))
    }

    @Test func `windows that overlap or touch are one, and an instant finds its own`() {
        func at(_ seconds: Int64) -> Instant { Instant(seconds: seconds) }
        let windows = TimeWindows([
            at(50)..<at(60), at(0)..<at(10), at(10)..<at(20), at(5)..<at(12), at(70)..<at(70),
        ])
        #expect(windows.windows == [at(0)..<at(20), at(50)..<at(60)])
        #expect(windows.window(at: at(19)) == at(0)..<at(20))
        #expect(windows.window(at: at(20)) == nil)
        #expect(windows.window(at: at(50)) == at(50)..<at(60))
        #expect(windows.window(at: at(60)) == nil)
    }
}
