internal import Domain
internal import Journaling
internal import Synchronization

/// Backups that somebody is reading. Only what each consists of is kept; the bytes stay in the folder.
final class BackupShelf: Sendable {
    /// The one taken first goes when another is taken.
    static let plansMax = 8
    private let plans = Mutex<[(id: String, plan: BackupPlan)]>([])

    func keep(_ plan: BackupPlan, as id: String) {
        plans.withLock { plans in
            if plans.count >= Self.plansMax { plans.removeFirst() }
            plans.append((id, plan))
        }
    }

    func plan(_ id: String) -> BackupPlan? {
        plans.withLock { plans in plans.first { $0.id == id }?.plan }
    }
}
