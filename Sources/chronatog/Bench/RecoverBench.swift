import ArgumentParser
import Cron
import Domain
import Effects
import Engine
import Journaling

extension BenchCommand {
    /// `chronatog bench recover`, and `bench memory`, which is the same with other rows.
    struct RecoverBench: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "recover",
            abstract: "How long a start with many jobs takes, and the memory they need. Also: bench memory.",
            aliases: ["memory"]
        )

        @Option(help: "Jobs.") var jobs: Int = 1_000_000
        @Option(help: "Where to write.") var folder: String?
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            let folder = try TemporaryFolder(in: folder)
            defer { folder.remove() }
            let written = try StoreWriter(folder.path).write(jobs: jobs)
            var table = BenchTable()
            table.add("jobs registered, \(Figure.whole(Double(jobs)))", "\(Figure.hundredths(written)) s")
            let scale = Double(jobs) / 1_000_000
            for name in ["from the journal alone", "from a snapshot"] {
                let child = try ChildProcess(arguments: ["bench", "opened", folder.path])
                let fields = (child.line() ?? "").split(separator: " ").compactMap { Double($0) }
                child.stop()
                guard fields.count == 3 else {
                    throw CommandFailure.failed("the store could not be opened again")
                }
                table.add(
                    "start, \(name)",
                    "\(Figure.hundredths(fields[0])) s",
                    budget: name.hasSuffix("snapshot") ? "\(Figure.hundredths(1.5 * scale)) s" : ""
                )
                table.add(
                    "memory, \(name)",
                    "\(Figure.whole(fields[1] / Double(max(jobs, 1)))) bytes a job",
                    budget: "under 700 bytes a job"
                )
                if name.hasSuffix("alone") {
                    let snapshot = try StoreWriter(folder.path).snapshot()
                    table.add("snapshot written", "\(Figure.hundredths(snapshot)) s")
                }
            }
            let waits = try SnapshotPause(folder.path).measure()
            table.add(
                "an append while a snapshot is written, p99 / longest",
                "\(Figure.hundredths(waits.p99)) / \(Figure.hundredths(waits.longest)) ms",
                budget: "p99 under 20 ms"
            )
            table.show(json: json)
        }
    }

    /// `bench opened FOLDER`: opens a store as `serve` does; prints `<seconds> <resident bytes more> <jobs>`.
    struct Opened: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "opened", shouldDisplay: false)
        @Argument var folder: String

        func run() throws {
            let before = ProcessFigures.residentBytes()
            let start = ContinuousClock.now
            do {
                let disk = try LiveDisk(directory: folder)
                let recovered = try Journal.open(disk: disk, holder: ProcessEnvironment.processID)
                let keys = try KeyRing(keys: [StoreWriter.key], entropy: SystemEntropy())
                var flow = Flow(
                    ledger: recovered.ledger,
                    keys: keys,
                    entropy: SystemEntropy(),
                    settings: FlowSettings(zones: .embedded)
                )
                flow.start(now: SystemTime().now)
                let seconds = (ContinuousClock.now - start).secondsValue
                let bytes = ProcessFigures.residentBytes() - before
                StandardStream.output.line("\(seconds) \(bytes) \(flow.ledger.jobs.count)")
                recovered.journal.close()
            } catch {
                throw CommandFailure.failed("\(error)")
            }
        }
    }
}

/// Makes a store with many jobs, through the journal and the ledger as the engine does.
struct StoreWriter {
    private let path: String
    static let key = [UInt8](repeating: 7, count: KeyRing.keyBytes)

    init(_ path: String) {
        self.path = path
    }

    private func open() throws -> Recovered {
        try Journal.open(disk: try LiveDisk(directory: path), holder: ProcessEnvironment.processID)
    }

    /// Seconds it took.
    func write(jobs: Int) throws -> Double {
        let progress = Progress("registering \(jobs) jobs")
        defer { progress.end() }
        let start = ContinuousClock.now
        let recovered = try open()
        defer { recovered.journal.close() }
        let keys = try KeyRing(keys: [Self.key], entropy: SystemEntropy())
        let founded = FolderFounded(
            storeID: SystemEntropy().bytes(16),
            zoneVersion: ZoneDatabase.embedded.version,
            keyID: keys.currentID
        )
        try append([.folderFounded(founded)], to: recovered.journal)
        let now = SystemTime().now
        var next = 1
        while next <= jobs {
            let batch = next...min(next + 999, jobs)
            try append(batch.map { Self.registered(UInt32($0), now: now) }, to: recovered.journal)
            next = batch.upperBound + 1
            progress.note(String(next - 1))
        }
        return (ContinuousClock.now - start).secondsValue
    }

    /// Seconds it took to write a snapshot of what is there.
    func snapshot() throws -> Double {
        let recovered = try open()
        defer { recovered.journal.close() }
        let start = ContinuousClock.now
        try recovered.journal.writeSnapshot(of: recovered.ledger)
        return (ContinuousClock.now - start).secondsValue
    }

    private func append(_ records: [Record], to journal: Journal) throws {
        try journal.append { (frame: inout FrameBuilder) throws(JournalError) in
            for record in records { frame.add(record) }
        }
        _ = try journal.flush()
        journal.prepareNextSegment()
    }

    /// About 340 bytes as JSON: a URL with a query, a name, a header, a few settings.
    private static func registered(_ number: UInt32, now: Timestamp) -> Record {
        var url = URLTarget(
            isTLS: true,
            host: "hooks.example.com",
            port: 443,
            path: "/v1/tenants/acme/callbacks/\(number)"
        )
        url.query = Sealed(keyID: 1, bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 60))
        url.queryMask = "key=***"
        var definition = JobDefinition(
            callback: Callback(target: .url(url)),
            schedule: ["\(number % 60) \(number % 24) * * *"]
        )
        definition.name = "nightly-report-\(number)"
        definition.callback.method = "POST"
        definition.callback.body = .plain(#"{"report":"nightly","tenant":"acme","format":"pdf"}"#)
        definition.retry.retries = 5
        definition.scheduler = 1
        return .jobRegistered(
            JobRegistered(
                job: JobID(number),
                scheduler: 1,
                definition: definition.packed(),
                cursor: now,
                next: now + .hours(1) + .milliseconds(Int64(number % 86_400_000))
            )
        )
    }
}
