/// The value that `H` and `~` stand for: fixed by the seed, spread evenly over seeds.
///
/// The definition is part of the journal's format, because a replay must find the same times:
/// with the numbers `field` (second 0, minute 1, hour 2, day of month 3, month 4, day of week 5, year 6) and
/// `item` (the place in the field's list, from 0), all arithmetic modulo 2⁶⁴,
///
///     z = seed + 0x9E3779B97F4A7C15 × (field × 256 + item + 1)
///     z = (z xor z >> 30) × 0xBF58476D1CE4E5B9
///     z = (z xor z >> 27) × 0x94D049BB133111EB
///     value = low + (z xor z >> 31) mod (high − low + 1)
///
/// (SplitMix64's step and finalizer). For `H/n` and `a~b/n` the value is drawn from the range's first n
/// numbers and steps from there. A bare `H` or `~` in the day of month is drawn from 1 to 28, so that every
/// month has it.
enum Spread {
    static func value(in range: ClosedRange<Int>, seed: UInt64, field: FieldKind, item: Int) -> Int {
        var mixed = seed &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(field.rawValue * 256 + item + 1)
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return range.lowerBound + Int(mixed % UInt64(range.count))
    }
}
