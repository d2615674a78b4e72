package import Domain
private import Effects

/// Carries word that the journal has grown to whoever watches. The engine's thread tells, once for each batch
/// that became durable, so what is told must return at once.
package final class GrowthNotice: Sendable {
    private let watcher = Receiver<Sequence>()

    /// - Parameter watch: given the last durable record.
    package func watch(_ watch: @escaping @Sendable (Sequence) -> Void) { watcher.set(watch) }

    func tell(_ durable: Sequence) { watcher.receive?(durable) }
}
