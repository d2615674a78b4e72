import ArgumentParser
import Domain

/// `chronatog check …`: things that have to be heard from.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Watch what Chronatog does not call itself: it pings, and silence opens an alert.",
        discussion: """
            chronatog check add 'nightly backup' --schedule '0 3 * * *' --zone Europe/Berlin --grace 30m
            chronatog check add worker --period 5m --grace 1m --failures 2
            chronatog check set worker --grace 2m
            chronatog check ping worker
            Ping URLs are those of Healthchecks: /start, /fail, /log and an exit code may follow them.
            """,
        subcommands: [
            Add.self, List.self, Show.self, Change.self, Remove.self, Pause.self, Resume.self, PingNow.self,
            Pings.self, Key.self,
        ]
    )

    struct Remove: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm",
            abstract: "Remove checks. Their ping URLs stop working, and open alerts are resolved."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "Ids, names or slugs.") var checks: [String]

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            for check in checks {
                let id = try await server.check(check).plain("id")
                _ = try await server.request("DELETE", "\(ServerConnection.api)/checks/\(id)")
                StandardStream.output.line("check \(id) is removed")
            }
        }
    }

    struct Pause: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "pause",
            abstract: "Expect nothing until the check is resumed, or pinged."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "A check's id, name or slug.") var check: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let id = try await server.check(check).plain("id")
            let answer = try await server.request("POST", "\(ServerConnection.api)/checks/\(id)/pause")
            StandardStream.output.write(json ? answer.pretty + "\n" : "check \(id) is paused\n")
        }
    }

    struct Resume: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "resume",
            abstract: "Expect pings again."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "A check's id, name or slug.") var check: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let id = try await server.check(check).plain("id")
            let answer = try await server.request("POST", "\(ServerConnection.api)/checks/\(id)/resume")
            if json { return StandardStream.output.line(answer.pretty) }
            StandardStream.output.line(
                "check \(id) is \(answer.plain("state")); expected by \(answer.plain("expected_at"))"
            )
        }
    }
}
