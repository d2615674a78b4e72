import ArgumentParser
import Domain

/// `chronatog alerts`
struct AlertsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "List what is wrong now: alerts that are not resolved, or others with --state."
    )

    @OptionGroup var server: ServerOptions
    @Option(help: "Only these: open (nobody has acknowledged them), acknowledged, resolved, or all.")
    var state: String?
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        var alerts: [JSON] = []
        try await server.pages("/alerts", query: state.map { [("state", $0)] } ?? []) { alerts.append($0) }
        if json { return StandardStream.output.line(JSON.array(alerts).pretty) }
        var table = TextTable(["ALERT", "STATE", "SEVERITY", "SINCE", "RESOLVED", "JOB", "TITLE", "TOLD"])
        for alert in alerts {
            table.add([
                alert.plain("id"), alert.plain("state"), alert.plain("severity"), alert.plain("opened_at"),
                alert.plain("resolved_at"), alert.plain("job"), alert.plain("title"),
                alert.plain("channels"),
            ])
        }
        if table.isEmpty {
            return StandardStream.error.line(state == nil ? "no alert is open" : "there is none")
        }
        StandardStream.output.write(table.text())
    }
}

/// `chronatog alert …`: does something about one alert, or about the messages that tell of alerts.
struct AlertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert",
        abstract: "Acknowledge or resolve an alert, make and test channels, look after messages.",
        subcommands: [
            Acknowledge.self, Resolve.self, ChannelCommand.self, Test.self, Channels.self, Messages.self,
            Resend.self, Discard.self,
        ]
    )

    /// Which alert something is said of.
    struct One: ParsableArguments {
        @Argument(help: "An alert's id.") var alert: String
        @Flag(help: "Print JSON.") var json = false

        func say(_ word: String, asking server: ServerConnection) async throws(CommandFailure) {
            let path = "\(ServerConnection.api)/alerts/\(Query.encoded(alert))/\(word)"
            let answer = try await server.request("POST", path)
            StandardStream.output.write(json ? answer.pretty + "\n" : Fields.text(answer))
        }
    }

    struct Acknowledge: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "ack",
            abstract: "Say that somebody looks after it; channels that were told are told of that."
        )
        @OptionGroup var server: ServerOptions
        @OptionGroup var one: One

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            try await one.say("acknowledge", asking: server)
        }
    }

    struct Resolve: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "resolve",
            abstract: "Say that it is over; the next failure of its job or check opens another alert."
        )
        @OptionGroup var server: ServerOptions
        @OptionGroup var one: One

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            try await one.say("resolve", asking: server)
        }
    }

    struct Channels: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "channels",
            abstract: "List where alerts are told, secrets masked."
        )
        @OptionGroup var server: ServerOptions
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            try await ChannelCommand.list(server, json: json)
        }
    }

    struct Messages: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "messages",
            abstract: "List messages that have not arrived: waiting, or given up."
        )
        @OptionGroup var server: ServerOptions
        @Option(help: "Only these: waiting or dead.") var state: String?
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            var messages: [JSON] = []
            try await server.pages("/messages", query: state.map { [("state", $0)] } ?? []) {
                messages.append($0)
            }
            if json { return StandardStream.output.line(JSON.array(messages).pretty) }
            var table = TextTable([
                "MESSAGE", "STATE", "CHANNEL", "KIND", "ALERT", "ATTEMPTS", "NOT BEFORE", "WAITS FOR",
                "REASON",
            ])
            let columns = [
                "id", "state", "channel", "kind", "alert", "attempts", "retry_at", "waits_for", "reason",
            ]
            for message in messages { table.add(columns.map { message.plain($0) }) }
            if table.isEmpty { return StandardStream.error.line("every message has arrived") }
            StandardStream.output.write(table.text())
        }
    }

    struct Resend: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "resend",
            abstract: "Send dead messages again, those that a later one has overtaken left out."
        )
        @OptionGroup var server: ServerOptions
        @Option(help: "Those of this channel alone.") var channel: String?

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let query = Query.text(channel.map { [("channel", $0)] } ?? [])
            let count = try await server.request("POST", "\(ServerConnection.api)/messages/resend\(query)")
            StandardStream.output.write(Fields.text(count))
        }
    }

    struct Discard: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "discard",
            abstract: "Forget dead messages, such as those of a channel that is removed."
        )
        @OptionGroup var server: ServerOptions
        @Option(help: "Those of this channel alone.") var channel: String?

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let query = Query.text(channel.map { [("channel", $0)] } ?? [])
            let count = try await server.request("DELETE", "\(ServerConnection.api)/messages\(query)")
            StandardStream.output.write(Fields.text(count))
        }
    }
}
