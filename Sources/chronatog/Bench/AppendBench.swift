import ArgumentParser
import Cron
import Dispatch
import Domain
import Effects
import Journaling
import Synchronization

extension BenchCommand {
    /// `chronatog bench append`
    struct AppendBench: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "append",
            abstract: "Durable appends a second at 1, 64 and 256 callers, each waiting for its own fdatasync."
        )

        @Option(help: "Seconds per row.") var seconds: Double = 3
        @Option(help: "Where to write; the disk under it is what is measured.") var folder: String?
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            var table = BenchTable()
            for callers in [1, 64, 256] {
                let rate = try await Self.measure(callers: callers, seconds: seconds, folder: folder)
                table.add(
                    "durable appends/s, \(callers) caller\(callers == 1 ? "" : "s")",
                    Figure.whole(rate),
                    budget: callers == 256 ? "97,000 (C group commit, see shared/bench)" : ""
                )
            }
            let batched = try await Self.measureBatches(seconds: seconds, folder: folder)
            table.add(
                "durable records/s, batches of 1,000",
                Figure.whole(batched),
                budget: "half of the raw loop: 229,000"
            )
            table.show(json: json)
        }

        /// Callers append and wait; one thread flushes, and whatever came meanwhile rides with the next.
        private static func measure(callers: Int, seconds: Double, folder: String?) async throws -> Double {
            let bench = try JournalOnDisk(in: folder)
            defer { bench.remove() }
            let group = GroupCommit(bench.journal)
            group.start()
            let end = ContinuousClock.now + .seconds(seconds)
            let start = ContinuousClock.now
            let total = await withTaskGroup(of: Int.self) { tasks in
                for caller in 1...callers {
                    tasks.addTask {
                        var count = 0
                        while ContinuousClock.now < end, await group.append(SampleRecord.outcome(caller)) {
                            count += 1
                        }
                        return count
                    }
                }
                return await tasks.reduce(0, +)
            }
            let elapsed = (ContinuousClock.now - start).secondsValue
            await group.stop()
            return Double(total) / elapsed
        }

        /// What the scheduler does: everything due at an instant in one frame.
        private static func measureBatches(seconds: Double, folder: String?) async throws -> Double {
            let bench = try JournalOnDisk(in: folder)
            defer { bench.remove() }
            let end = ContinuousClock.now + .seconds(seconds)
            let start = ContinuousClock.now
            var count = 0
            while ContinuousClock.now < end {
                try bench.journal.append { (frame: inout FrameBuilder) throws(JournalError) in
                    for caller in 0..<1000 { frame.add(SampleRecord.outcome(caller)) }
                }
                count += 1000
                _ = try bench.journal.flush()
                bench.journal.prepareNextSegment()
            }
            return Double(count) / (ContinuousClock.now - start).secondsValue
        }
    }
}

/// A journal in a folder of its own.
struct JournalOnDisk {
    let journal: Journal
    private let folder: TemporaryFolder

    init(in base: String?) throws(CommandFailure) {
        folder = try TemporaryFolder(in: base)
        do {
            let disk = try LiveDisk(directory: folder.path)
            journal = try Journal.open(disk: disk, holder: ProcessEnvironment.processID).journal
        } catch {
            folder.remove()
            throw .failed("\(error)")
        }
    }

    func remove() {
        journal.close()
        folder.remove()
    }
}

/// Records of the size that matters: an outcome, about 256 bytes on the disk, as in the C model of
/// shared/bench.
enum SampleRecord {
    private static let body = [UInt8](repeating: UInt8(ascii: "x"), count: 200)

    static func outcome(_ caller: Int) -> Record {
        var timings = Timings()
        timings.firstByte = 1_200
        timings.total = 1_500
        let report = AttemptReport(n: 1, status: 200, address: "127.0.0.1", timings: timings, body: body)
        let job = JobID(UInt32(caller) + 1)
        return .runClosed(RunClosed(job: job, run: RunID(1), result: .ok, report: report))
    }
}

extension FrameBuilder {
    mutating func add(_ record: Record) {
        _ = append(record, time: SystemTime().now, account: 1, visibility: .account)
    }
}

/// Many callers, one flusher: the shape of the engine's own durability, without the engine.
private final class GroupCommit: Sendable {
    private let journal: Journal
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    private struct State {
        var waiting: [CheckedContinuation<Bool, Never>] = []
        var isStopping = false
        var whenStopped: CheckedContinuation<Void, Never>?
    }

    init(_ journal: Journal) {
        self.journal = journal
    }

    func start() {
        DispatchQueue(label: "bench.flush", qos: .userInitiated).async { [self] in
            while true {
                bell.wait()
                let (waiting, isStopping) = state.withLock { state in
                    defer { state.waiting.removeAll(keepingCapacity: true) }
                    return (state.waiting, state.isStopping)
                }
                // Everyone in `waiting` appended before this flush takes the frame.
                let isFine = (try? journal.flush()) != nil || waiting.isEmpty
                for caller in waiting { caller.resume(returning: isFine) }
                journal.prepareNextSegment()
                if isStopping {
                    state.withLock { $0.whenStopped }?.resume()
                    return
                }
            }
        }
    }

    /// True once the record is durable.
    func append(_ record: Record) async -> Bool {
        await withCheckedContinuation { continuation in
            let isAppended =
                (try? journal.append { (frame: inout FrameBuilder) throws(JournalError) in
                    frame.add(record)
                })
                != nil
            guard isAppended else { return continuation.resume(returning: false) }
            let isFirst = state.withLock { state in
                state.waiting.append(continuation)
                return state.waiting.count == 1
            }
            if isFirst { bell.signal() }
        }
    }

    func stop() async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                state.isStopping = true
                state.whenStopped = continuation
            }
            bell.signal()
        }
    }
}
