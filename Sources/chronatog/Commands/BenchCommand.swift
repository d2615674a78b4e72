import ArgumentParser

/// `chronatog bench …`
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure on this machine, with the budget beside each figure.",
        subcommands: []
    )
}
