import Cron
import Testing

/// Which occurrences an event has, on clocks that differ and change.
struct CalendarOccurrenceTests {
    /// Three evenings in Berlin, the first at 21:00Z.
    private func evenings(_ lines: String...) -> String {
        let all = [
            "DTSTART;TZID=Europe/Berlin:20260105T220000", "DTEND;TZID=Europe/Berlin:20260105T230000",
            "RRULE:FREQ=DAILY;COUNT=3",
        ]
        return (["BEGIN:VEVENT", "UID:one"] + all + lines + ["END:VEVENT"]).joined(separator: "\n")
    }

    private func days(_ lines: String, zone: String = "UTC") throws -> [String] {
        try windows(lines, zone: zone).map { String($0.prefix(10)) }
    }

    @Test(arguments: [
        "EXDATE:20260106T210000Z", "EXDATE;TZID=America/New_York:20260106T160000",
        "EXDATE;TZID=Europe/Berlin:20260106T220000", "EXDATE:20260106T220000",
        "EXDATE;VALUE=DATE:20260106", "EXDATE;VALUE=DATE:20260101,20260106",
    ])
    func `an exception leaves out one occurrence, on whatever clock it is written`(_ line: String) throws {
        #expect(try days(evenings(line)) == ["2026-01-05", "2026-01-07"])
    }

    @Test func `an exception that only looks like an occurrence leaves nothing out`() throws {
        #expect(try days(evenings("EXDATE:20260106T220000Z")).count == 3)
        #expect(try days(evenings("EXDATE;TZID=America/New_York:20260106T220000")).count == 3)
    }

    @Test func `properties may come in any order`() throws {
        let text = event(
            "EXDATE;TZID=Europe/Berlin:20260106T220000",
            "RRULE:FREQ=DAILY;COUNT=2",
            "DURATION:PT1H",
            "DTSTART;TZID=Europe/Berlin:20260105T220000"
        )
        #expect(try days(text) == ["2026-01-05"])
    }

    @Test(arguments: [
        "RECURRENCE-ID:20260106T210000Z", "RECURRENCE-ID;TZID=Asia/Tokyo:20260107T060000",
        "RECURRENCE-ID:20260106T220000",
    ])
    func `an occurrence that is moved is found on whatever clock it is named`(_ line: String) throws {
        let moved = event(line, "DTSTART:20260120T080000Z", "DURATION:PT1H")
        #expect(try days("\(evenings())\n\(moved)") == ["2026-01-05", "2026-01-07", "2026-01-20"])
        let free = event(line, "DTSTART:20260120T080000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT")
        #expect(try days("\(evenings())\n\(free)") == ["2026-01-05", "2026-01-07"])
    }

