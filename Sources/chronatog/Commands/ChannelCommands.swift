import ArgumentParser
import Domain

/// `chronatog alert channel …`: makes, changes and removes the places where alerts are told.
struct ChannelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channel",
        abstract: "Make, show, change, pause and remove channels.",
        subcommands: [
            Add.self, List.self, Show.self, Change.self, Pause.self, Enable.self, Remove.self,
        ],
        defaultSubcommand: List.self
    )

    static func list(_ server: ServerConnection, json: Bool) async throws(CommandFailure) {
        let channels = try await server.request("GET", "\(ServerConnection.api)/channels")
        if json { return StandardStream.output.line(channels.pretty) }
        var table = TextTable(["CHANNEL", "WHERE", "SOURCE", "PAUSED", "RESTS UNTIL", "BROKEN"])
        for channel in channels.array ?? [] {
            table.add(
                ["name", "summary", "source", "paused", "rests_until", "broken"].map { channel.plain($0) }
            )
        }
        if table.isEmpty {
            return StandardStream.error.line(
                "nobody is told: `chronatog alert channel add slack URL`, or give the server --slack-url"
            )
        }
        StandardStream.output.write(table.text())
    }

    private static func path(_ name: String) -> String {
        "\(ServerConnection.api)/channels/\(Query.encoded(name))"
    }

    /// Which alerts a channel hears of, and when.
    struct Rules: ParsableArguments {
        @Option(help: "alerts, failures (no acknowledgements), everything (successes too) or off.")
        var level: String?
        @Option(help: "Only alerts as severe as this: info, warning, error or critical.")
        var severity: String?
        @Option(help: "Only what is still open and unacknowledged after so long: 15m.") var after: String?
        @Option(help: "Say it again each time so long has passed unacknowledged: 1h; 0s never.")
        var remind: String?
        @Option(help: "Alerts that open within so long go as one message (slack, email): 30s; 0s each alone.")
        var group: String?
        @Option(help: "Times of day that messages wait for the end of: 22:00-07:00; none ends that.")
        var quiet: String?
        @Option(help: "The time zone of --quiet.") var quietZone: String?
        @Flag(inversion: .prefixedNo, help: "Critical alerts pass through quiet hours.")
        var quietCritical: Bool?

        /// Those that were given; nil when none was.
        var json: JSON? {
            var members: [JSON.Member] = []
            for (name, value) in [
                ("level", level), ("severity", severity), ("after", after), ("remind", remind),
                ("group", group), ("quiet_zone", quietZone),
            ] {
                if let value { members.append(JSON.Member(name, .string(value))) }
            }
            if let quiet {
                members.append(JSON.Member("quiet", quiet == "none" ? .null : .string(quiet)))
            }
            if let quietCritical { members.append(JSON.Member("quiet_critical", .bool(quietCritical))) }
            return members.isEmpty ? nil : .object(members)
        }

        /// What the server calls them is a part of `rules`.
        static let flags = Dictionary(
            uniqueKeysWithValues: [
                "level", "severity", "after", "remind", "group", "quiet", "quiet_zone", "quiet_critical",
            ].map { ("rules.\($0)", ServerConnection.flag(named: $0)) }
        )
    }

    struct Add: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a channel; what it is given is sealed in the journal.",
            discussion: """
                KIND is pagerduty, slack, cachet, xmatters, sentry, email or webhook. For most, one value is \
                enough: a key, a URL, a DSN. Others are written FIELD=VALUE, a value of several with commas; \
                FIELD=@FILE reads the value from a file, which keeps it out of the shell's history.

                  chronatog alert channel add slack https://hooks.slack.com/services/T0/B0/x
                  chronatog alert channel add pagerduty key=@/run/secrets/pagerduty --severity critical
                  chronatog alert channel add email server=mail.example.com from=cron@example.com \\
                    to=me@example.com
                  chronatog alert channel add webhook url=https://example.com/hook ed25519=true \\
                    headers="X-Team: ops" headers=@/run/secrets/header
                """
        )
        static let flags: [String: String]? = Rules.flags
        @OptionGroup var server: ServerOptions
        @OptionGroup var rules: Rules
        @Argument(help: "slack, email, webhook, pagerduty, cachet, xmatters or sentry.") var kind: String
        @Argument(help: "The one value, or FIELD=VALUE.") var values: [String]
        @Option(help: "What it is called; otherwise its kind.") var name: String?
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            var members = [
                JSON.Member("name", .string(name ?? kind)),
                JSON.Member("settings", try ChannelFields.json(kind: kind, values)),
            ]
            if let rules = rules.json { members.append(JSON.Member("rules", rules)) }
            let path = "\(ServerConnection.api)/channels"
            let answer = try await server.request("POST", path, body: .object(members))
            StandardStream.output.write(json ? answer.pretty + "\n" : Fields.text(answer))
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "List channels, secrets masked.")
        @OptionGroup var server: ServerOptions
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            try await ChannelCommand.list(server, json: json)
        }
    }

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(abstract: "Show a channel, secrets masked.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "A channel's name.") var channel: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let answer = try await server.request("GET", path(channel))
            StandardStream.output.write(json ? answer.pretty + "\n" : Fields.text(answer))
        }
    }

    struct Change: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Change which alerts a channel hears of, and when; or its settings as a whole."
        )
        static let flags: [String: String]? = Rules.flags
        @OptionGroup var server: ServerOptions
        @OptionGroup var rules: Rules
        @Argument(help: "A channel's name.") var channel: String
        @Argument(help: "All its settings anew, as `add` takes them.") var values: [String] = []
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            var members: [JSON.Member] = []
            if !values.isEmpty {
                let kind = try await server.request("GET", path(channel))["settings"]?.plain("kind")
                let settings = try ChannelFields.json(kind: kind ?? "", values)
                members.append(JSON.Member("settings", settings))
            }
            if let rules = rules.json { members.append(JSON.Member("rules", rules)) }
            guard !members.isEmpty else { throw .asked("say what to change, for instance --remind 1h") }
            let answer = try await server.request("PATCH", path(channel), body: .object(members))
            StandardStream.output.write(json ? answer.pretty + "\n" : Fields.text(answer))
        }
    }

    struct Pause: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell a channel of nothing new; what it must still hear of older alerts waits."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "A channel's name.") var channel: String

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let wish = JSON.object([JSON.Member("paused", .bool(true))])
            _ = try await server.request("PATCH", path(channel), body: wish)
            StandardStream.output.line("\(channel) is paused; `chronatog alert channel enable` ends that")
        }
    }

    struct Enable: ClientCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that a paused or broken channel works again, and send again what was given up."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "A channel's name.") var channel: String

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let count = try await server.request("POST", "\(path(channel))/enable")
            let resent = count.plain("resent"), skipped = count.plain("skipped")
            var text = "\(channel) is enabled"
            if resent != "0" { text += "; \(resent) dead messages are sent again" }
            if skipped != "0" { text += "; \(skipped) stay dead, for later ones have overtaken them" }
            StandardStream.output.line(text)
        }
    }

    struct Remove: ClientCommand {
        static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove a channel.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "A channel's name.") var channel: String

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            _ = try await server.request("DELETE", path(channel))
            StandardStream.output.line("\(channel) is removed")
        }
    }
}

