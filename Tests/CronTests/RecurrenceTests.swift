import Cron
import Testing

struct RecurrenceTests {
    private func lines(_ occurrences: some Sequence<Occurrence>) -> [String] {
        occurrences.map {
            "\($0.instant) \($0.local.text.dropFirst(11).prefix(5)) \($0.fold) \($0.disposition.rawValue)"
        }
    }

    private func day(_ text: String, _ dst: DSTPolicy, _ from: String, _ to: String) throws -> [String] {
        lines(
            try recurrence(text, "America/New_York", dst: dst)
                .occurrences(after: instant(from), before: instant(to))
        )
    }

    @Test func `vixie maps a gap's fixed times to its end, where the lowest runs`() throws {
        let found = try day("0,30 2,3 * * *", .vixie, "2026-03-08T05:00Z", "2026-03-09T05:00Z")
        #expect(
            found == [
                "2026-03-08T07:00:00Z 02:00 0 run",
                "2026-03-08T07:00:00Z 02:30 0 dstGapMerged",
                "2026-03-08T07:00:00Z 03:00 0 dstGapMerged",
                "2026-03-08T07:30:00Z 03:30 0 run",
            ]
        )
    }

    @Test func `literal and once name what a gap swallows, and run what follows it`() throws {
        for dst in [DSTPolicy.literal, .once] {
            let found = try day("0 2,3 * * *", dst, "2026-03-08T05:00Z", "2026-03-09T05:00Z")
            #expect(
                found == ["2026-03-08T07:00:00Z 02:00 0 dstGapSkipped", "2026-03-08T07:00:00Z 03:00 0 run"]
            )
        }
    }

    @Test func `shift moves by the gap and merges the regular time it meets`() throws {
        let found = try day("0,30 2,3 * * *", .shift, "2026-03-08T05:00Z", "2026-03-09T05:00Z")
        #expect(
            found == [
                "2026-03-08T07:00:00Z 02:00 0 run",
                "2026-03-08T07:00:00Z 03:00 0 dstGapMerged",
                "2026-03-08T07:30:00Z 02:30 0 run",
                "2026-03-08T07:30:00Z 03:30 0 dstGapMerged",
            ]
        )
    }

    @Test func `a wildcard has no occurrence in a gap under vixie`() throws {
        #expect(try day("*/15 2 * * *", .vixie, "2026-03-08T05:00Z", "2026-03-09T05:00Z").isEmpty)
    }

    @Test func `the second pass is named when it does not run`() throws {
        for dst in [DSTPolicy.vixie, .once, .shift] {
            let found = try day("30 1 * * *", dst, "2026-11-01T04:00Z", "2026-11-02T04:00Z")
            #expect(
                found == ["2026-11-01T05:30:00Z 01:30 0 run", "2026-11-01T06:30:00Z 01:30 1 dstFoldSkipped"]
            )
        }
        let literal = try day("30 1 * * *", .literal, "2026-11-01T04:00Z", "2026-11-02T04:00Z")
        #expect(literal == ["2026-11-01T05:30:00Z 01:30 0 run", "2026-11-01T06:30:00Z 01:30 1 run"])
    }

    @Test func `utc reads the schedule in UTC and shows the zone's clock`() throws {
        let found = try day("30 7 * * *", .utc, "2026-03-08T00:00Z", "2026-03-10T00:00Z")
        #expect(found == ["2026-03-08T07:30:00Z 03:30 0 run", "2026-03-09T07:30:00Z 03:30 0 run"])
    }

    @Test func `a group holds all that share an instant`() throws {
        let job = try recurrence("0,30 2,3 * * *", "America/New_York")
        let group = job.nextGroup(after: try instant("2026-03-08T06:59:59Z"))
        #expect(group.map(\.disposition) == [.run, .dstGapMerged, .dstGapMerged])
        #expect(group == group.sorted())
        let following = job.nextGroup(after: try #require(group.first).instant)
        #expect(following.map(\.instant) == [try instant("2026-03-08T07:30:00Z")])
    }

    @Test func `next is exclusive and gives suppressed occurrences, nextRun does not`() throws {
        let job = try recurrence("30 2 * * *", "America/New_York", dst: .literal)
        let after = try instant("2026-03-07T07:30:00Z")
        #expect(job.next(after: after)?.disposition == .dstGapSkipped)
        #expect(job.next(after: after)?.instant == (try instant("2026-03-08T07:00:00Z")))
        #expect(job.nextRun(after: after) == (try instant("2026-03-09T06:30:00Z")))
    }

    @Test func `a day that a zone left out is a gap of a day`() throws {
        // Samoa had no 30 December 2011.
        let fixed = try recurrence("0 9 30 12 *", "Pacific/Apia")
        #expect(
            try runs(fixed, from: "2011-01-01T00:00Z", count: 2) == [
                "2011-12-30T10:00:00Z", "2012-12-29T19:00:00Z",
            ]
        )
        let shifted = try recurrence("0 9 30 12 *", "Pacific/Apia", dst: .shift)
        #expect(try runs(shifted, from: "2011-01-01T00:00Z", count: 1) == ["2011-12-30T19:00:00Z"])
    }

    @Test func `questions far outside of the calendar have no answer and end at once`() throws {
        let job = try recurrence("* * * * *", "Europe/London")
        #expect(job.next(after: Instant(seconds: .max)) == nil)
        #expect(job.next(after: Instant(seconds: .min)) != nil)
        #expect(job.nextRun(after: try instant("9999-12-31T23:59:59Z")) == nil)
        let every = try recurrence("@every 90s")
        #expect(every.next(after: Instant(seconds: .max)) == nil)
        #expect(every.next(after: Instant(seconds: .min))?.instant == Instant(seconds: 0))
        let leapMonday = try recurrence("0 0 29 2 1", options: .init(dayMatch: .and))
        #expect(
            try runs(leapMonday, from: "2080-01-01T00:00Z", count: 2) == [
                "2112-02-29T00:00:00Z", "2140-02-29T00:00:00Z",
            ]
        )
    }

    @Test(.timeLimit(.minutes(1)))
    func `the ends of 64 bits are answered, not trapped`() throws {
        for seconds in [Int64.min, .max] {
            let edge = Instant(seconds: seconds)
            for text in ["@every 1s", "R5/PT1H", "R/P1M", "30 2 * * *", "@at 2026-03-08T02:30"] {
                for dst in DSTPolicy.allCases {
                    let zone = try ZoneDatabase.embedded.zone(named: "Australia/Lord_Howe")
                    let job = Recurrence(try Schedule(text), zone: zone, dst: dst, anchor: edge)
                    _ = job.nextRun(after: edge)
                    _ = job.nextGroup(after: Instant(seconds: 0))
                    _ = lint(job, from: edge)
                    _ = zone.local(at: edge)
                    _ = zone.resolve(LocalDateTime(seconds: seconds))
                    _ = zone.previousTransition(before: edge)
                    _ = zone.nextTransition(after: edge)
                }
            }
        }
        #expect(try recurrence("@every 1s").nextRun(after: Instant(seconds: .max)) == nil)
    }

    @Test func `recurrences are equal when their parts are`() throws {
        #expect(try recurrence("30 2 * * *", "Europe/London") == recurrence("30 2 * * *", "Europe/London"))
        #expect(try recurrence("30 2 * * *", "Europe/London") != recurrence("30 2 * * *", "Europe/Berlin"))
        #expect(try Set([recurrence("@daily"), recurrence("@daily"), recurrence("@hourly")]).count == 2)
    }
}
