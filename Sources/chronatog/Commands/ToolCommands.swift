import ArgumentParser
import Domain

/// `chronatog healthcheck`
struct HealthcheckCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Exit with 0 if the server is well, 1 if not. For containers: no shell needed."
    )

    @OptionGroup var server: ServerOptions

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        let answer = try await server.request("GET", "/healthz")
        StandardStream.output.line(answer.text)
    }
}

/// `chronatog version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the version, and that of the time zone database inside."
    )

    @Flag(help: "Print JSON.") var json = false

    func run() {
        if json { return StandardStream.output.line(Version.json.text) }
        let facts = Version.json
        StandardStream.output.line(
            "chronatog \(Version.number) (\(facts.plain("platform")), \(facts.plain("build")), "
                + "time zones \(facts.plain("tzdata")))"
        )
    }
}

/// `chronatog config …`
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show what `serve` would use, and all that can be set.",
        subcommands: [Dump.self, Table.self]
    )

    struct Dump: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dump",
            abstract: "Print every setting, its value and where that came from. Secrets are masked.",
            discussion: "Takes the flags of `serve`, and --json."
        )

        @Argument(
            parsing: .captureForPassthrough,
            help: "Flags of `serve`.",
            completion: .list(ServeCommand.flags + ["--json"])
        )
        var arguments: [String] = []

        func run() throws {
            let reader = ConfigurationReader(environment: ProcessEnvironment.all)
            let reading = reader.read(arguments: arguments.filter { $0 != "--json" })
            if reading.wantsHelp {
                return StandardStream.output.line(Dump.helpMessage())
            }
            let isJSON = arguments.contains("--json")
            StandardStream.output.write(
                isJSON ? SettingText.json(reading).pretty + "\n" : SettingText.dump(reading)
            )
            for warning in reading.warnings { StandardStream.error.line("warning: \(warning)") }
            if !reading.faults.isEmpty { throw CommandFailure.asked(reading.faults, hint: nil) }
        }
    }

    struct Table: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "table",
            abstract: "Print all settings as a Markdown table: the one in the README."
        )

        func run() {
            StandardStream.output.write(SettingText.markdown())
        }
    }
}

/// `chronatog completion SHELL`
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a completion script for bash, zsh or fish.",
        discussion: "bash: chronatog completion bash > /etc/bash_completion.d/chronatog"
    )

    @Argument(help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"])) var shell: String

    func run() throws {
        guard let known = CompletionShell(rawValue: shell) else {
            throw CommandFailure.asked("there are scripts for bash, zsh and fish, not for \"\(shell)\"")
        }
        StandardStream.output.line(Chronatog.completionScript(for: known))
    }
}