/// A channel's settings as they are written on a command line.
enum ChannelFields {
    /// Fields that hold several texts.
    private static let lists: Set<String> = ["to", "secrets", "recipients"]
    /// Fields that may be numbers; anywhere else digits are a text.
    private static let numbers: Set<String> = ["port", "version", "component", "component_status"]
    private static let flags: Set<String> = ["visible", "notify", "details", "events", "ed25519"]
    private static let fileBytesMax = 8192

    /// - Parameter values: one value alone, or `FIELD=VALUE` each.
    static func json(kind: String, _ values: [String]) throws(CommandFailure) -> JSON {
        var members = [JSON.Member("kind", .string(kind))]
        var headers: [JSON.Member] = []
        for value in values {
            let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let isField = parts.count == 2 && isName(parts[0])
            if isField, parts[0] == "headers" {
                headers.append(try header(try text(of: String(parts[1]))))
            } else if isField {
                members.append(try member(String(parts[0]), String(parts[1])))
            } else if values.count == 1 {
                members.append(try member(mainField(of: kind), value))
            } else {
                throw .asked("\"\(value)\" is not FIELD=VALUE", hint: "one value alone needs no field")
            }
        }
        if !headers.isEmpty { members.append(JSON.Member("headers", .object(headers))) }
        return .object(members)
    }

    private static func isName(_ text: Substring) -> Bool {
        text.first?.isLowercase == true
            && text.allSatisfy { $0.isLowercase || $0 == "_" || $0.isASCIIDigit }
    }

    /// One header, as HTTP writes it; several are given one by one.
    private static func header(_ line: String) throws(CommandFailure) -> JSON.Member {
        guard let colon = line.firstIndex(of: ":") else {
            throw .asked("headers is not NAME: VALUE", hint: "give it once for each: headers=\"X-Team: ops\"")
        }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        return JSON.Member(String(line[..<colon]), .string(String(value)))
    }

    private static func mainField(of kind: String) -> String {
        switch kind {
        case "pagerduty": "key"
        case "sentry": "dsn"
        case "email": "to"
        default: "url"
        }
    }

    /// `@FILE` stands for what the file holds.
    private static func text(of value: String) throws(CommandFailure) -> String {
        guard value.hasPrefix("@") else { return value }
        do {
            var text = try SmallFile.text(of: String(value.dropFirst()), bytesMax: fileBytesMax)
            while text.last?.isNewline == true { text.removeLast() }
            return text
        } catch {
            throw .failed(error.sentence)
        }
    }

    private static func member(_ field: String, _ value: String) throws(CommandFailure) -> JSON.Member {
        let text = try text(of: value)
        if lists.contains(field) {
            return JSON.Member(field, .array(text.split(separator: ",").map { .string(String($0)) }))
        }
        if flags.contains(field), text == "true" || text == "false" {
            return JSON.Member(field, .bool(text == "true"))
        }
        let number = numbers.contains(field) ? Int64(text) : nil
        return JSON.Member(field, number.map { .number($0) } ?? .string(text))
    }
}
