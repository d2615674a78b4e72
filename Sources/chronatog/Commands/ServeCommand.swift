import ArgumentParser
import Logging

/// `chronatog serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Start the server. `chronatog serve --help` lists all settings."
    )

    @Argument(
        parsing: .captureForPassthrough,
        help: "Flags; see --help.",
        completion: .list(ServeCommand.flags)
    )
    var arguments: [String] = []

    static let flags = Setting.table.map { "--\($0.name)" }

    func run() async throws {
        let reading = ConfigurationReader(environment: ProcessEnvironment.all).read(arguments: arguments)
        if reading.wantsHelp { return StandardStream.output.write(SettingText.help()) }
        guard reading.faults.isEmpty else {
            throw CommandFailure.asked(reading.faults, hint: "`chronatog serve --help` lists all settings")
        }
        let logger = Self.logger(reading.configuration)
        for warning in reading.warnings { logger.warning("\(warning)") }
        try await Self.serve(reading.configuration, logger: logger)
    }

    static func logger(_ configuration: Configuration) -> Logger {
        Logger(label: "chronatog") { _ in
            LogOutput(
                level: configuration.logs.level.level,
                format: configuration.logs.format,
                ink: Ink(isOn: StandardStream.error.isTerminal)
            )
        }
    }

    /// Serves until a signal comes.
    /// - Parameter prepared: the folder to serve, when it is not the configured one.
    static func serve(
        _ configuration: Configuration,
        prepared: DataFolder? = nil,
        logger: Logger
    ) async throws(CommandFailure) {
        let signals = StopSignals()
        let server = try Composition(configuration, prepared: prepared, logger: logger)
        let demo = configuration.testing.isDemo ? Demo(server) : nil
        // A task of its own, because the demo prints for as long as the server runs.
        let printing = Task {
            await demo?.run()
        }
        defer { printing.cancel() }
        try await server.run(until: signals) { url in
            Self.greet(configuration, server, url)
            Self.warnOfAddress(configuration, url, logger)
            await demo?.begin()
        }
    }

    /// The first lines on standard output: scripts read the first, people paste the second.
    private static func greet(_ configuration: Configuration, _ server: Composition, _ url: String) {
        var text = "listening on \(url)\n"
        if configuration.testing.isEphemeral {
            text += "export \(ClientVariables.url)=\(url) \(ClientVariables.token)=\(server.token)\n"
        } else if server.isTokenNew {
            let folder = configuration.data.folder.path
            text +=
                "token \(server.token) (kept in \(folder)/\(DataFile.token), where commands find it)\n"
        }
        StandardStream.output.write(text)
    }

    private static func warnOfAddress(_ configuration: Configuration, _ url: String, _ logger: Logger) {
        if configuration.server.publicURL == nil, configuration.server.listen.isWildcard {
            logger.warning(
                "the `url` of objects uses localhost, which only this machine understands: set --public-url",
                metadata: ["url": "\(url)"]
            )
        }
        if let proxy = configuration.calls.proxy {
            logger.notice(
                "calls go through a proxy; addresses are judged there",
                metadata: ["proxy": "\(proxy.settingText)"]
            )
        }
    }
}
