import Domain
import Testing

struct DurationQuantilesTests {
    /// A repeatable sequence that looks random.
    private func numbers(_ count: Int, seed: UInt64) -> [UInt64] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func `estimates come near the true quantiles`(_ seed: UInt64) {
        var quantiles = DurationQuantiles()
        let values = numbers(2_000, seed: seed).map { 50_000 + $0 % 200_000 }
        for (count, value) in values.enumerated() {
            quantiles.add(Span(microseconds: Int64(value)), after: UInt32(count))
        }
        let sorted = values.sorted()
        let (p50, p95) = (Double(sorted[1_000]), Double(sorted[1_900]))
        #expect(abs(Double(quantiles.p50.microseconds) / p50 - 1) < 0.2, "\(quantiles.p50.text)")
        #expect(abs(Double(quantiles.p95.microseconds) / p95 - 1) < 0.2, "\(quantiles.p95.text)")
    }

    @Test func `a change of pace is followed`() {
        var quantiles = DurationQuantiles()
        for count in 0..<500 { quantiles.add(.milliseconds(100), after: UInt32(count)) }
        for count in 500..<700 { quantiles.add(.seconds(10), after: UInt32(count)) }
        #expect(quantiles.p50 > .seconds(7) && quantiles.p95 > .seconds(7))
    }

    @Test(arguments: [Int64(1), 2, 3, 1_000, 4_096, 123_456, 1 << 40, .max])
    func `a value that is all there is comes back within a thousandth`(_ microseconds: Int64) {
        var quantiles = DurationQuantiles()
        quantiles.add(Span(microseconds: microseconds), after: 0)
        let ratio = Double(quantiles.p50.microseconds) / Double(microseconds)
        #expect(ratio > 0.999 && ratio <= 1 || microseconds < 4_096 && ratio > 0.99)
    }
}
