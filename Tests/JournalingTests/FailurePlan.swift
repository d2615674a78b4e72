import Effects
import Synchronization

/// Which operation fails, and when.
final class FailurePlan: Sendable {
    private let operation: String
    private let kind: DiskError.Kind
    private let left: Mutex<Int?>

    init(operation: String, count: Int, kind: DiskError.Kind) {
        self.operation = operation
        self.kind = kind
        left = Mutex(count)
    }

    func set(_ count: Int?) { left.withLock { $0 = count } }

    func check(_ operation: String, _ name: String) throws(DiskError) {
        guard operation == self.operation else { return }
        let isDue = left.withLock { left in
            guard let count = left else { return false }
            left = max(0, count - 1)
            return count == 0
        }
        if isDue { throw DiskError(kind, operation: operation, path: name) }
    }
}
