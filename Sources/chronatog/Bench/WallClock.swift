import Domain
import Effects

/// Unix milliseconds, as the bench's `due=` has them.
enum WallClock {
    static var milliseconds: Int64 { SystemTime().now.microseconds / 1000 }
}
