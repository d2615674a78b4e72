import ArgumentParser
import Cron
import Dispatch

/// The program: server, client and tools in one file.
@main
struct Chronatog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chronatog",
        abstract: "Makes web calls on time, proves that it did, and says why when it could not.",
        discussion: """
            Start with `chronatog serve --demo`, or keep a server with `chronatog serve` and give it work:
              chronatog add '*/5 * * * *' https://example.com/hook
            Exit status: 0 done, 1 it failed, 2 it was asked wrongly.
            """,
        version: Version.number,
        groupedSubcommands: [
            CommandGroup(
                name: "Server",
                subcommands: [ServeCommand.self, ConfigCommand.self, KeygenCommand.self]
            ),
            CommandGroup(
                name: "Jobs",
                subcommands: [
                    AddCommand.self, JobsCommand.self, RunCommand.self, PauseCommand.self, ResumeCommand.self,
                    RemoveCommand.self,
                ]
            ),
            CommandGroup(name: "What others do", subcommands: [CheckCommand.self]),
            CommandGroup(
                name: "In and out",
                subcommands: [ImportCommand.self, ExportCommand.self, ApplyCommand.self]
            ),
            CommandGroup(
                name: "What happens, and why",
                subcommands: [
                    RunsCommand.self, SlotsCommand.self, PlanCommand.self, ExplainCommand.self,
                    EventsCommand.self, StreamCommand.self, AlertsCommand.self, AlertCommand.self,
                    BlackoutCommand.self,
                    NextCommand.self,
                ]
            ),
            CommandGroup(name: "Marketplaces", subcommands: [PartnerCommand.self]),
            CommandGroup(
                name: "Operation",
                subcommands: [
                    TokenCommand.self, VerifyCommand.self, BackupCommand.self, RestoreCommand.self,
                    ForkCommand.self,
                    JournalCommand.self,
                    ClockCommand.self,
                    HealthcheckCommand.self, VersionCommand.self, BenchCommand.self, CompletionCommand.self,
                ]
            ),
        ]
    )

    /// Waits while the command runs on the pool. An asynchronous `main` would end this thread instead, and
    /// ending a thread needs the unwind tables of the C library: a tenth of the file, for nothing else
    /// (`.ci/static`).
    static func main() {
        Task.detached { await perform() }
        while true { DispatchSemaphore(value: 0).wait() }
    }

    private static func perform() async -> Never {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            try refuseUnknownCommand(arguments)
            var command = try parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            exit(withStatus: 0)
        } catch let failure as CommandFailure {
            StandardStream.error.write(failure.text)
            exit(withStatus: failure.status)
        } catch {
            finish(error)
        }
    }

    /// Help and version asked for, or what ArgumentParser found wrong.
    private static func finish(_ error: any Error) -> Never {
        let code = exitCode(for: error)
        var text = fullMessage(for: error)
        // As our own messages begin.
        if text.hasPrefix("Error: ") { text = "e" + text.dropFirst() }
        if !text.isEmpty { (code.isSuccess ? StandardStream.output : .error).line(text) }
        exit(withStatus: code.isSuccess ? 0 : code == .validationFailure ? 2 : 1)
    }

    private static func exit(withStatus status: Int32) -> Never {
        exit(withError: status == 0 ? nil : ExitCode(status))
    }

    /// ArgumentParser calls a mistyped command an unexpected argument; this names the one that was meant.
    static func refuseUnknownCommand(_ arguments: [String]) throws(CommandFailure) {
        var level = configuration
        var path = "chronatog"
        for word in arguments {
            // From here on it is the command's own: options, and what it works on.
            if word.hasPrefix("-") || word == "help" || level.subcommands.isEmpty { return }
            let known = level.subcommands.map { $0.configuration }
            guard let next = known.first(where: { $0.commandName == word }) else {
                if level.defaultSubcommand != nil { return }
                let names = known.filter { $0.shouldDisplay }.compactMap { $0.commandName }
                let hint = NearestWord.hint(for: word, in: names)
                throw .asked(
                    "there is no command \"\(path.dropRoot)\(word)\"\(hint)",
                    hint: "`\(path) --help` lists them"
                )
            }
            level = next
            path += " \(word)"
        }
    }
}

extension String {
    /// `chronatog alert` as people say it: `alert `; nothing for the program itself.
    fileprivate var dropRoot: String {
        firstIndex(of: " ").map { String(self[index(after: $0)...]) + " " } ?? ""
    }
}
