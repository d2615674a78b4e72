import Cron
import Testing

/// Macros, intervals, one-shots, repetitions.
struct FormTests {
    @Test func `macros stand for their expressions`() throws {
        let pairs = [
            ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"),
            ("@weekly", "0 0 * * 0"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"),
            ("@hourly", "0 * * * *"), ("@Daily", "0 0 * * *"),
        ]
        for (macro, expression) in pairs {
            let schedule = try Schedule(macro)
            #expect(schedule.form == (try Schedule(expression).form), "\(macro)")
            #expect(schedule.dialect == .unix)
            #expect(schedule.text == macro)
        }
    }

    @Test func `a macro means the same in every dialect`() throws {
        #expect(try Schedule("@weekly", options: .init(dialect: .quartz)).form == Schedule("@weekly").form)
    }

    @Test func `an interval counts elapsed time from its anchor across a clock change`() throws {
        let job = try recurrence("@every 1h30m", "America/New_York", anchor: "2026-03-08T05:00:00Z")
        #expect(
            try runs(job, from: "2026-03-08T04:00:00Z", count: 4) == [
                "2026-03-08T05:00:00Z", "2026-03-08T06:30:00Z", "2026-03-08T08:00:00Z",
                "2026-03-08T09:30:00Z",
            ]
        )
        #expect(
            job.next(after: try instant("2026-03-08T06:00:00Z"))?.local == (try local("2026-03-08T01:30"))
        )
        #expect(try runs(job, from: "2026-03-08T05:00:00Z", count: 1) == ["2026-03-08T06:30:00Z"])
    }

    @Test func `durations add up`() throws {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172_800), ("1w", 604_800)] {
            #expect(try Schedule("@every \(text)").form == .interval(seconds: Int64(seconds)))
        }
    }

    @Test func `at a given instant, once`() throws {
        let job = try recurrence("@at 2026-03-08T02:30-05:00", "America/New_York")
        #expect(try runs(job, from: "2026-01-01T00:00Z", count: 3) == ["2026-03-08T07:30:00Z"])
        #expect(try runs(job, from: "2026-03-08T07:30:00Z", count: 3) == [])
    }

    @Test func `at a local time that does not exist, as the policy says`() throws {
        let expected: [(DSTPolicy, [String])] = [
            (.vixie, ["2026-03-08T07:00:00Z"]), (.literal, []), (.once, []),
            (.shift, ["2026-03-08T07:30:00Z"]), (.utc, ["2026-03-08T02:30:00Z"]),
        ]
        for (dst, instants) in expected {
            let job = try recurrence("@at 2026-03-08T02:30", "America/New_York", dst: dst)
            #expect(try runs(job, from: "2026-01-01T00:00Z", count: 3) == instants, "\(dst)")
        }
        let skipped = try recurrence("@at 2026-03-08T02:30", "America/New_York", dst: .once)
        #expect(skipped.next(after: try instant("2026-01-01T00:00Z"))?.disposition == .dstGapSkipped)
    }

    @Test func `a start of the program is at no instant`() throws {
        #expect(try recurrence("@reboot").next(after: Instant(seconds: 0)) == nil)
        #expect(try Schedule("@reboot").dialect == nil)
    }

    @Test func `five repetitions are five occurrences, the start being the first`() throws {
        let job = try recurrence("R5/2026-01-01T00:00Z/PT1H", "America/New_York")
        #expect(
            try runs(job, from: "2025-01-01T00:00Z", count: 9) == [
                "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z",
                "2026-01-01T03:00:00Z",
                "2026-01-01T04:00:00Z",
            ]
        )
    }

    @Test func `without a start a repetition begins at the anchor`() throws {
        let job = try recurrence("R2/PT90S", anchor: "2026-01-01T00:00:00Z")
        #expect(
            try runs(job, from: "2025-01-01T00:00Z", count: 9) == [
                "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z",
            ]
        )
    }

    @Test func `a day is a step of the wall clock, 24 hours are not`() throws {
        let day = try recurrence("R3/2026-03-07T12:00/P1D", "America/New_York")
        #expect(
            try runs(day, from: "2026-01-01T00:00Z", count: 9) == [
                "2026-03-07T17:00:00Z", "2026-03-08T16:00:00Z", "2026-03-09T16:00:00Z",
            ]
        )
        let hours = try recurrence("R3/2026-03-07T12:00/PT24H", "America/New_York")
        #expect(
            try runs(hours, from: "2026-01-01T00:00Z", count: 9) == [
                "2026-03-07T17:00:00Z", "2026-03-08T17:00:00Z", "2026-03-09T17:00:00Z",
            ]
        )
    }

    @Test func `months are counted from the start and cut to the month's last day`() throws {
        let job = try recurrence("R5/2027-10-31T09:00Z/P1M")
        #expect(
            try runs(job, from: "2026-01-01T00:00Z", count: 9) == [
                "2027-10-31T09:00:00Z", "2027-11-30T09:00:00Z", "2027-12-31T09:00:00Z",
                "2028-01-31T09:00:00Z",
                "2028-02-29T09:00:00Z",
            ]
        )
        let year = try recurrence("R/2028-02-29T00:00Z/P1Y")
        #expect(
            try runs(year, from: "2029-01-01T00:00Z", count: 4) == [
                "2029-02-28T00:00:00Z", "2030-02-28T00:00:00Z", "2031-02-28T00:00:00Z",
                "2032-02-29T00:00:00Z",
            ]
        )
    }

    @Test func `a start given as an instant is kept, in the second pass of an hour too`() throws {
        let job = try recurrence("R3/2026-11-01T06:30Z/P1D", "America/New_York")
        #expect(
            try runs(job, from: "2026-01-01T00:00Z", count: 9) == [
                "2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z", "2026-11-03T06:30:00Z",
            ]
        )
    }

    @Test func `a daily step into a gap follows the policy`() throws {
        let job = try recurrence("R/2026-03-07T02:30/P1D", "America/New_York")
        #expect(
            try runs(job, from: "2026-03-07T08:00Z", count: 2) == [
                "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z",
            ]
        )
    }
}
