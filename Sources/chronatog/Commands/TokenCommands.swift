import ArgumentParser
import Domain

/// `chronatog token …`: tokens that may do some things, and URLs that start a job.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Tokens that may only look, only start runs, or do everything; and trigger URLs.",
        discussion: """
            chronatog token add wallboard --role read
            chronatog token add deploy --role trigger --job nightly
            chronatog token list
            chronatog token rm deploy
            With --job there is a URL, too: a POST there starts the job, and needs no other credentials.
            """,
        subcommands: [Add.self, List.self, Remove.self]
    )

    private static let path = "\(ServerConnection.api)/tokens"

    struct Add: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Make a token. It is printed this once, and kept as a digest."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "a-z 0-9 _ -") var name: String
        @Option(help: "read (look, and watch events), trigger (start runs) or admin (everything).")
        var role: String
        @Option(help: "With trigger: the id or name of the only job that it starts.") var job: String?
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            var id: String?
            if let job { id = try await server.job(job) }
            let request = JSON.compact([
                ("name", .string(name)), ("role", .string(role)), ("job", id.map { .string($0) }),
            ])
            let token = try await server.request("POST", TokenCommand.path, body: request)
            if json { return StandardStream.output.line(token.pretty) }
            StandardStream.output.line(token.plain("token"))
            let url = token.plain("trigger_url")
            if !url.isEmpty {
                StandardStream.output.line(url)
                StandardStream.error.line("\ncurl -X POST \(url)          starts job \(token.plain("job"))")
            }
            StandardStream.error.line("it is not shown again; `chronatog token rm \(name)` revokes it")
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List tokens.")
        @OptionGroup var server: ServerOptions
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let tokens = try await server.request("GET", TokenCommand.path)
            if json { return StandardStream.output.line(tokens.pretty) }
            var table = TextTable(["TOKEN", "ROLE", "JOB", "SINCE"])
            for token in tokens.array ?? [] {
                table.add([
                    token.plain("name"), token.plain("role"), token.plain("job"), token.plain("since"),
                ])
            }
            if table.isEmpty {
                return StandardStream.error.line("there is no token; `chronatog token add` makes one")
            }
            StandardStream.output.write(table.text())
        }
    }

    struct Remove: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm",
            abstract: "Revoke a token: it and its URL are good for nothing from now on."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "Its name.") var name: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            _ = try await server.request("DELETE", "\(TokenCommand.path)/\(Query.encoded(name))")
            let answer = JSON.object([JSON.Member("revoked", .string(name))])
            StandardStream.output.line(json ? answer.pretty : "token \(name) is revoked")
        }
    }
}
