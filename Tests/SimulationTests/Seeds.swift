import Glibc

/// Which seeds a run of the suite plays: a few by default, `SEEDS=100000` for a night, `SEED=…` exactly one.
enum Seeds {
    private static let countByDefault = 8

    static let chosen: [UInt64] = {
        if let one = environment("SEED").flatMap({ UInt64($0) }) { return [one] }
        let count = environment("SEEDS").flatMap { Int($0) } ?? countByDefault
        return (1...UInt64(max(count, 1))).map { $0 }
    }()

    /// How many operations the fault sweep goes on by where there are many alike: a prime, or 1 for a night.
    static let sweepStep = environment("SEEDS") == nil ? 41 : 1

    /// The variable's text.
    private static func environment(_ name: String) -> String? {
        // unsafe because getenv hands out the process's own memory, which is copied at once.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
