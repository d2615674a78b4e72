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
            chronatog check ping worker
            Ping URLs are those of Healthchecks: /start, /fail, /log and an exit code may follow them.
            """,
        subcommands: [
            Add.self, List.self, Show.self, Remove.self, Pause.self, Resume.self, PingNow.self, Pings.self,
            Key.self,
        ]
    )

    struct Add: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add a check; prints its ping URL, and a crontab line to paste."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "A name, to call the check by.") var name: String
        @Option(help: "What its slug URL says: a-z 0-9 _ -; otherwise made of the name.") var slug: String?
        @Option(help: "'0 3 * * *', '@daily', …: a ping is wanted by each instant; repeatable.")
        var schedule: [String] = []
        @Option(help: "Zone of the schedule's wall clock; otherwise the server's --zone.") var zone: String?
        @Option(help: "Without a schedule: a ping is wanted this often, 1d if not given.") var period: String?
        @Option(help: "How much later than expected a ping may come, 1h if not given.") var grace: String?
        @Option(help: "From /start to its end; otherwise the grace.") var maxRuntime: String?
        @Option(help: "Bad ends in a row that open an alert.") var failures: Int64?
        @Option(help: "Good ends in a row that resolve it.") var successes: Int64?
        @Flag(help: "Warn when pings come much more often than usual, or runs take an unusual time.")
        var alertUnusual = false
        @Option(help: "A word to find it by; repeatable.") var tag: [String] = []
        @Option(help: "The scheduler it belongs to.") var scheduler: String?
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            if name.isEmpty { throw ValidationError("The name is empty: what is the check to be called?") }
        }

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let text = { (value: String?) -> JSON? in value.map { .string($0) } }
            let lines: JSON? =
                switch schedule.count {
                case 0: nil
                case 1: .string(schedule[0])
                default: .array(schedule.map { .string($0) })
                }
            let draft = JSON.compact([
                ("name", .string(name)), ("slug", .string(slug ?? Self.slug(of: name))), ("schedule", lines),
                ("zone", text(zone)), ("period", text(period)), ("grace", text(grace)),
                ("max_runtime", text(maxRuntime)), ("failures_to_open", failures.map { .number($0) }),
                ("successes_to_resolve", successes.map { .number($0) }),
                ("alert_unusual", alertUnusual ? .bool(true) : nil),
                ("tags", tag.isEmpty ? nil : .array(tag.map { .string($0) })),
            ])
            let query = Query.text(scheduler.map { [("scheduler", $0)] } ?? [])
            let check = try await server.request(
                "POST",
                "\(ServerConnection.api)/checks\(query)",
                body: draft
            )
            StandardStream.output.write(json ? check.pretty + "\n" : Self.summary(check, schedule))
        }

        /// `Nightly Backup!` is `nightly-backup`.
        private static func slug(of name: String) -> String {
            let words = name.lowercased().split { character in
                !(character.isASCII && (character.isLetter || character.isNumber || character == "_"))
            }
            return words.joined(separator: "-")
        }

        private static func summary(_ check: JSON, _ schedule: [String]) -> String {
            let (id, url) = (check.plain("id"), check.plain("ping_url"))
            let when = schedule.first { $0.split(separator: " ").count == 5 }
            let time = when.map { "\($0) " } ?? ""
            let place = when == nil ? "At the end of a script" : "For a crontab"
            let sense = check.plain("description")
            let words = sense.prefix(1).lowercased() + sense.dropFirst()
            var text = "check \(id) \"\(check.plain("name"))\" expects a ping \(words)"
            text += ", at the latest \(check.plain("grace")) later\n"
            text += "  by     \(check.plain("expected_at"))\n  ping   \(url)\n"
            if !check.plain("slug_url").isEmpty { text += "  or     \(check.plain("slug_url"))\n" }
            return text + """

                \(place) (the exit code tells whether it worked):
                \(time)/path/to/command; curl -fsS -m 10 --retry 5 -o /dev/null \(url)/$?

                chronatog check show \(id)      how it stands
                chronatog check pings \(id)     what it heard

                """
        }
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List checks.")
        @OptionGroup var server: ServerOptions
        @Option(help: "Only those with this tag.") var tag: String?
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            var checks: [JSON] = []
            try await server.pages("/checks", query: tag.map { [("tag", $0)] } ?? []) { checks.append($0) }
            if json { return StandardStream.output.line(JSON.array(checks).pretty) }
            var table = TextTable(["CHECK", "NAME", "STATE", "WHEN", "LAST PING", "EXPECTED", "TAGS"])
            for check in checks {
                table.add(
                    ["id", "name", "state", "description", "last_ping_at", "expected_at", "tags"].map {
                        check.plain($0)
                    }
                )
            }
            if table.isEmpty {
                return StandardStream.error.line("there is no check; `chronatog check add NAME` makes one")
            }
            StandardStream.output.write(table.text())
        }
    }

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show a check: how it stands, and its ping URL."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "A check's id, name or slug.") var check: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let found = try await server.check(check)
            StandardStream.output.write(json ? found.pretty + "\n" : Fields.text(found))
        }
    }

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
