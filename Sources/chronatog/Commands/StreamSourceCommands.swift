import ArgumentParser
import Domain

// `chronatog stream add|list|show|pause|resume|rm`: streams elsewhere that the server watches.
extension StreamCommand {
    private static func path(_ name: String, _ step: String = "") -> String {
        "\(ServerConnection.api)/streams/\(Query.encoded(name))\(step)"
    }

    private static func show(_ stream: JSON, _ asJSON: Bool) {
        StandardStream.output.write(asJSON ? stream.pretty + "\n" : Fields.text(stream))
    }

    /// A secret out of a file, which keeps it out of the shell's history.
    private static func secret(_ text: String?) throws(CommandFailure) -> JSON? {
        guard let text else { return nil }
        guard text.hasPrefix("@") else { return .string(text) }
        do {
            var read = try SmallFile.text(of: String(text.dropFirst()), bytesMax: 8192)
            while read.last?.isNewline == true { read.removeLast() }
            return .string(read)
        } catch {
            throw .failed(error.sentence)
        }
    }

    struct Add: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch a stream, or change how one is watched.",
            discussion: """
                The server connects, comes back when it is thrown out, and opens an alert when an outage \
                lasts longer than --alert-after; jobs can start on what it says.

                  chronatog stream add tutum wss://stream.tutum.co/v1/events --user me --key @key
                  chronatog stream add cloud wss://ws.cloud.docker.com/api/audit/v1/events/ \\
                    --auth 'Basic bWU6a2V5' --alert-after 2m
                  chronatog stream add other wss://cron.example.com --bearer @token --alert-after off
                Secrets are sealed in the journal; @FILE reads one from a file. (--url and --token say \
                which server of ours is asked, as everywhere.)
                """
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "What it is called: a-z 0-9 . _ -") var name: String
        @Argument(help: "Its address: wss:// or ws://; /v1/events unless it has a path.") var address: String
        @Option(help: "Who we are there.") var user: String?
        @Option(help: "The user's API key there.") var key: String?
        @Option(help: "A whole Authorization value instead.") var auth: String?
        @Option(help: "A bearer token instead.") var bearer: String?
        @Option(help: "header, or query as Tutum's first clients did.") var authIn: String?
        @Option(help: "How long an outage may last untold: 10s unless given; off for ever.")
        var alertAfter: String?
        @Option(help: "How long it may say nothing, though it is open: 1h; off unless given.")
        var silentAfter: String?
        @Flag(help: "The account's notices are events, too.") var notifications = false
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let text = { (value: String?) -> JSON? in value.map { .string($0) } }
            let request = JSON.compact([
                ("url", .string(address)), ("username", text(user)),
                ("token", try StreamCommand.secret(key)),
                ("authorization", try StreamCommand.secret(auth)),
                ("bearer", try StreamCommand.secret(bearer)), ("auth_in", text(authIn)),
                ("alert_after", text(alertAfter)), ("silent_after", text(silentAfter)),
                ("notifications", notifications ? .bool(true) : nil),
            ])
            let stream = try await server.request("PUT", StreamCommand.path(name), body: request)
            StreamCommand.show(stream, json)
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "List watched streams and how they stand.")
        @OptionGroup var server: ServerOptions
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let streams = try await server.request("GET", "\(ServerConnection.api)/streams")
            if json { return StandardStream.output.line(streams.pretty) }
            var table = TextTable(["STREAM", "ADDRESS", "STATE", "SINCE", "EVENTS", "OUTAGES", "REASON"])
            for stream in streams.array ?? [] {
                table.add(
                    ["name", "url", "state", "since", "events", "outages", "reason"].map { stream.plain($0) }
                )
            }
            if table.isEmpty {
                return StandardStream.error.line("no stream is watched; `chronatog stream add` watches one")
            }
            StandardStream.output.write(table.text())
        }
    }

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Show a watched stream, secrets masked.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "Its name.") var name: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            StreamCommand.show(try await server.request("GET", StreamCommand.path(name)), json)
        }
    }

    struct Pause: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Leave a stream until it is resumed.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "Its name.") var name: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let path = StreamCommand.path(name, "/pause")
            StreamCommand.show(try await server.request("POST", path), json)
        }
    }

    struct Resume: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch a stream again that was paused, or that refused the credentials."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "Its name.") var name: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let path = StreamCommand.path(name, "/resume")
            StreamCommand.show(try await server.request("POST", path), json)
        }
    }

    struct Remove: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm",
            abstract: "Watch a stream no more."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "Its name.") var name: String

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            _ = try await server.request("DELETE", StreamCommand.path(name))
            StandardStream.output.line("stream \(name) is watched no more")
        }
    }
}
