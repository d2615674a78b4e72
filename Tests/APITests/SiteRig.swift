import API
import Cron
import Domain
import Effects
import Engine
import FoundationEssentials
import Integrations
import Journaling
import Logging
import Synchronization

/// The whole site over a real engine in memory, with a driven clock and the built-in sink: everything but
/// sockets.
struct SiteRig {
    let site: Site
    let engine: Engine
    let sink: SinkService
    let time: HandTime
    private let routes: [Route]
    static let token = "operator-token"
    static let start = "2026-01-01T00:00:00Z"

    init(
        start: String = SiteRig.start,
        hasSink: Bool = true,
        disk: MemoryDisk = MemoryDisk(),
        transport: any Transport = DeadTransport(),
        isPlanLimitHard: Bool = false,
        change: (inout APIOptions) -> Void = { _ in }
    ) async throws {
        var options = APIOptions()
        options.token = Self.token
        options.publicURL = "http://chronatog.test"
        options.version = "1.2.3"
        change(&options)
        sink = SinkService()
        time = HandTime()
        var settings = FlowSettings(zones: .embedded)
        settings.isPlanLimitHard = isPlanLimitHard
        settings.publicURL = "http://chronatog.test"
        engine = try await Self.engine(
            disk,
            sink: sink,
            start: Timestamp(rfc3339: start),
            transport: transport,
            settings: settings
        )
        site = Site(
            options: options,
            engine: engine,
            zones: .embedded,
            sink: hasSink ? sink : nil,
            entropy: SeededEntropy(seed: 7),
            time: time,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            judgeLiteral: { host, _ in
                host == "10.0.0.1" ? "is refused by the egress policy: 10.0.0.0/8" : nil
            }
        )
        routes = RouteTable.routes(hasSink: hasSink)
    }

    private static func engine(
        _ disk: MemoryDisk,
        sink: SinkService,
        start: Timestamp?,
        transport: any Transport,
        settings: FlowSettings
    ) async throws -> Engine {
        let entropy = SeededEntropy(seed: 1)
        let recovered = try Journal.open(disk: disk, holder: "test")
        let keys = try KeyRing(keys: [SeededEntropy(seed: 99).bytes(32)], entropy: entropy)
        let engine = Engine(
            journal: recovered.journal,
            flow: Flow(
                ledger: recovered.ledger,
                keys: keys,
                entropy: entropy,
                settings: settings
            ),
            clock: EngineClock(source: SystemTime(), isDrivable: true, start: start),
            transport: transport,
            sink: sink,
            settings: EngineSettings(flushesInline: true),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        engine.start(sinkOrigin: Origin(isTLS: false, host: "127.0.0.1", port: 1)) { reason in
            fatalError("the journal failed: \(reason)")
        }
        if try await engine.schedulers().isEmpty {
            _ = try await engine.registerScheduler(
                name: "default",
                username: "Udefault",
                password: "Pdefault"
            )
        }
        return engine
    }

    /// Sends a request as the operator, or with the given `Authorization` (empty: none). `bytes` are a body
    /// that is no text.
    func send(
        _ method: String,
        _ target: String,
        _ body: String = "",
        as authorization: String = "Bearer \(SiteRig.token)",
        headers: [(name: String, value: String)] = [],
        bytes: [UInt8]? = nil,
        from address: String = "192.0.2.1"
    ) async -> Answer {
        let login = authorization.isEmpty ? [] : [(name: "Authorization", value: authorization)]
        var request = APIRequest(
            method: method,
            target: target,
            headers: login + headers,
            body: bytes ?? Array(body.utf8),
            remoteAddress: address
        )
        for route in routes where route.method == method {
            guard let parameters = route.match(request.path) else { continue }
            request.parameters = parameters
            return Answer(await site.answer(request, by: route))
        }
        return Answer(.problem(Problem(.notFound, "no route")))
    }

    /// Creates a job against the sink and returns its id.
    func add(_ body: String) async throws -> String {
        let answer = await send("POST", "/chronatogapi/1/jobs", body)
        guard answer.status == 201, let id = answer.json["id"]?.string else { throw Unexpected(answer) }
        return id
    }

    func clock(_ body: String) async throws {
        let answer = await send("POST", "/chronatogapi/1/clock", body)
        guard answer.status == 200 else { throw Unexpected(answer) }
    }

    func explain(_ job: String, at: String) async -> String {
        await send("GET", "/chronatogapi/1/jobs/\(job)/explain?at=\(at)").json["sentence"]?.string
            ?? "no sentence"
    }

    func stop() async { await engine.stop(drain: .zero) }

    static func basic(_ username: String, _ password: String) -> String {
        "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
    }
}

/// What came back.
struct Answer: CustomStringConvertible {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]
    let text: String
    let json: JSON

    init(_ reply: Reply) {
        status = reply.status
        headers = reply.headers
        body = reply.body
        text = String(decoding: reply.body, as: UTF8.self)
        json = JSONText.value(text) ?? .null
    }

    /// What the simulated platform answered.
    init(_ reply: MarketplaceSimulator.Reply) {
        self.init(Reply(status: reply.status, headers: reply.headers, body: reply.body))
    }

    subscript(_ header: String) -> String? {
        headers.first { $0.name.lowercased() == header.lowercased() }?.value
    }

    /// `field message` of every fault.
    var messages: [String] { json["error_messages"]?.array?.compactMap(\.string) ?? [] }
    var description: String { "\(status) \(text)" }
}

struct Unexpected: Error {
    let answer: Answer
    init(_ answer: Answer) { self.answer = answer }
}

/// A steady clock that only a test moves.
final class HandTime: TimeSource {
    private let passed = Mutex(Span.zero)
    var now: Timestamp { Timestamp(seconds: 0) + uptime }
    var uptime: Span { passed.withLock { $0 } }

    func pass(_ span: Span) {
        passed.withLock { $0 = Span(microseconds: $0.microseconds + span.microseconds) }
    }
}

/// A network where every call fails at once.
final class DeadTransport: Transport {
    private let receiver = Mutex<(@Sendable ([Outcome]) -> Void)?>(nil)

    func send(_ calls: [Call]) {
        let receive = receiver.withLock { $0 }
        receive?(
            calls.map {
                Outcome(
                    id: $0.id,
                    result: .failed(Failure(.refused, "nobody listens there")),
                    timings: Timings(),
                    address: "192.0.2.9"
                )
            }
        )
    }

    func abort(_ ids: [UInt64]) {}

    func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {
        receiver.withLock { $0 = receive }
    }

    func shutdown(drain: Span) async {}
}
