import Cron
import Testing

struct CalendarZoneTests {
    private func event(in zone: String) -> String {
        CronTests.event("DTSTART;TZID=\(zone):20260701T120000", "DURATION:PT1H")
    }

    private func definition(of zone: String, _ offsets: String...) -> String {
        let parts = offsets.map {
            "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:\($0)\nTZOFFSETTO:\($0)\nEND:STANDARD\n"
        }
        return "BEGIN:VTIMEZONE\nTZID:\(zone)\n\(parts.joined())END:VTIMEZONE"
    }

    @Test func `every zone of Windows is one that is known here`() throws {
        #expect(WindowsZones.names.count == 142)
        for (windows, name) in WindowsZones.names {
            #expect(throws: Never.self, "\(windows)") { try ZoneDatabase.embedded.zone(named: name) }
        }
        #expect(
            try windows(event(in: "Romance Standard Time")) == ["2026-07-01T10:00:00Z/2026-07-01T11:00:00Z"]
        )
        #expect(
            try windows(event(in: "India Standard Time")) == ["2026-07-01T06:30:00Z/2026-07-01T07:30:00Z"]
        )
        #expect(
            try windows(event(in: "\"Pacific Standard Time\"")) == [
                "2026-07-01T19:00:00Z/2026-07-01T20:00:00Z"
            ]
        )
    }

    @Test func `a zone that the file defines is used when its offset never changes, wherever it stands`()
        throws
    {
        let own = definition(of: "Customized Time Zone", "+0545")
        let expected = ["2026-07-01T06:15:00Z/2026-07-01T07:15:00Z"]
        #expect(try windows("\(own)\n\(event(in: "Customized Time Zone"))") == expected)
        #expect(try windows("\(event(in: "Customized Time Zone"))\n\(own)") == expected)
        let west = definition(of: "tzone://Microsoft/Custom", "-033000", "-033000")
        #expect(
            try windows("\(west)\n\(event(in: "\"tzone://Microsoft/Custom\""))") == [
                "2026-07-01T15:30:00Z/2026-07-01T16:30:00Z"
            ]
        )
    }

    @Test(arguments: [
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("W. Europe Standart Time", "did you mean W. Europe Standard Time?"),
        ("/example.org/Mars/Base", "write one such as Europe/Berlin in its place"),
        (
            "Winter and summer",
            "whose VTIMEZONE is not read as its offset changes; write one such as Europe/Berlin"
        ),
        ("Nonsense", "write one such as Europe/Berlin in its place"),
    ])
    func `a zone that nobody knows is an error with its line and a way out`(_ zone: String, _ hint: String) {
        let own = definition(of: "Winter and summer", "+0100", "+0200")
        let nonsense = definition(of: "Nonsense", "+1:00")
        let error = #expect(throws: CalendarError.self) {
            try windows("\(event(in: zone))\n\(own)\n\(nonsense)")
        }
        let text = "\(error.map(\.description) ?? "")"
        #expect(text.contains("line 5 has the time zone \"\(zone)\", which is no name of the IANA database"))
        #expect(text.contains(hint))
    }

    @Test(arguments: ["EXDATE", "RDATE", "RECURRENCE-ID", "DTEND"])
    func `a zone of any other time of an event has to be known too`(_ name: String) {
        let lines = CronTests.event("DTSTART:20260701T120000Z", "\(name);TZID=Mars/Base:20260701T130000")
        let error = #expect(throws: CalendarError.self) { try windows(lines) }
        #expect("\(error.map(\.description) ?? "")".contains("line 6 has the time zone \"Mars/Base\""))
    }

    @Test func `a file cannot keep the server busy with names of zones`() {
        let events = (0...200).map { event(in: "/example.org/\($0)/Europe/Berlin") }
        let error = #expect(throws: CalendarError.self) { try windows(events.joined(separator: "\n")) }
        #expect(
            "\(error.map(\.description) ?? "")".contains(
                "has one time zone more than the 200 that are read"
            )
        )
    }
}
