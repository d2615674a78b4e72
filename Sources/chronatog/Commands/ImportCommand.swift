import ArgumentParser
import Domain

/// `chronatog import …`
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make jobs of crontab lines or of a curl command.",
        subcommands: [FromCrontab.self, FromCurl.self]
    )

    /// What both forms take.
    struct Options: ParsableArguments {
        @OptionGroup var server: ServerOptions
        @Option(help: "Zone of jobs that name none; otherwise the server's --zone.") var zone: String?
        @Option(help: "A label for every job made; repeatable.") var label: [String] = []
        @Option(help: "The scheduler the jobs go to.") var scheduler: String?
        @Flag(help: "Only print what would be made, and what not.") var dryRun = false
        @Flag(help: "Print each job as a line of JSON; all else goes to standard error.") var json = false

        var additions: Translation.Additions { Translation.Additions(zone: zone, labels: label) }
    }

    /// `chronatog import crontab FILE|-`
    struct FromCrontab: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "crontab",
            abstract: "Make jobs of the lines that run curl or wget, and list the others.",
            discussion: """
                crontab -l | chronatog import crontab - --dry-run
                chronatog import crontab /etc/cron.d/site --system --label site
                What is there already (same name, schedule and URL) is left as it is.
                """
        )

        @OptionGroup var options: Options
        @Argument(help: "A crontab, or - for standard input.") var file: String
        @Flag(help: "Lines have a user's name before the command, as in /etc/crontab and /etc/cron.d.")
        var system = false

        func run() async throws {
            let text = try NamedText.read(file)
            let crontab = Crontab(text, hasUserColumn: system)
            var translation = Translation(crontab, adding: options.additions)
            if !system { translation.hintAtUserColumn() }
            try await ImportRun(translation, options, source: file, machineZone: MachineZone.name).run()
        }
    }

    /// `chronatog import curl COMMAND --schedule SCHEDULE`
    struct FromCurl: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "curl",
            abstract: "Make a job of one curl or wget command, given as one word.",
            discussion: """
                chronatog import curl "curl -H 'X-Key: abc' https://example.com/hook" --schedule '@hourly'
                """
        )

        @OptionGroup var options: Options
        @Argument(help: "The command, in quotes.") var command: String
        @Option(help: "When: '*/5 * * * *', '@hourly', '@every 90s', …") var schedule: String
        @Option(help: "A name, to call the job by.") var name: String?

        func run() async throws {
            let translation = Translation(
                command: command,
                schedule: schedule,
                name: name,
                adding: options.additions
            )
            try await ImportRun(translation, options, source: "the command", machineZone: nil).run()
        }
    }
}
