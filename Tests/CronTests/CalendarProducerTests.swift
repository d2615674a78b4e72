import Testing

/// Files as the programs write them that people keep their calendars in.
struct CalendarProducerTests {
    @Test func `Outlook: a byte-order mark, a zone of Windows, and a busy status of its own`() throws {
        let file = """
            \u{FEFF}BEGIN:VCALENDAR
            PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
            VERSION:2.0
            METHOD:PUBLISH
            X-MS-OLK-FORCEINSPECTOROPEN:TRUE
            BEGIN:VTIMEZONE
            TZID:W. Europe Standard Time
            BEGIN:STANDARD
            DTSTART:16011028T030000
            RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
            TZOFFSETFROM:+0200
            TZOFFSETTO:+0100
            END:STANDARD
            BEGIN:DAYLIGHT
            DTSTART:16010325T020000
            RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
            TZOFFSETFROM:+0100
            TZOFFSETTO:+0200
            END:DAYLIGHT
            END:VTIMEZONE
            BEGIN:VEVENT
            CLASS:PUBLIC
            DTEND;TZID="W. Europe Standard Time":20260312T230000
            DTSTAMP:20260101T080000Z
            DTSTART;TZID="W. Europe Standard Time":20260312T210000
            EXDATE;TZID="W. Europe Standard Time":20260409T210000
            RRULE:FREQ=MONTHLY;COUNT=4;BYDAY=TH;BYSETPOS=2
            SUMMARY;LANGUAGE=de:Wartungsfenster
            TRANSP:OPAQUE
            UID:040000008200E00074C5B7101A82E00800000000
            X-MICROSOFT-CDO-BUSYSTATUS:BUSY
            BEGIN:VALARM
            TRIGGER:-PT15M
            ACTION:DISPLAY
            END:VALARM
            END:VEVENT
            END:VCALENDAR

            """
        #expect(
            try windows(file: file.replacing("\n", with: "\r\n")) == [
                "2026-03-12T20:00:00Z/2026-03-12T22:00:00Z", "2026-05-14T19:00:00Z/2026-05-14T21:00:00Z",
                "2026-06-11T19:00:00Z/2026-06-11T21:00:00Z",
            ]
        )
    }

    @Test func `Google: holidays that are free count, hours that are free do not, one moved by UTC`() throws {
        let file = """
            BEGIN:VCALENDAR
            PRODID:-//Google Inc//Google Calendar 70.9054//EN
            VERSION:2.0
            CALSCALE:GREGORIAN
            X-WR-CALNAME:Holidays in Germany
            X-WR-TIMEZONE:Europe/Berlin
            BEGIN:VEVENT
            DTSTART;VALUE=DATE:20261225
            DTEND;VALUE=DATE:20261226
            UID:20261225_f9i2@google.com
            CLASS:PUBLIC
            STATUS:CONFIRMED
            SUMMARY:Christmas Day
            TRANSP:TRANSPARENT
            END:VEVENT
            BEGIN:VEVENT
            DTSTART:20260105T120000Z
            DTEND:20260105T130000Z
            UID:lunch@google.com
            TRANSP:TRANSPARENT
            END:VEVENT
            BEGIN:VEVENT
            DTSTART;TZID=Europe/Berlin:20260105T220000
            DTEND;TZID=Europe/Berlin:20260105T233000
            RRULE:FREQ=WEEKLY;WKST=MO;UNTIL=20260126T225959Z;BYDAY=MO
            EXDATE;TZID=Europe/Berlin:20260112T220000
            UID:release@google.com
            TRANSP:OPAQUE
            END:VEVENT
            BEGIN:VEVENT
            DTSTART:20260120T200000Z
            DTEND:20260120T213000Z
            UID:release@google.com
            RECURRENCE-ID:20260119T210000Z
            TRANSP:OPAQUE
            END:VEVENT
            END:VCALENDAR
            """
        #expect(
            try windows(file: file, zone: "Europe/Berlin") == [
                "2026-01-05T21:00:00Z/2026-01-05T22:30:00Z", "2026-01-20T20:00:00Z/2026-01-20T21:30:00Z",
                "2026-01-26T21:00:00Z/2026-01-26T22:30:00Z", "2026-12-24T23:00:00Z/2026-12-25T23:00:00Z",
            ]
        )
    }

    @Test func `Apple: a moved occurrence is named on another clock, and one that is left out in UTC`() throws
    {
        let file = """
            BEGIN:VCALENDAR
            CALSCALE:GREGORIAN
            PRODID:-//Apple Inc.//macOS 15.3//EN
            VERSION:2.0
            X-APPLE-CALENDAR-COLOR:#FF2968
            BEGIN:VEVENT
            CREATED:20260101T080000Z
            UID:6A1F0D7C-9B7E-4C55-A7E6-0F2F9D3B6E11
            RRULE:FREQ=DAILY;COUNT=4
            DTSTART;TZID=America/New_York:20260701T220000
            DTEND;TZID=America/New_York:20260701T230000
            EXDATE:20260703T020000Z
            SUMMARY:Backup window
            SEQUENCE:1
            END:VEVENT
            BEGIN:VEVENT
            UID:6A1F0D7C-9B7E-4C55-A7E6-0F2F9D3B6E11
            RECURRENCE-ID;TZID=Europe/Berlin:20260704T040000
            DTSTART;TZID=Europe/Berlin:20260704T120000
            DTEND;TZID=Europe/Berlin:20260704T130000
            END:VEVENT
            BEGIN:VEVENT
            UID:0C4B1B8E-4C1A-4F0E-8B52-1F8F6C0A7D22
            DTSTART;VALUE=DATE:20260714
            DTEND;VALUE=DATE:20260715
            TRANSP:TRANSPARENT
            SUMMARY:Fête nationale
            END:VEVENT
            END:VCALENDAR
            """
        #expect(
            try windows(file: file) == [
                "2026-07-02T02:00:00Z/2026-07-02T03:00:00Z", "2026-07-04T10:00:00Z/2026-07-04T11:00:00Z",
                "2026-07-05T02:00:00Z/2026-07-05T03:00:00Z", "2026-07-14T00:00:00Z/2026-07-15T00:00:00Z",
            ]
        )
    }

    @Test func `Thunderbird and Evolution: a prefix before the zone's name`() throws {
        for prefix in [
            "/mozilla.org/20050126_1", "/freeassociation.sourceforge.net",
            "/freeassociation.sourceforge.net/Tzfile", "/softwarestudio.org/Olson_20011030_5",
        ] {
            func begin(_ zone: String) throws -> [String] {
                try windows(event("DTSTART;TZID=\(prefix)/\(zone):20260701T120000", "DURATION:PT1H"))
            }
            #expect(try begin("Europe/Berlin") == ["2026-07-01T10:00:00Z/2026-07-01T11:00:00Z"])
            #expect(
                try begin("America/Argentina/Buenos_Aires") == ["2026-07-01T15:00:00Z/2026-07-01T16:00:00Z"]
            )
            #expect(try begin("UTC") == ["2026-07-01T12:00:00Z/2026-07-01T13:00:00Z"])
        }
    }
}
