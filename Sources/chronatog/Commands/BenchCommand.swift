import ArgumentParser

/// `chronatog bench …`
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure on this machine, with the budget beside each figure.",
        discussion:
            "Use a release build. Budgets were set on two cores; only ratios within one run compare well.",
        subcommands: [
            DispatchBench.self, AppendBench.self, RecoverBench.self, IdleBench.self, StreamBench.self,
            CronBench.self, PingBench.self, AlertBench.self, Contestant.self, SinkProcess.self, Pinged.self,
            Alerted.self, Opened.self,
        ]
    )
}
