/// How long a job's runs take, in eight bytes: running estimates of the median and of the 95th percentile,
/// which survive the removal of the runs themselves.
///
/// Each moves towards every new value in the logarithm, by less the more it has seen (Robbins and Monro,
/// 1951, "A Stochastic Approximation Method"). Integers only, so that a replay on any machine comes to the
/// same bits. After a hundred runs of one kind they are within about a tenth of the true quantiles.
package struct DurationQuantiles: Sendable, Hashable {
    /// Logarithms to base two of microseconds, in 4096ths; zero before the first run.
    package var median: Int32
    package var high: Int32

    package init(median: Int32 = 0, high: Int32 = 0) {
        self.median = median
        self.high = high
    }

    package var p50: Span { Self.span(median) }
    package var p95: Span { Self.span(high) }

    /// - Parameter count: runs before this one.
    package mutating func add(_ duration: Span, after count: UInt32) {
        let value = Self.logarithm(duration)
        guard count > 0 else {
            (median, high) = (value, value)
            return
        }
        let step = max(Self.octave * 4 / Int32(clamping: count), Self.octave / 16)
        move(&median, towards: value, up: step / 2, down: step / 2)
        move(&high, towards: value, up: step * 19 / 20, down: step / 20)
        high = max(high, median)
    }

    private static let octave: Int32 = 4096

    private func move(_ estimate: inout Int32, towards value: Int32, up: Int32, down: Int32) {
        if value > estimate {
            estimate = min(value, estimate + max(up, 1))
        } else {
            estimate = max(value, estimate - max(down, 1))
        }
    }

    /// Straight lines between the powers of two are near enough, and exact to the bit everywhere.
    private static func logarithm(_ duration: Span) -> Int32 {
        let value = UInt64(max(duration.microseconds, 1))
        let exponent = 63 - value.leadingZeroBitCount
        let fraction = (value << UInt64(63 - exponent)) >> 51 & 4095
        return Int32(exponent) * octave + Int32(fraction)
    }

    private static func span(_ logarithm: Int32) -> Span {
        let exponent = UInt64(max(0, min(logarithm / octave, 62)))
        let fraction = UInt64(max(0, logarithm % octave))
        let value =
            exponent >= 12 ? (4096 + fraction) << (exponent - 12) : (4096 + fraction) >> (12 - exponent)
        return Span(microseconds: Int64(value))
    }
}
