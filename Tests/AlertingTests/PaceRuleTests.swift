import Domain
import Testing

@testable import Alerting

struct PaceRuleTests {
    private static func usual(_ span: Span, runs: UInt32) -> DurationQuantiles {
        var quantiles = DurationQuantiles()
        for count in 0..<runs { quantiles.add(span, after: count) }
        return quantiles
    }

    @Test func `nothing is said of the first twenty runs`() {
        let usual = Self.usual(.seconds(60), runs: 19)
        #expect(PaceRule.judge(.hours(5), usual: usual, runs: 19) == nil)
        #expect(PaceRule.judge(.hours(5), usual: usual, runs: 20) == .tooSlow)
    }

    @Test func `much longer or shorter than usual is worth a look`() {
        let usual = Self.usual(.seconds(60), runs: 100)
        #expect(PaceRule.judge(.seconds(100), usual: usual, runs: 100) == .usual)
        #expect(PaceRule.judge(.seconds(150), usual: usual, runs: 100) == .tooSlow)
        #expect(PaceRule.judge(.seconds(20), usual: usual, runs: 100) == .usual)
        #expect(PaceRule.judge(.seconds(10), usual: usual, runs: 100) == .tooFast)
    }

    @Test func `milliseconds are nobody's worry`() {
        let usual = Self.usual(.milliseconds(5), runs: 100)
        #expect(PaceRule.judge(.milliseconds(500), usual: usual, runs: 100) == .usual)
        #expect(PaceRule.judge(.milliseconds(0), usual: usual, runs: 100) == .usual)
        #expect(PaceRule.judge(.seconds(2), usual: usual, runs: 100) == .tooSlow)
    }

    @Test func `the title says how long, and what is usual`() {
        let usual = Self.usual(.seconds(60), runs: 100)
        let title = PaceRule.title(.tooSlow, name: "export", duration: .seconds(150), usual: usual)
        #expect(title.hasPrefix("export took 2m30s, longer than usual ("))
    }
}
