import Glibc

/// Which seeds a run of the suite plays: a few by default, `SEEDS=100000` for a night, `SEEDS=301-400` for a
/// part of one, `SEED=…` exactly one.
enum Seeds {
    private static let countByDefault = 8

    static let chosen: [UInt64] = {
        if let one = environment("SEED").flatMap({ UInt64($0) }) { return [one] }
        let ends = (environment("SEEDS") ?? "").split(separator: "-").compactMap { UInt64($0) }
        let (first, last) = ends.count == 2 ? (ends[0], ends[1]) : (1, ends.first ?? UInt64(countByDefault))
        return (first...max(first, last)).map { $0 }
    }()

    /// The variable's text.
    private static func environment(_ name: String) -> String? {
        // unsafe because getenv hands out the process's own memory, which is copied at once.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
