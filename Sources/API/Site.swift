package import Cron
package import Domain
package import Effects
package import Engine
internal import NIOPosix
internal import Scheduling

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
    let owners = JobOwners()
    /// What `url` begins with, without a trailing `/`.
    let publicURL: String

    /// - Parameters:
    ///   - judgeLiteral: the egress policy's objection to a literal address in a new job; nil is fine.
    ///   - publicURL: used where the options give none.
    package init(
        options: APIOptions,
        engine: any EngineFace,
        zones: ZoneDatabase,
        sink: SinkService?,
        entropy: any Entropy,
        time: any TimeSource,
        publicURL: String,
        judgeLiteral: @escaping @Sendable (_ host: String, _ port: UInt16) -> String?
    ) {
        self.options = options
        self.engine = engine
        self.zones = zones
        self.sink = sink
        self.entropy = entropy
        self.judgeLiteral = judgeLiteral
        let base = options.publicURL ?? publicURL
        self.publicURL = base.hasSuffix("/") ? String(base.dropLast()) : base
        gate = Gate(options: options, engine: engine, time: time)
    }

    /// Answers one request: whatever goes wrong becomes a problem.
    package func answer(_ request: APIRequest, by route: Route) async -> Reply {
        do {
            var request = request
            request.query = try QueryFields(request.target)
            if route.access != .anyone { request.caller = try await gate.admit(request) }
            if route.access == .operatorOnly, request.caller != .operator {
                throw Problem.notFound("\(route.path) for a scheduler")
            }
            if !route.takesAnyQuery { try request.query.refuseUnknown(route.query.map(\.name)) }
            return try await route.answer(self, request)
        } catch {
            return .problem(Problem(wrapping: error))
        }
    }

    /// Reads history away from the event loops, on a thread that may wait for the disk.
    func read<Answer: Sendable>(_ body: @escaping @Sendable (any RecordSource) throws -> Answer) async throws -> Answer {
        let records = try await engine.records()
        return try await NIOThreadPool.singleton.runIfActive { try body(records) }
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

    /// The absolute URL of one of our paths.
    func url(_ path: String) -> String { publicURL + path }
}
