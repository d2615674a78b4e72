/// The hash behind jitter and retry delays. Fixed for ever (`Journaling.docc/Format.md`): a replay on another
/// build must draw the same numbers.
///
/// SplitMix64's finalizer over a running sum: every word is added with the golden-ratio increment, then
/// mixed.
package enum StableHash {
    package static func mix(_ words: UInt64...) -> UInt64 {
        var state: UInt64 = 0x4348_524f_4e41_544f  // "CHRONATO"
        for word in words {
            state = (state ^ word) &+ 0x9e37_79b9_7f4a_7c15
            state = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            state = (state ^ (state >> 27)) &* 0x94d0_49bb_1331_11eb
            state ^= state >> 31
        }
        return state
    }

    /// A number in `0..<bound`, as even as 64 bits allow; 0 when the bound is.
    package static func below(_ bound: UInt64, _ hash: UInt64) -> UInt64 {
        hash.multipliedFullWidth(by: bound).high
    }
}
