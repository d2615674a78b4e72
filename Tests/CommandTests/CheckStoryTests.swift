import Domain
import Testing

@testable import chronatog

/// Checks as people read them.
struct CheckStoryTests {
    struct Named: Sendable, CustomTestStringConvertible {
        let name: String
        let slug: String?
        var testDescription: String { name }

        init(_ name: String, _ slug: String?) {
            self.name = name
            self.slug = slug
        }
    }

    static let names = [
        Named("Nightly Backup!", "nightly-backup"), Named("a -- b_c", "a-b_c"), Named("日本", nil),
        Named("日本2", nil), Named("Nächtlich", "n-chtlich"), Named("!?", nil), Named(" ", nil),
    ]

    @Test(arguments: names) func `a slug is made of a name when half of that is left`(_ row: Named) {
        #expect(CheckStory.slug(of: row.name) == row.slug)
    }

    struct Length: Sendable, CustomTestStringConvertible {
        let exact: String
        let shown: String
        var testDescription: String { exact }

        init(_ exact: String, _ shown: String) {
            self.exact = exact
            self.shown = shown
        }
    }

    static let lengths = [
        Length("9m59s916ms544us", "10m"), Length("1m4s300ms", "1m4s300ms"), Length("12s345ms", "12s300ms"),
        Length("9ms213us", "9ms210us"), Length("23h59m58s", "1d"), Length("1d2h33m", "1d2h30m"),
        Length("30d5h20m", "30d5h"), Length("0s", "0s"), Length("7us", "7us"),
    ]

    @Test(arguments: lengths) func `a learned length is shown to about a hundredth`(_ row: Length) throws {
        let span = try #require(Span(row.exact))
        #expect(CheckStory.rounded(span).text == row.shown)
    }

    /// A check as the server tells it, with some fields otherwise.
    private func check(_ fields: String) throws -> JSON {
        let usual = #"""
            "id":"2","name":"worker","schedule":null,"zone":"UTC","period":"5m","grace":"1m","state":"up",
            "failures_to_open":1,"successes_to_resolve":1,"description":"every 5m","failures":0,"successes":0,
            "expected_at":"2026-03-08T00:05:00Z","deadline_at":"2026-03-08T00:06:00Z","last_ping_at":null,
            "slug_url":null,"ping_url":"http://h/ping/x","usual_interval":"9m59s916ms544us"
            """#
        return try JSONReader.value(of: "{\(fields),\(usual)}")
    }

    private func lines(_ fields: String, _ alerts: [JSON] = []) throws -> [Substring] {
        CheckStory.story(try check(fields), alerts: alerts).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
    }

    @Test func `a check that is down says since when, why, and what ends it`() throws {
        let alert = try JSONReader.value(
            of: #"{"id":"13","key":"check/2","state":"open","opened_at":"2026-03-08T00:01:00Z","#
                + #""title":"worker reported a failure","details":["exit code 3","disk full\nfor good"]}"#
        )
        let told = try lines(
            #""state":"down","failures":2,"successes_to_resolve":3,"successes":1,"expected_at":null"#,
            [alert]
        )
        #expect(
            told.prefix(6) == [
                #"check 2 "worker" is down since 2026-03-08T00:01:00Z: worker reported a failure"#,
                "  exit code 3", "  disk full", "  for good",
                "It expects a ping every 5m, at the latest 1m later.",
                "3 good pings in a row end it (so far 1), whenever it comes.",
            ]
        )
        #expect(told.contains { $0.hasPrefix("chronatog alert ack 13 ") })
        #expect(told.contains { $0.hasPrefix("chronatog check ping 2 ") })
        #expect(told.contains { $0.hasPrefix("usual_interval") && $0.hasSuffix(" 10m") })
        let unseen = try lines(#""state":"down","failures":2"#)
        #expect(unseen[0] == #"check 2 "worker" is down, after 2 bad ends in a row"#)
    }

    @Test func `a list names checks without a name by their slug, and schedules with their zone`() throws {
        let sentry = #""name":"","slug":"shop","schedule":"@daily","zone":"Asia/Tokyo","description":"Daily""#
        let rows = CheckStory.table([try check(sentry)]).split(separator: "\n")
        #expect(rows[0].hasPrefix("CHECK  NAME  STATE  WHEN"))
        #expect(rows[1].hasPrefix("2      shop  up     Daily (Asia/Tokyo)"), "\(rows[1])")
    }

    @Test func `every other state says what it waits for`() throws {
        let rows = [
            (
                #""state":"waiting""#, "is waiting: it has heard nothing yet",
                "The next one is expected by 2026"
            ),
            (#""state":"up""#, "is up", "The next one is expected by 2026-03-08T00:05:00Z, and counts as"),
            (
                #""state":"up","blackout":"xmas""#, "is up",
                "Nothing is wanted by 2026-03-08T00:05:00Z: that lies"
            ),
            (
                #""state":"up","failures":1,"failures_to_open":3"#,
                "is up, after 1 bad end; 3 in a row open an alert", "The next one"
            ),
            (
                #""state":"late""#,
                "is late: it was expected by 2026-03-08T00:05:00Z, "
                    + "and counts as missed at 2026-03-08T00:06:00Z",
                "A ping that comes before that"
            ),
            (#""state":"started""#, "has started, and has to end by 2026-03-08T00:06:00Z", "Its end is good"),
            (#""state":"paused""#, "is paused: nothing is expected of it", "A ping ends the pause"),
        ]
        for (fields, standing, prospect) in rows {
            let told = try lines(fields)
            #expect(told[0] == "check 2 \"worker\" \(standing)")
            #expect(told[2].hasPrefix(prospect), "\(told[2])")
        }
    }

    @Test
    func `a check without a slug says how to give it one, and a change of Sentry's that it will not last`()
        throws
    {
        let made = try check(
            #""schedule":"0 3 * * *","zone":"Europe/Oslo","description":"At 03:00 every day""#
        )
        let text = CheckStory.made(made)
        #expect(text.contains("expects a ping at 03:00 every day (Europe/Oslo), at the latest 1m later\n"))
        #expect(text.contains("chronatog check set 2 --slug WORD gives it one\n"))
        #expect(text.contains("\n0 3 * * * /path/to/command; curl "))
        let (before, after) = (
            try check(#""grace":"1m","follows_check_ins":true"#),
            try check(#""grace":"2m","follows_check_ins":true"#)
        )
        let change = CheckStory.changed(before, after)
        #expect(change.contains("  grace  1m → 2m\n"))
        #expect(change.contains("--no-follows-check-ins ends that"))
    }
}
