import Cron
import Testing

struct LintTests {
    private func sentences(_ text: String, _ dst: DSTPolicy, from: String = "2026-01-01T00:00Z") throws
        -> [String]
    {
        lint(try recurrence(text, "America/New_York", dst: dst), from: try instant(from)).map(\.sentence)
    }

    @Test func `a fixed time in both changes is told with its instants`() throws {
        #expect(
            try sentences("30 2 * * *", .vixie) == [
                "On 2026-03-08 in America/New_York 02:00 to 03:00 does not exist, so 02:30 will run at "
                    + "2026-03-08T07:00:00Z (dst vixie)."
            ]
        )
        #expect(
            try sentences("30 1 * * *", .vixie) == [
                "On 2026-11-01 in America/New_York 01:00 to 02:00 comes twice, so 01:30 will run the "
                    + "first time only "
                    + "and not at 2026-11-01T06:30:00Z (dst vixie)."
            ]
        )
        #expect(
            try sentences("30 1 * * *", .literal) == [
                "On 2026-11-01 in America/New_York 01:00 to 02:00 comes twice, so 01:30 will run twice: at "
                    + "2026-11-01T05:30:00Z, and again at 2026-11-01T06:30:00Z (dst literal)."
            ]
        )
    }

    @Test func `each effect has a note of its own`() throws {
        let notes = lint(
            try recurrence("0,30 2,3 * * *", "America/New_York"),
            from: try instant("2026-01-01T00:00Z")
        )
        #expect(notes.map(\.effect) == [.moved, .merged])
        #expect(notes.map(\.count) == [1, 2])
        #expect(
            notes.map(\.instants) == [[try instant("2026-03-08T07:00Z")], [try instant("2026-03-08T07:00Z")]]
        )
        let shifted = lint(
            try recurrence("0,30 2 * * *", "America/New_York", dst: .shift),
            from: try instant("2026-01-01T00:00Z")
        )
        #expect(shifted.map(\.effect) == [.moved])
        #expect(
            shifted.first?.instants == [try instant("2026-03-08T07:00Z"), try instant("2026-03-08T07:30Z")]
        )
    }

    @Test func `a wildcard that loses a day is told, one that keeps its rhythm is not`() throws {
        #expect(
            try sentences("*/15 2 * * *", .vixie) == [
                "On 2026-03-08 in America/New_York 02:00 to 03:00 does not exist, so 02:00, 02:15, 02:30 "
                    + "and 02:45 "
                    + "will not run (dst vixie)."
            ]
        )
        #expect(
            try sentences("* 2 * * *", .vixie).first?.contains(
                "02:00, 02:01 … 02:59 (60 in all) will not run"
            ) == true
        )
        for text in ["* * * * *", "*/15 * * * *", "0 * * * *", "30 9 * * *", "@every 1h", "@reboot"] {
            #expect(try sentences(text, .vixie).isEmpty, "\(text)")
        }
        #expect(try sentences("30 */2 * * *", .vixie).count == 1)
        #expect(
            try sentences("*/30 1 * * *", .vixie).first?.contains("01:00 and 01:30 will run twice") == true
        )
    }

    @Test func `an hour of silence is told`() throws {
        #expect(try sentences("0 * * * *", .once).count == 2)
        #expect(try sentences("0 * * * *", .utc).isEmpty)
    }
}
