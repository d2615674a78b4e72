import ArgumentParser
import Cron

extension BenchCommand {
    /// `chronatog bench cron`
    struct CronBench: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cron",
            abstract: "Nanoseconds for the next time of several expressions in a zone."
        )

        @Option(help: "Times found per expression.") var count: Int = 200_000
        @Option(help: "The zone.") var zone: String = "America/New_York"
        @Argument(help: "An expression instead of the usual ones; prints `<n> next/s`.") var expression:
            String?
        @Flag(help: "Print JSON.") var json = false

        private static let usual = [
            "*/5 * * * *", "30 2 * * *", "0 9 * * 1-5", "0 0 1 * *", "15,45 8-18/2 * 3,6 1-5", "0 0 29 2 *",
            "@every 90s", "0 12 L * *",
        ]

        func run() throws {
            if let expression {
                let nanoseconds = try measure(expression)
                return StandardStream.output.line("\(Int(1e9 / nanoseconds)) next/s")
            }
            var table = BenchTable()
            for expression in Self.usual {
                let isFiveFields = !expression.hasPrefix("@")
                table.add(
                    "next of \(expression)",
                    "\(Figure.whole(try measure(expression))) ns",
                    budget: isFiveFields ? "under 500 ns" : ""
                )
            }
            table.show(json: json)
        }

        /// Nanoseconds for one, walking forward from 2026; begins anew where the calendar ends.
        private func measure(_ expression: String) throws -> Double {
            let start = Instant(seconds: 1_767_225_600)
            let recurrence: Recurrence
            do {
                let zone = try ZoneDatabase.embedded.zone(named: zone)
                recurrence = Recurrence(try Schedule(expression), zone: zone, anchor: start)
            } catch {
                throw CommandFailure.asked("\(error)")
            }
            var best = Double.infinity
            for _ in 0..<3 {
                let clock = ContinuousClock.now
                var position = start
                for _ in 0..<count { position = recurrence.nextRun(after: position) ?? start }
                best = min(best, (ContinuousClock.now - clock).secondsValue * 1e9 / Double(count))
            }
            return best
        }
    }
}
