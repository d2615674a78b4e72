import ArgumentParser
import Domain
import Effects
import Glibc

extension BenchCommand {
    /// `chronatog bench stream`: one server, a crowd that watches it, and a thousand events a second.
    struct StreamBench: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stream",
            abstract: "Delay and memory of a stream that many watch while much happens."
        )

        @Option(help: "Subscribers.") var subscribers: Int = 1000
        @Option(help: "Events a second; a run makes two.") var rate: Int = 1000
        @Option(help: "Seconds measured.") var seconds: Int = 20
        @Option(help: "Where to write.") var folder: String?
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let folder = try TemporaryFolder(in: folder)
            defer { folder.remove() }
            let sink = try ChildProcess(arguments: ["bench", "sink"])
            defer { sink.stop() }
            let server = try ChildProcess(
                arguments: [
                    "serve", "--data-dir", folder.path, "--listen", "127.0.0.1:0", "--log-level", "error",
                    "--egress", "allow=127.0.0.0/8", "--token", "bench",
                ]
            )
            defer { server.stop() }
            guard let target = sink.line(), let line = server.line(), line.hasPrefix("listening on ") else {
                throw CommandFailure.failed("the server did not start")
            }
            let address = ServerAddress(
                origin: String(line.dropFirst("listening on ".count)),
                login: .bearer("bench")
            )
            var table = BenchTable()
            try await ServerConnection.with(address) { (connection) async throws(CommandFailure) in
                try await measure(connection, server.pid, target: target, &table)
            }
            table.show(json: json)
        }

        private func measure(
            _ connection: ServerConnection,
            _ pid: Int32,
            target: String,
            _ table: inout BenchTable
        ) async throws(CommandFailure) {
            let job = try await connection.request(
                "POST",
                "\(ServerConnection.api)/jobs",
                body: .object([
                    .init("callback_url", .string("http://127.0.0.1:\(target)/")),
                    .init("schedule", .string("@yearly")), .init("max_open", .number(1000)),
                ])
            )
            let id = job["id"]?.identifier ?? "1"
            let crowd = StreamCrowd(connection.origin)
            let before = ProcessFigures.residentBytes(pid: pid)
            try await crowd.gather(subscribers)
            let idle = (ProcessFigures.residentBytes(pid: pid) - before) / max(1, subscribers)
            let progress = Progress("\(subscribers) subscribers, \(rate) events a second, \(seconds) s")
            let cpu = ProcessFigures.cpuSeconds(pid: pid) ?? 0
            let begin = SystemTime().uptime
            crowd.begin()
            let made = try await load(connection, job: id)
            let used = (ProcessFigures.cpuSeconds(pid: pid) ?? 0) - cpu
            let took = Double((SystemTime().uptime - begin).microseconds) / 1_000_000
            let result = await crowd.end()
            progress.end()
            let perSecond = Double(made) / took
            table.add(
                "\(subscribers) subscribers, \(Figure.whole(perSecond)) events a second",
                "p50 \(Figure.hundredths(result.quantile(0.5))) ms, "
                    + "p99 \(Figure.hundredths(result.quantile(0.99))) ms from the record's time",
                budget: "p99 under 100 ms after durability"
            )
            table.add(
                "events received by all",
                "\(Figure.whole(Double(result.received))) of \(Figure.whole(Double(made * subscribers)))"
            )
            table.add("memory of an idle subscriber", "\(Figure.whole(Double(idle))) bytes", budget: "32 KiB")
            table.add(
                "processor of the server",
                "\(Figure.hundredths(used / took * 100)) % of a core"
            )
        }

        /// Runs a job often enough, evenly. Returns how many events that made.
        private func load(_ connection: ServerConnection, job: String) async throws(CommandFailure) -> Int {
            let path = "\(ServerConnection.api)/jobs/\(job)/run?overlap=allow"
            let runs = rate * seconds / 2
            let workers = 32
            let begin = SystemTime().uptime
            let rate = rate
            let failed = await withTaskGroup(of: Bool.self) { group in
                for worker in 0..<workers {
                    group.addTask {
                        for number in stride(from: worker, to: runs, by: workers) {
                            let due = begin + Span(microseconds: Int64(number) * 2_000_000 / Int64(rate))
                            let wait = due - SystemTime().uptime
                            if wait > .zero { try? await Task.sleep(for: .microseconds(wait.microseconds)) }
                            guard (try? await connection.request("POST", path)) != nil else { return true }
                        }
                        return false
                    }
                }
                return await group.contains(true)
            }
            if failed { throw .failed("the server could not take so many runs") }
            return runs * 2
        }
    }
}
