import Cron
import Dispatch
import Domain
import Effects
import Engine
import Journaling
import Logging
import Synchronization
import Testing

/// What the engine does when its disk refuses: a full one is waited for, a broken one is the end.
@Suite(.timeLimit(.minutes(1)))
struct StorageTests {
    @Test func `a full disk refuses what writes, and is asked again without anybody writing`() async throws {
        let disk = MoodyDisk()
        let (engine, failures) = try engine(on: disk)
        _ = try await engine.registerScheduler(name: "default", username: "U", password: "P")
        disk.mood.withLock { $0 = .full }
        var refusal: CommandError?
        for _ in 0..<1000 where refusal == nil {
            do throws(CommandError) { _ = try await add(to: engine) } catch { refusal = error }
        }
        #expect(refusal == .storageFull)
        #expect(try await engine.status().isStorageFull)
        disk.mood.withLock { $0 = .good }
        // Reads, which change nothing, are all that happens until the engine has looked again by itself.
        var isFull = true
        let end = ContinuousClock.now + .seconds(20)
        while isFull, ContinuousClock.now < end { isFull = try await engine.status().isStorageFull }
        #expect(!isFull)
        _ = try await add(to: engine)
        await engine.stop(drain: .zero)
        #expect(failures.reasons.withLock { $0.isEmpty })
    }

    @Test func `a failed sync is told to everybody who waits, to those who ask next, and once to the server`()
        async throws
    {
        let disk = MoodyDisk()
        let (engine, failures) = try engine(on: disk)
        _ = try await engine.registerScheduler(name: "default", username: "U", password: "P")
        disk.mood.withLock { $0 = .broken }
        let refusals = await withTaskGroup(of: CommandError?.self) { group in
            for _ in 0..<100 {
                group.addTask { await self.refusal { try await self.add(to: engine) } }
            }
            return await group.reduce(into: [CommandError?]()) { $0.append($1) }
        }
        #expect(refusals.count == 100)
        for refusal in refusals {
            switch refusal {
            case .storageFailed(let reason): #expect(reason.contains("datasync"))
            case .stopping: break
            default: Issue.record("\(String(describing: refusal))")
            }
        }
        await engine.stop(drain: .zero)
        #expect(failures.reasons.withLock { $0.count } == 1)
    }

    @Test func `requests that come together with the bad news are refused, not forgotten`() async throws {
        let disk = MoodyDisk()
        let (engine, failures) = try engine(on: disk)
        _ = try await engine.registerScheduler(name: "default", username: "U", password: "P")
        let job = try await add(to: engine)
        let (news, pause) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let (steps, step) = AsyncStream.makeStream(of: Void.self)
        var waiting = steps.makeAsyncIterator()
        disk.mood.withLock { $0 = .breaking(step, news) }
        let refusals = await withTaskGroup(of: CommandError?.self) { group in
            group.addTask { await self.refusal { try await self.add(to: engine) } }
            await waiting.next()  // The sync has begun.
            group.addTask {
                await self.refusal {
                    _ = try await engine.revise(job, as: .operator) { _ throws(CommandError) in
                        step.yield()
                        pause.wait()
                        throw .conflict("held up the engine's thread")
                    }
                }
            }
            await waiting.next()  // The engine's thread is busy.
            for _ in 0..<20 {
                group.addTask {
                    step.yield()
                    return await self.refusal { try await self.add(to: engine) }
                }
            }
            for _ in 0..<20 { await waiting.next() }
            news.signal()
            while !engine.journal.isPoisoned { await Task.yield() }
            pause.signal()
            return await group.reduce(into: [CommandError?]()) { $0.append($1) }
        }
        #expect(refusals.count == 22)
        #expect(refusals.allSatisfy { $0 != nil })
        await engine.stop(drain: .zero)
        #expect(failures.reasons.withLock { $0.count } == 1)
    }

