internal import Domain
package import Effects
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The HTTP server: one port, all routes of the table.
///
/// `run` serves until `stop`, which lets answers under way be written, or until its task is cancelled, which
/// does not.
package struct APIServer: Sendable {
    private let site: Site
    private let server: Server<GuardedChannel>
    private let hub: EventHub
    private let running = RunningNotice()

    package init(_ site: Site, time: any TimeSource, logger: Logger) {
        self.site = site
        let hub = EventHub(
            engine: site.engine,
            time: time,
            ownership: Ownership(jobs: site.owners, checks: site.checkOwners),
            subscribersMax: site.options.limits.streams.subscribersMax,
            logger: logger,
            source: { site.publicURL }
        )
        self.hub = hub
        let streams = StreamDesk(site, hub)
        let options = site.options
        let dates = DateLine(time)
        let responder = Responder(site: site, dates: dates, logger: logger)
        let running = running
        let intakes = PingIntakes(site.engine, dates)
        server = Server(
            childChannelSetup: GuardedChannel(options.limits, intakes) { request, writer, channel in
                let response: Response
                switch await streams.judge(request, from: channel.remoteAddress?.ipAddress ?? "") {
                case .admitted(let admission): return try await streams.serve(admission, on: channel)
                case .refused(let problem): response = responder.refusal(problem)
                case .elsewhere: response = try await responder.respond(request, channel)
                }
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: ServerConfiguration(
                address: .hostname(options.host, port: options.port),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    options.limits.connectionsMax,
                    logger: logger
                )
            ),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? options.port
                site.bound(to: port)
                await running.tell(port)
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger
        )
    }

    /// - Parameter onRunning: called once with the bound port, when requests are answered.
    /// - Throws: what binding the port threw.
    package func run(onRunning: @escaping @Sendable (_ port: Int) async -> Void) async throws {
        running.set(onRunning)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hub.run() }
            try await server.run()
            group.cancelAll()
        }
    }

    /// Takes no more connections, lets requests under way be answered, closes the rest. Returns when all are
    /// closed.
    package func stop() async throws {
        try await server.shutdownGracefully()
    }
}

/// Carries `onRunning` from `run` to the server, which was made before.
private final class RunningNotice: Sendable {
    /// A structure, as in `Receiver`.
    private struct Place {
        var tell: (@Sendable (Int) async -> Void)?
    }

    private let place = Mutex(Place())

    func set(_ tell: @escaping @Sendable (Int) async -> Void) { place.withLock { $0.tell = tell } }

    func tell(_ port: Int) async {
        let tell = place.withLock { $0.tell }
        await tell?(port)
    }
}
