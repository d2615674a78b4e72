import Glibc

enum TestSeed {
    /// `SEED=… swift test --filter ServerTests` repeats the kill moments and the requests of a run.
    static var value: UInt64 {
        // because: the value is copied at once
        let given = unsafe getenv("SEED").flatMap { unsafe UInt64(String(cString: $0)) }
        return given ?? UInt64.random(in: 1...999_999_999)
    }
}

/// Sebastiano Vigna's SplitMix64: the same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Below a bound.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
