import Domain
import Scheduling
import Testing

struct LimitsTests {
    @Test func `a clock that is set back holds a rate up for one period at most`() {
        var limits = Limits(parallelDefault: 64)
        let job = JobDefinition(callback: Callback(target: .sink("/")), schedule: [])
        let index = limits.index(of: Plan(job, lines: [], account: 1).limitKey)
        var policy = job.limit
        (policy.rate, policy.period) = (2, .seconds(10))
        let noon = Timestamp(seconds: 1_800_000_000)
        #expect(limits.take(index, policy, now: noon) == .taken)
        #expect(limits.take(index, policy, now: noon) == .taken)
        #expect(limits.take(index, policy, now: noon) == .until(noon + .seconds(5)))
        let earlier = noon - .hours(3)
        #expect(limits.take(index, policy, now: earlier) == .until(earlier + .seconds(5)))
        #expect(limits.take(index, policy, now: earlier + .seconds(5)) == .taken)
    }
}
