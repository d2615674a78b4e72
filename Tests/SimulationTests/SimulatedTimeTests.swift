import Domain
import Simulation
import Testing

struct SimulatedTimeTests {
    @Test func `the wall clock steps and drifts, the steady one does neither`() {
        let start = Timestamp(seconds: 1_800_000_000)
        let time = SimulatedTime(start: start)
        time.advance(by: .seconds(10))
        #expect(time.now == start + .seconds(10))
        time.step(by: .zero - .hours(1))
        #expect(time.now == start + .seconds(10) - .hours(1))
        #expect(time.uptime == .seconds(10))
        time.step(by: .hours(1))
        time.drift(by: 100)
        time.advance(by: .seconds(10_000))
        #expect(time.now == start + .seconds(10_010) + .seconds(1))
        time.drift(by: -100)
        time.advance(by: .seconds(10_000))
        #expect(time.now == start + .seconds(20_010))
        #expect(time.uptime == .seconds(20_010))
    }
}
