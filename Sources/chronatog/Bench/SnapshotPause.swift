import Dispatch
import Domain
import Effects
import Journaling
import Synchronization

/// How long a durable append takes while a snapshot of everything is being written beside it.
struct SnapshotPause {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    /// Milliseconds, over every append that was made from the snapshot's beginning to its end.
    func measure() throws -> (p99: Double, longest: Double) {
        let progress = Progress("appending during a snapshot")
        defer { progress.end() }
        let recovered = try Journal.open(
            disk: try LiveDisk(directory: path),
            holder: ProcessEnvironment.processID
        )
        defer { recovered.journal.close() }
        let isWritten = Atomic(false)
        let failed = Mutex<JournalError?>(nil)
        let group = DispatchGroup()
        DispatchQueue(label: "bench.snapshot", qos: .utility).async(group: group) {
            do throws(JournalError) {
                try recovered.journal.writeSnapshot(of: recovered.ledger)
            } catch {
                failed.withLock { $0 = error }
            }
            isWritten.store(true, ordering: .releasing)
        }
        var waits: [Double] = []
        while !isWritten.load(ordering: .acquiring) {
            let start = ContinuousClock.now
            try recovered.journal.append { (frame: inout FrameBuilder) throws(JournalError) in
                frame.add(SampleRecord.outcome(waits.count))
            }
            _ = try recovered.journal.flush()
            recovered.journal.prepareNextSegment()
            waits.append((ContinuousClock.now - start).secondsValue * 1000)
        }
        group.wait()
        if let error = failed.withLock({ $0 }) { throw error }
        waits.sort()
        return (waits[min(waits.count - 1, waits.count * 99 / 100)], waits.last ?? 0)
    }
}
