import ArgumentParser
import Domain
import Integrations

/// `chronatog stream …`
struct StreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream",
        abstract: "Watch event streams: follow one here, or let the server watch it and act on it.",
        subcommands: [
            StreamTail.self, Add.self, List.self, Show.self, Pause.self, Resume.self, Remove.self,
            StreamRecipes.self, StreamRecipe.self,
        ]
    )
}

extension StreamCommand {
    /// `chronatog stream tail [URL]`
    struct StreamTail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tail",
            abstract: "Print events as they happen, and go on where it was when the connection breaks.",
            discussion: """
                Without URL, the stream of the server that other commands ask, too. With URL, any stream in \
                Tutum's dialect; TUTUM_AUTH, or TUTUM_USERNAME and TUTUM_TOKEN, say who you are:
                  chronatog stream tail wss://stream.example.com/v1/events
                A line is type:action:state:resource_uri:parents.
                """
        )

        enum Format: String, ExpressibleByArgument, CaseIterable {
            case line
            case json
        }

        @OptionGroup var server: ServerOptions
        @Argument(help: "The stream's address: ws:// or wss://.") var address: String?
        @Option(help: "line or json.") var format: Format = .line
        @Option(help: "Those after this sequence; 0 is from the beginning.") var since: UInt64?
        @Option(help: "Only of this type: run, job, alert, run.closed, …") var type: String?
        @Option(help: "Print at most so many, then end.") var limit: Int?
        @Flag(help: "Print the account's notifications, too.") var notifications = false
        @Flag(help: "Show the handshake and all frames on standard error, credentials masked.") var trace =
            false

        func run() async throws {
            let source = try StreamSource.find(
                address,
                server: server.choice,
                environment: ProcessEnvironment.all
            )
            var tail = StreamFollower(source: source, show: show)
            tail.since = since
            tail.type = type
            tail.isTraced = trace
            try await tail.run(limit: limit ?? .max)
        }

        private func show(_ news: StreamFollower.News) {
            switch news {
            case .connected: note("Connected")
            case .authenticated: note("Auth completed")
            case .event(let event): StandardStream.output.line(format == .line ? event.line : event.json.text)
            case .notifications(let json): if notifications { StandardStream.output.line(json.text) }
            case .trace(let text): StandardStream.error.line(text)
            case .lost(let sentence, let wait):
                StandardStream.error.line("\(sentence); again in \(wait.text)")
            }
        }

        /// Between JSON lines nothing else may stand.
        private func note(_ word: String) {
            if format == .line { StandardStream.output.line(word) } else { StandardStream.error.line(word) }
        }
    }
}
