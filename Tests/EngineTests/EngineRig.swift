import Cron
import Domain
import Effects
import Engine
import Integrations
import Journaling
import Logging

/// A whole engine over memory, a driven clock and the built-in sink: everything but sockets.
struct EngineRig {
    let engine: Engine
    let disk: MemoryDisk
    let sink: SinkService
    static let start = Timestamp(seconds: 1_767_225_600)  // 2026-01-01T00:00:00Z

    /// - Parameter disk: a disk to go on with, as after a restart.
    init(
        disk: MemoryDisk = MemoryDisk(),
        seed: UInt64 = 1,
        start: Timestamp = EngineRig.start,
        targetParallel: UInt32 = 64,
        transport: any Transport = NoTransport(),
        mail: (any MailTransport)? = nil,
        streams: (any StreamTransport)? = nil,
        sources: [String: SourceWish] = [:],
        channels: [String: ChannelSettings] = [:],
        publicURL: String? = nil,
        keys ring: [UInt64] = [99]
    ) async throws {
        self.disk = disk
        sink = SinkService()
        let entropy = SeededEntropy(seed: seed)
        let recovered = try Journal.open(disk: disk, holder: "test")
        let keys = try KeyRing(keys: ring.map { SeededEntropy(seed: $0).bytes(32) }, entropy: entropy)
        var settings = FlowSettings(zones: .embedded)
        settings.targetParallel = targetParallel
        settings.channels = channels
        settings.publicURL = publicURL
        settings.sources = sources
        engine = Engine(
            journal: recovered.journal,
            flow: Flow(ledger: recovered.ledger, keys: keys, entropy: entropy, settings: settings),
            clock: EngineClock(source: SystemTime(), isDrivable: true, start: start),
            transport: transport,
            mail: mail,
            streams: streams,
            sink: sink,
            settings: EngineSettings(flushesInline: true),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let origin = Origin(isTLS: false, host: "127.0.0.1", port: 1)
        engine.start(sinkOrigin: origin, publicURL: "http://chronatog.test") { reason in
            fatalError("the journal failed: \(reason)")
        }
        if try await engine.schedulers().isEmpty {
            _ = try await engine.registerScheduler(name: "default", username: "U", password: "P")
        }
    }

    func add(
        _ schedule: String...,
        target: String = "/_sink/200",
        change: (inout JobDefinition) -> Void = { _ in }
    ) async throws -> JobID {
        var definition = JobDefinition(callback: Callback(target: .sink(target)), schedule: schedule)
        change(&definition)
        return try await engine.register(JobDraft(definition), scheduler: 1).id
    }

    func advance(_ span: Span) async throws {
        _ = try await engine.drive(.advance(span))
    }

    /// Everything recorded about a job, in order.
    func records(_ job: JobID? = nil) async throws -> [Entry] {
        var entries: [Entry] = []
        try await engine.history().scan(from: Sequence(1), subject: job) { entry, _ in
            entries.append(entry)
            return .next
        }
        return entries
    }

    /// Slots by terminal result, counted over the records: a run's slot by the run's end, a stretch by its
    /// count.
    func results(_ job: JobID) async throws -> [SlotResult: Int] {
        var results: [SlotResult: Int] = [:]
        for entry in try await records(job) {
            switch entry.record {
            case .slotsDecided(let record): results[record.result, default: 0] += Int(record.count)
            case .runClosed(let record): results[record.result, default: 0] += 1
            default: break
            }
        }
        return results
    }

    func stop() async {
        await engine.stop(drain: .zero)
    }
}

/// A network where nothing may be called.
struct NoTransport: Transport {
    func send(_ calls: [Call]) { fatalError("no call may leave the engine in this test") }
    func abort(_ ids: [UInt64]) {}
    func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {}
    func shutdown(drain: Span) async {}
}
