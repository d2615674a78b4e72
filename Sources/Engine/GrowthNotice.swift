package import Domain
private import Synchronization

/// Carries word that the journal has grown to whoever watches. The engine's thread tells, once for each batch
/// that became durable, so what is told must return at once.
package final class GrowthNotice: Sendable {
    private let watcher = Mutex<(@Sendable (Sequence) -> Void)?>(nil)

    /// - Parameter watch: given the last durable record.
    package func watch(_ watch: @escaping @Sendable (Sequence) -> Void) {
        watcher.withLock { $0 = watch }
    }

    func tell(_ durable: Sequence) {
        let watch = watcher.withLock { $0 }
        watch?(durable)
    }
}
