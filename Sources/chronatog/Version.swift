import Cron
import Domain

/// What this program is.
enum Version {
    static let number = "0.1.0"

    static var json: JSON {
        .object([
            .init("version", .string(number)),
            .init("tzdata", .string(ZoneDatabase.embedded.version)),
            .init("platform", .string(platform)),
            .init("build", .string(build)),
        ])
    }

    #if arch(x86_64)
        private static let platform = "linux-x86_64"
    #elseif arch(arm64)
        private static let platform = "linux-aarch64"
    #else
        private static let platform = "linux"
    #endif

    #if DEBUG
        private static let build = "debug"
    #else
        private static let build = "release"
    #endif
}
