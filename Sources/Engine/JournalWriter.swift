private import Dispatch
internal import Domain
internal import Effects
internal import Journaling
private import Synchronization

/// Makes frames durable, one after the other, on a thread of its own; what is appended meanwhile rides with
/// the next.
final class JournalWriter: Sendable {
    private let journal: Journal
    private let time = SystemTime()
    private let bell = DispatchSemaphore(value: 0)
    private let isFinishing = Mutex(false)

    init(journal: Journal) {
        self.journal = journal
    }

    /// There is something to write.
    func ring() { bell.signal() }

    /// Whether it was rung since the last question; for an owner that does not block in `run`.
    func wasRung() -> Bool {
        var wasRung = false
        while bell.wait(timeout: .now()) == .success { wasRung = true }
        return wasRung
    }

    /// Write what is there, then return from `run`.
    func finish() {
        isFinishing.withLock { $0 = true }
        bell.signal()
    }

    /// Blocks until `finish`, or until the journal fails.
    func run(report: (Mailbox.Notice, _ took: Span?) -> Void) {
        journal.prepareNextSegment()
        while true {
            bell.wait()
            if !turn(report: report) { return }
        }
    }

    /// Makes durable what is there, then does a step towards the next segment. False when it was the last
    /// turn.
    func turn(report: (Mailbox.Notice, _ took: Span?) -> Void) -> Bool {
        let isLast = isFinishing.withLock { $0 }
        let start = time.uptime
        do {
            if let durable = try journal.flush() { report(.durable(durable), time.uptime - start) }
            journal.prepareNextSegment()
        } catch {
            report(.storageFailed("\(error) \(error.hint)"), nil)
            return false
        }
        return !isLast
    }
}
