package import Domain

/// Chance that repeats itself: everything that happens by chance in a simulated world comes from one seed, in
/// streams that do not disturb each other.
package struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// - Parameter stream: what is decided with it (`disk`, `network`, …).
    package init(seed: UInt64, stream: String) {
        state = stream.utf8.reduce(seed &* 0x9e37_79b9_7f4a_7c15) { StableHash.mix($0, UInt64($1), 7) }
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    /// 0 ..< `limit`.
    package mutating func below(_ limit: Int) -> Int {
        Int(next() % UInt64(max(limit, 1)))
    }

    package mutating func chance(_ hits: Int, in throwsMade: Int) -> Bool { below(throwsMade) < hits }

    /// One of a list that is not empty.
    package mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    /// Any length between the two.
    package mutating func span(_ least: Span, _ most: Span) -> Span {
        let width = UInt64(max(most.microseconds - least.microseconds, 0)) + 1
        return Span(microseconds: least.microseconds + Int64(next() % width))
    }

    /// A length whose magnitude is what is drawn: short ones as likely as long ones.
    package mutating func magnitude(_ least: Span, _ most: Span) -> Span {
        var top = least
        while top < most, chance(3, in: 4) { top = min(top + top, most) }
        return span(least, top)
    }
}
