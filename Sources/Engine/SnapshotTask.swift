internal import Domain
internal import Journaling
internal import Logging

/// Takes work away from the engine's thread.
typealias Background = @Sendable (_ work: @escaping @Sendable () -> Void) -> Void

/// Writes a snapshot away from the engine's thread: the ledger is a value, so its copy is what is written
/// while the engine goes on.
enum SnapshotTask {
    static func write(
        _ ledger: Ledger,
        to journal: Journal,
        on background: Background,
        logger: Logger,
        done: @escaping @Sendable () -> Void
    ) {
        background {
            do {
                try journal.writeSnapshot(of: ledger)
                logger.info("snapshot written", metadata: ["sequence": "\(ledger.sequence)"])
                let removed = try journal.removeHistory(now: ledger.lastTime)
                if removed > 0 { logger.info("history removed", metadata: ["segments": "\(removed)"]) }
            } catch {
                // Not fatal: the journal itself is whole, a start only takes longer.
                logger.error("no snapshot, or history not removed", metadata: ["error": "\(error)"])
            }
            done()
        }
    }
}
