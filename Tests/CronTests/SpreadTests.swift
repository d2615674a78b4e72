import Cron
import Testing

struct SpreadTests {
    private func first(_ text: String, seed: UInt64) throws -> String {
        let job = try recurrence(text, options: ScheduleOptions(seed: seed))
        return try #require(job.nextRun(after: Instant(seconds: -1))).rfc3339
    }

    @Test func `the values are those that journals rely on`() throws {
        #expect(try first("H H * * *", seed: 0) == "1970-01-01T11:01:00Z")
        #expect(try first("H H H H *", seed: 1) == "1970-06-14T11:55:00Z")
        #expect(try first("H(10-19) 0~5 * * *", seed: 0xDEAD_BEEF) == "1970-01-01T02:14:00Z")
        #expect(try first("H/15 * * * *", seed: 12) == "1970-01-01T00:02:00Z")
    }

    @Test func `every value stays within its range, and all of them come up`() throws {
        var minutes: Set<Int> = []
        for seed in 0..<400 {
            let text = try first("H(10-19) 5~7 ~ * *", seed: UInt64(seed))
            let shown = try local(String(text.dropLast()))
            minutes.insert(shown.minute)
            #expect((10...19).contains(shown.minute))
            #expect((5...7).contains(shown.hour))
            #expect((1...28).contains(shown.day))
        }
        #expect(minutes == Set(10...19))
    }

    @Test func `a step from a drawn start keeps its distance`() throws {
        for seed: UInt64 in 0..<20 {
            let job = try recurrence("H/15 * * * *", options: ScheduleOptions(seed: seed))
            let instants = try runs(job, from: "2026-01-01T00:00:00Z", count: 9).map {
                try instant($0).seconds
            }
            #expect(zip(instants, instants.dropFirst()).allSatisfy { $1 - $0 == 900 })
        }
    }

    @Test func `half open ranges take the field's own end`() throws {
        for seed: UInt64 in 0..<50 {
            let early = try local(String(try first("~5 20~ * * *", seed: seed).dropLast()))
            #expect(early.minute <= 5)
            #expect(early.hour >= 20)
        }
    }

    @Test func `two places in one field are drawn apart`() throws {
        let different = try (0..<20).filter { seed in
            let job = try recurrence("H,H 0 * * *", options: ScheduleOptions(seed: UInt64(seed)))
            return try runs(job, from: "1969-12-31T23:59:59Z", count: 2).allSatisfy {
                $0.hasPrefix("1970-01-01")
            }
        }
        #expect(different.count > 15)
    }
}
