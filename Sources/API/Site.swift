package import Cron
internal import Domain
package import Effects
internal import Engine
package import Logging
internal import NIOPosix
internal import Synchronization

/// What all routes share: the engine, who may come in, and how objects are shown.
package struct Site: Sendable {
    package let options: APIOptions
    let engine: any EngineFace
    let zones: ZoneDatabase
    /// The built-in target of `--ephemeral`.
    let sink: SinkService?
    let judgeLiteral: @Sendable (_ host: String, _ port: UInt16) -> String?
    let entropy: any Entropy
    let gate: Gate
    private let logger: Logger
    let owners = JobOwners()
    let checkOwners = CheckOwners()
    let backups = BackupShelf()
    private let base: BaseURL

    /// - Parameters:
    ///   - judgeLiteral: the egress policy's objection to a literal address in a new job; nil is fine.
    ///   - time: real time, which steps and drives nothing: failed logins are counted by it.
    package init(
        options: APIOptions,
        engine: any EngineFace,
        zones: ZoneDatabase,
        sink: SinkService?,
        entropy: any Entropy,
        time: any TimeSource,
        logger: Logger = Logger(label: "chronatog.api"),
        judgeLiteral: @escaping @Sendable (_ host: String, _ port: UInt16) -> String?
    ) {
        self.options = options
        self.engine = engine
        self.zones = zones
        self.sink = sink
        self.entropy = entropy
        self.judgeLiteral = judgeLiteral
        self.logger = logger
        base = BaseURL(options)
        gate = Gate(options: options, engine: engine, time: time)
    }

    /// Answers one request: whatever goes wrong becomes a problem.
    package func answer(_ request: APIRequest, by route: Route) async -> Reply {
        do {
            var request = request
            do {
                request.query = try QueryFields(request.target)
            } catch {
                // Junk behind a URL that takes any query is nobody's fault here.
                if !route.takesAnyQuery { throw error }
            }
            if route.access.asksGate {
                request.caller = try await gate.admit(request, to: Intention(route, request)).caller
            }
            if route.access == .operatorOnly, request.caller != .operator {
                throw Problem.notFound("\(route.path) for a scheduler")
            }
            if !route.takesAnyQuery { try request.query.refuseUnknown(route.query.map(\.name)) }
            return try await route.answer(self, request)
        } catch {
            let problem = Problem(wrapping: error)
            if problem.kind == .internal {
                logger.error(
                    "a request could not be answered",
                    metadata: ["route": "\(route.method) \(route.path)", "error": "\(error)"]
                )
            }
            return route.refuse(problem)
        }
    }

    /// Reads history away from the event loops, on a thread that may wait for the disk.
    func read<Answer: Sendable>(_ body: @escaping @Sendable (any RecordSource) throws -> Answer) async throws
        -> Answer
    {
        let records = try await engine.records()
        return try await NIOThreadPool.singleton.runIfActive { try body(records) }
    }

    /// Reads the folder as a whole, away from the event loops; nothing is removed from it meanwhile.
    func inspect<Answer: Sendable>(_ body: @escaping @Sendable (HeldFolder) throws -> Answer) async throws
        -> Answer
    {
        let folder = try await engine.holdFolder()
        let result: Result<Answer, any Error>
        do {
            result = .success(try await NIOThreadPool.singleton.runIfActive { try body(folder) })
        } catch {
            result = .failure(error)
        }
        await engine.releaseFolder()
        return try result.get()
    }

    /// The server's moment: the driven clock's, when there is one.
    func now() async throws -> Timestamp { try await engine.clock().now }

    func surroundings() async throws -> JobForm.Surroundings {
        JobForm.Surroundings(
            zones: zones,
            zone: options.zone,
            dst: options.dst,
            hasSink: sink != nil,
            judgeLiteral: judgeLiteral,
            now: try await now()
        )
    }

    /// What the `url` of objects begins with, without a trailing `/`.
    var publicURL: String { base.text }

    /// The port became known; matters where the options give no `publicURL`.
    package func bound(to port: Int) { base.bind(port) }

    /// The absolute URL of one of our paths.
    func url(_ path: String) -> String { publicURL + path }
}

/// The configured URL, or one made of the listening address.
private final class BaseURL: Sendable {
    private let configured: String?
    private let host: String
    private let port: Mutex<Int>

    init(_ options: APIOptions) {
        configured = options.publicURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        port = Mutex(options.port)
        host =
            switch options.host {
            // A wildcard is no place to go to.
            case "0.0.0.0", "::", "": "localhost"
            case let name where name.contains(":"): "[\(name)]"
            case let name: name
            }
    }

    var text: String { configured ?? "http://\(host):\(port.withLock { $0 })" }

    func bind(_ number: Int) { port.withLock { $0 = number } }
}
