import ArgumentParser
import Domain
import Engine
import Logging
import NIOCore
import NIOPosix

extension BenchCommand {
    /// `chronatog bench ping`
    struct PingBench: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ping",
            abstract:
                "Pings a second over real sockets, each answered once it is on the disk.",
            discussion: "The server is a second process of this program. Both share the machine's processors."
        )

        @Option(help: "Connections; each pings again as soon as it is answered.") var connections = 64
        @Option(help: "Checks that are pinged in turn.") var checks = 100
        @Option(help: "Seconds measured, after one to warm up.") var seconds: Int64 = 5
        @Option(help: "Where to write; the disk under it is part of what is measured.") var folder: String?
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            guard connections > 0, checks > 0, seconds > 0 else {
                throw CommandFailure.asked("--connections, --checks and --seconds take numbers above 0")
            }
            let server = try ChildProcess(
                arguments: ["bench", "pinged", String(checks)] + (folder.map { ["--folder", $0] } ?? [])
            )
            defer { server.stop() }
            guard let port = server.line().flatMap({ Int($0) }) else {
                throw CommandFailure.failed("the server did not start")
            }
            let addresses = (0..<checks).compactMap { _ in server.line() }
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let crowd = Crowd(addresses)
            let channels = try await crowd.connect(connections, to: port, on: group)
            try await Task.sleep(for: .seconds(1))
            let begin = ContinuousClock.now
            crowd.clear()
            let before = ProcessFigures.cpuSeconds(pid: server.pid) ?? 0
            try await Task.sleep(for: .seconds(seconds))
            let seen = crowd.seen()
            let after = ProcessFigures.cpuSeconds(pid: server.pid) ?? 0
            let span = (ContinuousClock.now - begin).secondsValue
            for channel in channels { try? await channel.close().get() }
            try await group.shutdownGracefully()
            var table = BenchTable()
            table.add(
                "durable pings/s, \(connections) connections",
                Figure.whole(Double(seen.count) / span),
                budget: "20,000"
            )
            table.add("answered otherwise than 200 OK", "\(seen.others)", budget: "0")
            table.add("p50 / p99", "\(seen.quantile(50)) / \(seen.quantile(99)) ms")
            let each = (after - before) / Double(max(seen.count, 1)) * 1_000_000
            table.add("processor time of the server", "\(Figure.hundredths(each)) ms per 1,000")
            table.show(json: json)
        }
    }

    /// `bench pinged COUNT`: a whole server on a fresh folder, durability on; prints its port and its checks'
    /// paths.
    struct Pinged: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "pinged", shouldDisplay: false)

        @Argument var checks: Int
        @Option var folder: String?

        func run() async throws {
            let folder = try TemporaryFolder(in: self.folder)
            defer { folder.remove() }
            try await Self.serve(checks: checks, Configuration(), in: folder)
        }

        /// Serves until it is told to stop; prints the port and the paths of as many checks.
        static func serve(
            checks count: Int,
            _ configuration: Configuration,
            in folder: TemporaryFolder
        ) async throws {
            var configuration = configuration
            configuration.server.listen = ListenAddress(host: "127.0.0.1", port: 0)
            configuration.data.folder = FolderPath(folder.path)
            let server = try Composition(
                configuration,
                logger: Logger(label: "bench") { _ in LogOutput(level: .error, format: .text) }
            )
            let signals = StopSignals()
            try await server.run(until: signals) { url in
                do {
                    var lines = [String(url.split(separator: ":").last ?? "")]
                    for _ in 0..<count {
                        let view = try await server.engine.registerCheck(CheckDefinition(), scheduler: 1)
                        lines.append("/ping/\(view.address.text)")
                    }
                    for line in lines { StandardStream.output.line(line) }
                } catch {
                    StandardStream.error.line("error: \(error)")
                    signals.finish(because: "the checks could not be made")
                }
            }
        }
    }
}
