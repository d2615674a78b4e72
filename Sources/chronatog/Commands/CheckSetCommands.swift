import ArgumentParser
import Domain

extension CheckCommand {
    /// What a check can be told, when it is made and later on.
    struct Wishes: ParsableArguments {
        @Option(help: "What its slug URL says: a-z 0-9 _ -.") var slug: String?
        @Option(help: "'0 3 * * *', '@daily', …: a ping is wanted by each instant; repeatable.")
        var schedule: [String] = []
        @Option(help: "Zone of the schedule's wall clock; otherwise the server's --zone.") var zone: String?
        @Option(help: "Instead of a schedule: a ping is wanted this often, 1d if not given.")
        var period: String?
        @Option(help: "How much later than expected a ping may come, 1h if not given.") var grace: String?
        @Option(help: "From /start to its end; otherwise the grace.") var maxRuntime: String?
        @Option(help: "Bad ends in a row that open an alert.") var failures: Int64?
        @Option(help: "Good ends in a row that resolve it.") var successes: Int64?
        @Flag(
            inversion: .prefixedNo,
            help: "Warn when pings come much more often than usual, or runs take an unusual time."
        )
        var alertUnusual: Bool?
        @Flag(inversion: .prefixedNo, help: "Let the monitor_config of Sentry's check-ins change it.")
        var followsCheckIns: Bool?
        @Option(help: "A word to find it by; repeatable.") var tag: [String] = []

        /// The fields of a request that were given. An empty text takes one back.
        var fields: [(String, JSON?)] {
            let text = { (value: String?) -> JSON? in value.map { $0.isEmpty ? .null : .string($0) } }
            let lines = schedule.filter { !$0.isEmpty }.map { JSON.string($0) }
            let tags = tag.filter { !$0.isEmpty }.map { JSON.string($0) }
            // A period takes the schedule's place, and so does nothing at all.
            let isUnscheduled = schedule.isEmpty ? period != nil : lines.isEmpty
            return [
                ("slug", text(slug)), ("zone", text(zone)),
                (
                    "schedule",
                    isUnscheduled ? .null : lines.count > 1 ? .array(lines) : lines.first
                ),
                ("period", text(period)), ("grace", text(grace)), ("max_runtime", text(maxRuntime)),
                ("failures_to_open", failures.map { .number($0) }),
                ("successes_to_resolve", successes.map { .number($0) }),
                ("alert_unusual", alertUnusual.map { .bool($0) }),
                ("follows_check_ins", followsCheckIns.map { .bool($0) }),
                ("tags", tag.isEmpty ? nil : .array(tags)),
            ]
        }

        static let flags = [
            "failures_to_open": "--failures", "successes_to_resolve": "--successes", "tags": "--tag",
        ]
    }

    struct Add: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add a check; prints its ping URL, and a crontab line to paste.",
            discussion: "Without --slug its slug is made of its name, where that has letters enough."
        )
        static let flags: [String: String]? = Wishes.flags.merging(["name": "NAME"]) { $1 }
        @OptionGroup var server: ServerOptions
        @OptionGroup var wishes: Wishes
        @Argument(help: "A name, to call the check by.") var name: String
        @Option(help: "The scheduler it belongs to.") var scheduler: String?
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            if name.isEmpty { throw ValidationError("The name is empty: what is the check to be called?") }
        }

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let made = wishes.slug == nil ? CheckStory.slug(of: name) : nil
            let draft = JSON.compact(
                [("name", .string(name))] + wishes.fields + [("slug", made.map { .string($0) })]
            )
            let query = Query.text(scheduler.map { [("scheduler", $0)] } ?? [])
            let path = "\(ServerConnection.api)/checks\(query)"
            let check: JSON
            do {
                check = try await server.request("POST", path, body: draft)
            } catch .asked(let sentences, let hint)
                where made != nil && sentences.contains(where: { $0.hasPrefix("--slug: ") })
            {
                let way = "that slug was made of the name: --slug WORD gives it another, --slug '' none"
                throw .asked(sentences, hint: hint ?? way)
            }
            StandardStream.output.write(json ? check.pretty + "\n" : CheckStory.made(check))
        }
    }

    struct Change: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Change a check: what is given is changed, all else stays.",
            discussion: """
                chronatog check set 'nightly backup' --grace 1h --tag shop --tag night
                chronatog check set worker --schedule '*/5 * * * *'
                --schedule takes the place of a period, and --period that of a schedule. An empty value \
                takes one back: --slug '' --tag '' --max-runtime ''. What was heard so far stays.
                """
        )
        static let flags: [String: String]? = Wishes.flags
        @OptionGroup var server: ServerOptions
        @OptionGroup var wishes: Wishes
        @Argument(help: "A check's id, name or slug.") var check: String
        @Option(help: "Another name.") var name: String?
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let wish = JSON.compact([("name", name.map { .string($0) })] + wishes.fields)
            guard wish != .object([]) else {
                throw .asked("say what to change, for instance --grace 10m", hint: "--help lists all of it")
            }
            let before = try await server.check(check)
            let path = "\(ServerConnection.api)/checks/\(before.plain("id"))"
            let after = try await server.request("PATCH", path, body: wish)
            StandardStream.output.write(json ? after.pretty + "\n" : CheckStory.changed(before, after))
        }
    }
}
