private import Synchronization

/// Random bytes: ids, passwords, nonces. With `--seed` they come from a generator that repeats itself, so
/// that the same run leaves the same bytes.
package protocol Entropy: Sendable {
    func bytes(_ count: Int) -> [UInt8]
}

/// The system's generator.
package struct SystemEntropy: Entropy {
    package init() {}

    package func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}

/// SplitMix64 from a seed. Not for secrets that matter: only `--ephemeral` takes a seed.
package final class SeededEntropy: Entropy {
    private let state: Mutex<UInt64>

    package init(seed: UInt64) {
        state = Mutex(seed)
    }

    package func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in
            var out: [UInt8] = []
            out.reserveCapacity(count + 8)
            while out.count < count {
                state &+= 0x9e37_79b9_7f4a_7c15
                var word = state
                word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
                word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
                word ^= word >> 31
                for shift in stride(from: UInt64(0), to: 64, by: 8) {
                    out.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
            out.removeLast(out.count - count)
            return out
        }
    }
}

/// Lower-case hexadecimal, as ids and keys are shown.
package func hexadecimal(_ bytes: some Swift.Sequence<UInt8>) -> String {
    digits(of: Array(bytes))
}

/// Not generic, because every call's key is written with it.
private func digits(of bytes: [UInt8]) -> String {
    func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }
    var out: [UInt8] = []
    out.reserveCapacity(2 * bytes.count)
    for byte in bytes {
        out.append(digit(byte >> 4))
        out.append(digit(byte & 15))
    }
    return String(decoding: out, as: UTF8.self)
}
