import ArgumentParser
import FoundationEssentials

/// `chronatog serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Start the server. `chronatog serve --help` lists all settings."
    )

    @Argument(parsing: .captureForPassthrough, help: "Flags; see --help.", completion: .list(ServeCommand.flags))
    var arguments: [String] = []

    static let flags = Setting.table.map { "--\($0.name)" }

    func run() async throws {
        let reader = ConfigurationReader(environment: ProcessInfo.processInfo.environment)
        let reading = reader.read(arguments: arguments)
        if reading.wantsHelp { return StandardStream.output.write(SettingText.help()) }
        guard reading.faults.isEmpty else {
            throw CommandFailure.asked(reading.faults, hint: "`chronatog serve --help` lists all settings")
        }
    }
}
