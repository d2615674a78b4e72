import ArgumentParser
import Glibc

extension BenchCommand {
    /// `chronatog bench idle`: what a server costs that has many jobs and little to do.
    struct IdleBench: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "idle",
            abstract: "Processor time of a server with many jobs, one of them due every second."
        )

        @Option(help: "Jobs.") var jobs: Int = 1_000_000
        @Option(help: "Seconds measured.") var seconds: Int = 20
        @Option(help: "Where to write.") var folder: String?
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            let folder = try TemporaryFolder(in: folder)
            defer { folder.remove() }
            let writer = StoreWriter(folder.path)
            _ = try writer.write(jobs: jobs)
            _ = try writer.snapshot()
            let sink = try ChildProcess(arguments: ["bench", "sink"])
            defer { sink.stop() }
            let server = try ChildProcess(
                arguments: [
                    "serve", "--data-dir", folder.path, "--listen", "127.0.0.1:0", "--log-level", "error",
                    "--egress", "allow=127.0.0.0/8",
                ],
                environment: ["CHRONATOG_SECRET_KEY": SecretKeyText.text(of: [StoreWriter.key])]
            )
            defer { server.stop() }
            guard let port = sink.line(), server.line()?.hasPrefix("listening on ") == true else {
                throw CommandFailure.failed("the server did not start")
            }
            let adding = try ChildProcess(
                arguments: [
                    "add", "@every 1s", "http://127.0.0.1:\(port)/", "--data-dir", folder.path, "--json",
                ]
            )
            defer { adding.stop() }
            guard adding.line() != nil else { throw CommandFailure.failed("the job could not be added") }
            let progress = Progress("watching an idle server for \(seconds) s")
            usleep(3_000_000)
            let before = ProcessFigures.cpuSeconds(pid: server.pid) ?? 0
            usleep(UInt32(seconds) * 1_000_000)
            let after = ProcessFigures.cpuSeconds(pid: server.pid) ?? 0
            progress.end()
            var table = BenchTable()
            table.add(
                "idle, \(Figure.whole(Double(jobs))) jobs, one every second",
                "\(Figure.hundredths((after - before) / Double(seconds) * 100)) % of a core",
                budget: "under 1 % of a core"
            )
            table.show(json: json)
        }
    }
}
