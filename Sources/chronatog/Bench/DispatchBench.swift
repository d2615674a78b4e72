import ArgumentParser
import Domain
import Glibc

extension BenchCommand {
    /// `chronatog bench dispatch`
    struct DispatchBench: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dispatch",
            abstract:
                "Calls a second, their lateness and processor time; journal on disk, fdatasync on.",
            discussion: "The target is a second process of this program. Both share the machine's processors."
        )

        @Option(help: "Jobs due at every whole second; repeatable.") var every: [Int] = [1000, 10_000]
        @Option(help: "Jobs due at one instant; repeatable.") var burst: [Int] = [10_000, 100_000]
        @Option(help: "Seconds measured per row.") var seconds: Int = 5
        @Option(help: "Connections to the target.") var connections: Int = 256
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            var table = BenchTable()
            for jobs in every { try measure(.every, jobs, &table) }
            for jobs in burst { try measure(.burst, jobs, &table) }
            table.show(json: json)
        }

        private enum Mode: String { case every, burst }

        private func measure(_ mode: Mode, _ jobs: Int, _ table: inout BenchTable) throws(CommandFailure) {
            let progress = Progress("\(jobs) jobs, \(mode.rawValue)")
            defer { progress.end() }
            let sink = try ChildProcess(arguments: ["bench", "sink"])
            defer { sink.stop() }
            guard let port = sink.line().flatMap({ Int($0) }) else {
                throw .failed("the target did not start")
            }
            // Long enough to load the jobs: a burst that is over before they are there measures nothing.
            let burstAt = WallClock.milliseconds / 1000 * 1000 + Int64(5 + jobs / 5000) * 1000
            let contestant = try ChildProcess(
                arguments: ["bench", "contestant", mode.rawValue],
                environment: [
                    "JOBS": String(jobs), "SINK_URL": "http://127.0.0.1:\(port)/", "T0": String(burstAt),
                    "CONNS": String(connections),
                ]
            )
            defer { contestant.stop() }
            guard contestant.line()?.hasPrefix("READY") == true else {
                throw .failed("the server did not start")
            }
            let counter = SinkCounter(port: port)
            let label =
                "\(Figure.whole(Double(jobs))) jobs \(mode == .every ? "every second" : "at one instant")"
            switch mode {
            case .every:
                let start = (WallClock.milliseconds / 1000 + 2) * 1000
                let end = start + Int64(seconds) * 1000
                sleep(until: start)
                let before = ProcessFigures.cpuSeconds(pid: contestant.pid) ?? 0
                sleep(until: end)
                let after = ProcessFigures.cpuSeconds(pid: contestant.pid) ?? 0
                sleep(until: end + 1500)
                let seen = try counter.report(from: start, to: end)
                add(
                    label,
                    seen,
                    expected: jobs * seconds,
                    rate: Double(seen.count) / Double(seconds),
                    after - before,
                    &table
                )
            case .burst:
                let before = ProcessFigures.cpuSeconds(pid: contestant.pid) ?? 0
                try counter.wait(for: jobs, atMost: 60)
                let after = ProcessFigures.cpuSeconds(pid: contestant.pid) ?? 0
                let seen = try counter.report(from: burstAt, to: burstAt + 1000)
                let span = Double(max(1, seen.last - burstAt)) / 1000
                add(label, seen, expected: jobs, rate: Double(seen.count) / span, after - before, &table)
            }
        }

        private func sleep(until milliseconds: Int64) {
            let rest = milliseconds - WallClock.milliseconds
            if rest > 0 { usleep(UInt32(rest) * 1000) }
        }

        private func add(
            _ label: String,
            _ seen: SinkCounter.Report,
            expected: Int,
            rate: Double,
            _ cpu: Double,
            _ table: inout BenchTable
        ) {
            table.add("\(label): calls/s", Figure.whole(rate), budget: "60,000 (three times Go's 20,000)")
            table.add(
                "\(label): delivered",
                "\(Figure.whole(Double(seen.count))) of \(Figure.whole(Double(expected)))",
                budget: "all"
            )
            table.add("\(label): early", "\(seen.early)", budget: "0")
            let budget =
                label.hasPrefix("1,000 jobs every")
                ? "p99 under 20 ms" : label.hasPrefix("10,000 jobs every") ? "p99 under 180 ms" : ""
            table.add(
                "\(label): late p50 / p99 / max",
                "\(seen.p50) / \(seen.p99) / \(seen.longest) ms",
                budget: budget
            )
            let perThousand = cpu / Double(max(seen.count, 1)) * 1000
            table.add(
                "\(label): processor time",
                "\(Figure.hundredths(perThousand * 1000)) ms per 1,000",
                budget: "half of Go's"
            )
        }
    }

    /// `bench sink`: the target; prints its port.
    struct SinkProcess: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "sink", shouldDisplay: false)

        func run() async throws {
            let sink = try await EchoSink()
            StandardStream.output.line("\(sink.port)")
            try await sink.waitForEnd()
        }
    }
}

/// Asks the target what it saw, over a plain blocking socket.
struct SinkCounter {
    let port: Int

    struct Report {
        var count: Int
        var early: Int
        var p50: Int
        var p99: Int
        var longest: Int
        /// When the last of them arrived, in unix milliseconds.
        var last: Int64
    }

    func report(from: Int64, to: Int64) throws(CommandFailure) -> Report {
        let numbers = try get("/report?from=\(from)&to=\(to)").split(separator: " ").compactMap { Int64($0) }
        guard numbers.count == 6 else { throw .failed("the target's report could not be read") }
        let small = numbers.map { Int($0) }
        return Report(
            count: small[0],
            early: small[1],
            p50: small[2],
            p99: small[3],
            longest: small[4],
            last: numbers[5]
        )
    }

    /// Returns when so many calls have come, or after so many seconds.
    func wait(for count: Int, atMost seconds: Int) throws(CommandFailure) {
        for _ in 0..<(seconds * 20) {
            if try Int(get("/count")) ?? 0 >= count { return }
            usleep(50_000)
        }
    }

    private func get(_ path: String) throws(CommandFailure) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .failed("no socket: errno \(errno)") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        // unsafe because connect takes a pointer to the general kind of address; it lasts for the call.
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw .failed("the target does not answer: errno \(errno)") }
        // unsafe because send and recv take pointers, which last for their calls.
        let request = Array("GET \(path) HTTP/1.1\r\nHost: sink\r\n\r\n".utf8)
        unsafe _ = send(descriptor, request, request.count, Int32(MSG_NOSIGNAL))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            answer += buffer[..<count]
            let text = String(decoding: answer, as: UTF8.self)
            guard
                let head = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
                    .first,
                let field = head.split(separator: "\r\n").first(where: { $0.hasPrefix("Content-Length: ") }),
                let length = Int(field.dropFirst(16))
            else { continue }
            let body = text.utf8.dropFirst(head.utf8.count + 4)
            if body.count >= length { return String(decoding: body.prefix(length), as: UTF8.self) }
        }
        throw .failed("the target closed the connection")
    }
}
