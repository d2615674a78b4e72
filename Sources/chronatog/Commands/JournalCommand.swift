import ArgumentParser

/// `chronatog journal …`
struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Read the journal.",
        subcommands: []
    )
}