    @Test func `a date that is added lies on its own clock`() throws {
        let added = event(
            "DTSTART;TZID=Europe/Berlin:20260105T220000",
            "DURATION:PT1H",
            "RDATE:20260201T100000Z",
            "RDATE;TZID=America/New_York:20260202T100000",
            "RDATE;VALUE=DATE:20260203"
        )
        #expect(
            try windows(added) == [
                "2026-01-05T21:00:00Z/2026-01-05T22:00:00Z", "2026-02-01T10:00:00Z/2026-02-01T11:00:00Z",
                "2026-02-02T15:00:00Z/2026-02-02T16:00:00Z", "2026-02-03T21:00:00Z/2026-02-03T22:00:00Z",
            ]
        )
    }

    @Test func `the second of two equal hours can be added, which no local time names`() throws {
        let added = event(
            "DTSTART;TZID=Europe/Berlin:20261020T023000",
            "DURATION:PT10M",
            "RDATE:20261025T013000Z"
        )
        #expect(try windows(added).last == "2026-10-25T01:30:00Z/2026-10-25T01:40:00Z")
    }

    @Test func `periods are added with lengths of their own`() throws {
        let added = event(
            "DTSTART;TZID=Europe/Berlin:20260105T220000",
            "DURATION:PT1H",
            "RDATE;VALUE=PERIOD:20260201T100000Z/20260201T120000Z,20260202T100000Z/PT30M",
            "RDATE;VALUE=PERIOD;TZID=America/New_York:20260203T100000/20260203T110000",
            "RDATE;VALUE=PERIOD:20260204T100000/P1D,20260301T100000Z/PT1H",
            "EXDATE:20260301T100000Z"
        )
        #expect(
            try windows(added) == [
                "2026-01-05T21:00:00Z/2026-01-05T22:00:00Z", "2026-02-01T10:00:00Z/2026-02-01T12:00:00Z",
                "2026-02-02T10:00:00Z/2026-02-02T10:30:00Z", "2026-02-03T15:00:00Z/2026-02-03T16:00:00Z",
                "2026-02-04T09:00:00Z/2026-02-05T09:00:00Z",
            ]
        )
    }

    @Test(arguments: [
        "EXDATE;VALUE=DATE:20260102", "EXDATE:20260102T000000", "EXDATE:20260102T000000Z",
        "EXDATE;TZID=Europe/Berlin:20260102T000000", "EXDATE:20260102T120000Z",
        "RRULE:FREQ=DAILY;UNTIL=20260101T000000Z\nRDATE;VALUE=DATE:20260103",
    ])
    func `whole days are left out as days, however their dates are written`(_ line: String) throws {
        let days = event("DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=DAILY;UNTIL=20260103T000000Z", line)
        for zone in ["UTC", "America/New_York", "Asia/Tokyo"] {
            #expect(try windows(days, zone: zone).count == 2, "\(zone)")
        }
    }

    @Test(arguments: [
        // The first three are examples of RFC 5545 §3.8.5.3, cut short.
        ("19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04 1997-10-07 1997-11-06"),
        (
            "19970929", "FREQ=MONTHLY;COUNT=5;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
            "1997-09-29 1997-10-30 1997-11-27 1997-12-30 1998-01-29"
        ),
        (
            "19970805", "FREQ=WEEKLY;COUNT=4;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
            "1997-08-05 1997-08-17 1997-08-19 1997-08-31"
        ),
        // The days before the first count for the positions of its month, and the first one always counts.
        (
            "20260115", "FREQ=MONTHLY;COUNT=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1",
            "2026-01-15 2026-01-30 2026-02-02"
        ),
        (
            "20260105", "FREQ=MONTHLY;INTERVAL=2;COUNT=3;BYDAY=MO;BYSETPOS=1",
            "2026-01-05 2026-03-02 2026-05-04"
        ),
        (
            "20261231", "FREQ=YEARLY;COUNT=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-12-31 2027-12-31 2028-12-29"
        ),
        ("20260907", "FREQ=YEARLY;COUNT=3;BYMONTH=9;BYDAY=MO;BYSETPOS=1", "2026-09-07 2027-09-06 2028-09-04"),
        ("20260105", "FREQ=WEEKLY;COUNT=3;BYDAY=MO,WE,FR;BYSETPOS=2", "2026-01-05 2026-01-07 2026-01-14"),
        ("20260131", "FREQ=MONTHLY;COUNT=2;BYMONTHDAY=31;BYSETPOS=1", "2026-01-31 2026-03-31"),
        ("20260101", "FREQ=MONTHLY;COUNT=2;BYDAY=TH;BYSETPOS=1,1,-5", "2026-01-01 2026-02-05"),
        ("20260101", "FREQ=DAILY;COUNT=2;BYDAY=TH;BYSETPOS=1", "2026-01-01 2026-01-08"),
        ("20291130", "FREQ=MONTHLY;BYMONTHDAY=1,15,30;BYSETPOS=-1", "2029-11-30 2029-12-30"),
    ])
    func `positions choose among the days of each period`(
        _ first: String,
        _ rule: String,
        _ expected: String
    ) throws {
        let found = try days(event("DTSTART:\(first)T100000Z", "DURATION:PT1H", "RRULE:\(rule)"))
        #expect(found.joined(separator: " ") == expected)
    }

    @Test func `a day is as long as the clock makes it, 24 hours are exact`() throws {
        func end(_ lines: String...) throws -> String? {
            let text = (["DTSTART;TZID=Europe/Berlin:20260328T120000"] + lines).joined(separator: "\n")
            return try windows(event(text)).last.map { String($0.suffix(20)) }
        }
        #expect(try end("DURATION:P1D") == "2026-03-29T10:00:00Z")
        #expect(try end("DURATION:PT24H") == "2026-03-29T11:00:00Z")
    }

    @Test func `a time that the clock skips is counted with the offset before`() throws {
        let skipped = event("DTSTART;TZID=Europe/Berlin:20260329T023000", "DURATION:PT10M")
        #expect(try windows(skipped) == ["2026-03-29T01:30:00Z/2026-03-29T01:40:00Z"])
        // No fault, although the end is the earlier instant.
        let around = event(
            "DTSTART;TZID=Europe/Berlin:20260329T023000",
            "DTEND;TZID=Europe/Berlin:20260329T031500"
        )
        #expect(try windows(around).isEmpty)
    }

    @Test func `an event without length covers nothing`() throws {
        #expect(try windows(event("DTSTART:20260101T100000Z", "DTEND:20260101T100000Z")).isEmpty)
        #expect(try windows(event("DTSTART:20260101T100000Z")).isEmpty)
        #expect(try windows(event("DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260101")).isEmpty)
    }

    @Test(arguments: [
        ("DTSTART:20260101T100000Z\nDTEND:20260101T093000Z", "line 6 has a DTEND before the event's DTSTART"),
        ("DTEND;VALUE=DATE:20260101\nDTSTART;VALUE=DATE:20260102", "line 5 has a DTEND before"),
        (
            "DTSTART;TZID=Europe/Berlin:20260101T100000\nDTEND;TZID=Asia/Tokyo:20260101T120000",
            "put it after it, or leave it out"
        ),
        (
            "RDATE;VALUE=PERIOD:20260101T100000Z/20260101T090000Z",
            "line 5 has \"20260101T100000Z/20260101T090000Z\""
        ),
        ("RDATE;VALUE=PERIOD:20260101/P1D", "where a period is expected, such as 20261224T180000Z/PT2H"),
        ("EXDATE:tomorrow", "where a date or time is expected, such as 20261224 or 20261224T180000Z"),
        ("RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "is not a number from -366 to 366"),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=3", "is not read here (BYMONTH, BYMONTHDAY, BYDAY and BYSETPOS are)"),
    ])
    func `what is wrong is named with its line and what to do`(_ lines: String, _ expected: String) {
        let error = #expect(throws: CalendarError.self) { try windows(event(lines)) }
        #expect("\(error.map(\.description) ?? "")".contains(expected))
    }

    @Test func `a file that is not UTF-8 says how to save it`() {
        let bytes: [UInt8] = [0xFF, 0xFE] + "BEGIN:VCALENDAR".utf8.flatMap { [$0, 0] }
        let error = #expect(throws: CalendarError.self) {
            try CalendarFile(bytes, zone: .utc) { _ in nil }
        }
        #expect(
            "\(error.map(\.description) ?? "")"
                == "the calendar's line 1 is UTF-16: save the calendar as UTF-8"
        )
    }
}