    @Test func `a sync that fails while the engine stops is no good end`() async throws {
        let disk = MoodyDisk()
        let (engine, failures) = try engine(on: disk)
        _ = try await engine.registerScheduler(name: "default", username: "U", password: "P")
        let news = DispatchSemaphore(value: 0)
        let (steps, step) = AsyncStream.makeStream(of: Void.self)
        var waiting = steps.makeAsyncIterator()
        disk.mood.withLock { $0 = .breaking(step, news) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { #expect(await self.refusal { try await self.add(to: engine) } != nil) }
            await waiting.next()  // The sync has begun.
            group.addTask { await engine.stop(drain: .zero) }
            news.signal()
        }
        #expect(failures.reasons.withLock { $0.count } == 1)
    }

    private func refusal(_ body: @Sendable () async throws -> some Sendable) async -> CommandError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? CommandError
        }
    }

    // MARK: An engine with a thread for its journal, as a server has it

    private func engine(on disk: MoodyDisk) throws -> (Engine, Failures) {
        var limits = JournalLimits()
        limits.segmentBytes = 64 << 10
        limits.reserveBytes = 8 << 10
        let recovered = try Journal.open(disk: disk, limits: limits, holder: "test")
        let entropy = SeededEntropy(seed: 1)
        let engine = Engine(
            journal: recovered.journal,
            flow: Flow(
                ledger: recovered.ledger,
                keys: try KeyRing(keys: [SeededEntropy(seed: 99).bytes(32)], entropy: entropy),
                entropy: entropy,
                settings: FlowSettings(zones: .embedded)
            ),
            clock: EngineClock(source: SystemTime(), isDrivable: false, start: nil),
            transport: NoTransport(),
            sink: nil,
            settings: EngineSettings(flushesInline: false),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let failures = Failures()
        engine.start(sinkOrigin: nil) { reason in failures.reasons.withLock { $0.append(reason) } }
        return (engine, failures)
    }

    private func add(to engine: Engine) async throws(CommandError) -> JobID {
        let callback = Callback(target: .sink("/_sink/200"))
        let definition = JobDefinition(callback: callback, schedule: ["0 0 29 2 *"])
        return try await engine.register(JobDraft(definition), scheduler: 1).id
    }
}

private final class Failures: Sendable {
    let reasons = Mutex<[String]>([])
}

/// Memory that can be told to be full or broken.
private final class MoodyDisk: Disk {
    enum Mood: Sendable {
        case good, full, broken
        /// Tells that a sync has begun, and fails it when told to.
        case breaking(AsyncStream<Void>.Continuation, DispatchSemaphore)
    }

    let mood = Mutex(Mood.good)
    private let base = MemoryDisk()

    func create(_ name: String, allocating bytes: Int) throws(DiskError) {
        if case .full = mood.withLock({ $0 }) { throw DiskError(.noSpace, operation: "allocate", path: name) }
        try base.create(name, allocating: bytes)
    }
    func datasync(_ name: String) throws(DiskError) {
        switch mood.withLock({ $0 }) {
        case .good, .full: return try base.datasync(name)
        case .broken: break
        case .breaking(let step, let news):
            step.yield()
            news.wait()
        }
        throw DiskError(.io(errno: 5, text: "broken"), operation: "datasync", path: name)
    }
    func list() throws(DiskError) -> [String] { base.list() }
    func size(of name: String) throws(DiskError) -> Int { try base.size(of: name) }
    func read(_ name: String, at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        try base.read(name, at: offset, count: count)
    }
    func write(_ name: String, at offset: Int, _ bytes: [UInt8]) throws(DiskError) {
        try base.write(name, at: offset, bytes)
    }
    func rename(_ name: String, to newName: String) throws(DiskError) { try base.rename(name, to: newName) }
    func remove(_ name: String) throws(DiskError) { try base.remove(name) }
    func syncDirectory() throws(DiskError) {}
    func lock(holder: String) throws(DiskError) { try base.lock(holder: holder) }
    func unlock() { base.unlock() }
    func freeBytes() -> UInt64 { base.freeBytes() }
}
