import ArgumentParser
import Domain
import Effects
import Engine
import Logging
import NIOCore
import NIOPosix

extension BenchCommand {
    /// `chronatog bench alert`
    struct AlertBench: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "alert",
            abstract: "Alerts a second, from the ping that opens each to the webhook that tells of it.",
            discussion: """
                Every check fails once and then succeeds: one alert and two signed messages each, all of \
                them recorded. The server is a second process of this program; the webhook's target is \
                this one.
                """
        )

        @Option(help: "Checks, each with one alert.") var checks = 10_000
        @Option(help: "Connections that ping.") var connections = 64
        @Option(help: "Where to write; the disk under it is part of what is measured.") var folder: String?
        @Flag(help: "Print JSON.") var json = false

        /// Messages that have not come by then will not come.
        private static let patience = Duration.seconds(120)

        func run() async throws {
            guard checks > 0, connections > 0 else {
                throw CommandFailure.asked("--checks and --connections take numbers above 0")
            }
            let sink = try await EchoSink()
            let server = try ChildProcess(
                arguments: ["bench", "alerted", "\(checks)", "\(sink.port)"]
                    + (folder.map { ["--folder", $0] } ?? [])
            )
            defer { server.stop() }
            guard let port = server.line().flatMap({ Int($0) }) else {
                throw CommandFailure.failed("the server did not start")
            }
            let paths = (0..<checks).compactMap { _ in server.line() }
            let before = ProcessFigures.cpuSeconds(pid: server.pid) ?? 0
            var table = BenchTable()
            for (action, name) in [("/fail", "opened"), ("", "resolved")] {
                let seen = sink.count
                let begin = ContinuousClock.now
                try await ping(paths.map { $0 + action }, port)
                let pinged = (ContinuousClock.now - begin).secondsValue
                while sink.count - seen < checks, ContinuousClock.now - begin < Self.patience {
                    try await Task.sleep(for: .milliseconds(2))
                }
                let span = (ContinuousClock.now - begin).secondsValue
                let told = sink.count - seen
                table.add(
                    "alerts \(name) and told of/s",
                    Figure.whole(Double(min(told, checks)) / span),
                    budget: "10,000"
                )
                table.add("  pings taken/s meanwhile", Figure.whole(Double(checks) / pinged))
                table.add("  messages missing or told twice", "\(abs(told - checks))", budget: "0")
            }
            let after = ProcessFigures.cpuSeconds(pid: server.pid) ?? 0
            let each = (after - before) / Double(2 * checks) * 1_000_000
            table.add("processor time of the server", "\(Figure.hundredths(each)) ms per 1,000 messages")
            table.show(json: json)
        }

        /// Each path once, over all connections.
        private func ping(_ paths: [String], _ port: Int) async throws {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let crowd = Crowd(paths, connections: connections)
            for channel in try await crowd.connect(connections, to: port, on: group) {
                try await channel.closeFuture.get()
            }
            try await group.shutdownGracefully()
        }
    }

    /// `bench alerted COUNT PORT`: a whole server on a fresh folder whose webhook is at PORT; prints its own
    /// port and its checks' paths.
    struct Alerted: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "alerted", shouldDisplay: false)

        @Argument var checks: Int
        @Argument var sink: Int
        @Option var folder: String?

        func run() async throws {
            let folder = try TemporaryFolder(in: self.folder)
            defer { folder.remove() }
            var configuration = Configuration()
            configuration.calls.egress = ["allow=127.0.0.0/8"]
            configuration.alerts.webhookURL = try Secret(settingText: "http://127.0.0.1:\(sink)/hook")
            configuration.alerts.webhookSecret = try Secret(
                settingText: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            )
            try await Pinged.serve(checks: checks, configuration, in: folder)
        }
    }
}
