import ArgumentParser
import Cron
import Domain
import Effects
import Engine
import Logging

extension BenchCommand {
    /// `bench contestant MODE`: a whole server on a fresh folder, durability on, as `shared/bench/run_a.py`
    /// wants it.
    ///
    /// Reads JOBS, SINK_URL, T0 (unix ms), CONNS from the environment, makes the jobs, prints `READY
    /// <seconds>`, and from then on POSTs `SINK_URL?due=<ms>&job=<n>` at every whole second (`every`) or once
    /// at T0 (`burst`).
    struct Contestant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "contestant",
            abstract: "Run as a contestant of shared/bench/run_a.py (its README is the contract)."
        )

        @Argument(help: "every or burst.") var mode: String

        func run() async throws {
            guard let jobs = ProcessEnvironment.value("JOBS").flatMap({ Int($0) }),
                let sink = ProcessEnvironment.value("SINK_URL"), mode == "every" || mode == "burst",
                let (origin, path) = ServerConnection.split(sink)
            else {
                throw CommandFailure.asked(
                    "contestant needs every or burst, and JOBS, SINK_URL, T0, CONNS around it"
                )
            }
            let burstAt = ProcessEnvironment.value("T0").flatMap { Int64($0) } ?? 0
            let folder = try TemporaryFolder(in: nil)
            defer { folder.remove() }
            let server = try Composition(
                configuration(folder),
                logger: Logger(label: "bench") { _ in
                    LogOutput(level: .error, format: .text)
                }
            )
            let signals = StopSignals()
            let mode = mode
            try await server.run(until: signals) { _ in
                let start = ContinuousClock.now
                do {
                    let schedule =
                        mode == "every"
                        ? "* * * * * *" : "@at \(Moments.text(Timestamp(seconds: burstAt / 1000)))"
                    try await Self.register(jobs, origin, path, schedule, server.engine)
                    StandardStream.output.line("READY \((ContinuousClock.now - start).secondsValue)")
                } catch {
                    StandardStream.error.line("error: \(error)")
                    signals.finish(because: "the jobs could not be made")
                }
            }
        }

        private func configuration(_ folder: TemporaryFolder) -> Configuration {
            var configuration = Configuration()
            configuration.server.listen = ListenAddress(host: "127.0.0.1", port: 0)
            configuration.data.folder = FolderPath(folder.path)
            configuration.calls.egress = ["allow=127.0.0.0/8"]
            configuration.calls.targetParallel = ProcessEnvironment.value("CONNS").flatMap { Int($0) } ?? 256
            configuration.calls.drain = .seconds(1)
            return configuration
        }

        /// Many at a time, so that they share the fdatasyncs.
        private static func register(
            _ jobs: Int,
            _ origin: Origin,
            _ path: String,
            _ schedule: String,
            _ engine: Engine
        ) async throws {
            let callers = 256
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<callers {
                    group.addTask {
                        for number in stride(from: caller, to: jobs, by: callers) {
                            _ = try await engine.register(draft(number, origin, path, schedule), scheduler: 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        private static func draft(_ number: Int, _ origin: Origin, _ path: String, _ schedule: String)
            -> JobDraft
        {
            let url = URLTarget(
                isTLS: origin.isTLS,
                host: origin.host,
                port: origin.port,
                path: path.isEmpty ? "/" : path
            )
            var callback = Callback(target: .url(url))
            callback.method = "POST"
            var definition = JobDefinition(callback: callback, schedule: [schedule])
            definition.dialect = schedule.hasPrefix("@") ? nil : .seconds
            definition.scheduler = 1
            definition.retry.retries = 0
            definition.overlap.mode = .allow
            var draft = JobDraft(definition)
            draft.query = "due={{due_ms}}&job=\(number)"
            return draft
        }
    }
}
