import ArgumentParser
import Domain

/// `chronatog blackout …`: times in which jobs do not run, and checks are not told of.
struct BlackoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blackout",
        abstract: "Times in which jobs do not run, and alerts wait: maintenance, holidays.",
        discussion: """
            chronatog blackout set upgrade --from 2026-12-01T22:00:00Z --to 2026-12-02T02:00:00Z
            chronatog blackout set sundays --schedule '0 2 * * SUN' --lasting 4h --zone Europe/Berlin
            chronatog blackout set holidays --ics holidays.ics --label team:billing
            Slots in a blackout end as `excluded` and are not caught up. Alerts that open in one are told when
            it is over, those of checks too: a check is covered by its tags, as a job by its labels.
            --from and --to take an instant, or a date: midnight in --zone.
            """,
        subcommands: [Set.self, List.self, Remove.self]
    )

    struct Set: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Make a blackout, or replace the one of that name."
        )
        static let flags: [String: String]? = ["labels": "--label", "ics_url": "--ics", "name": "NAME"]
        @OptionGroup var server: ServerOptions
        @Argument(help: "a-z 0-9 _ -") var name: String
        @Option(help: "When it begins: 2026-12-01T22:00:00Z, or 2026-12-01.") var from: String?
        @Option(help: "When it is over.") var to: String?
        @Option(help: "When one begins, again and again: '0 2 * * SUN'.") var schedule: String?
        @Option(help: "How long each lasts: 4h.") var lasting: String?
        @Option(help: "A calendar file (iCalendar), or the URL where it is; read again every six hours.")
        var ics: String?
        @Option(help: "Zone of the schedule, of dates, and of days in a calendar; else the server's --zone.")
        var zone: String?
        @Option(help: "Only for jobs with this label and checks with this tag; repeatable: all are needed.")
        var label: [String] = []
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let text = { (value: String?) -> JSON? in value.map { .string($0) } }
            let schemes = ["http://", "https://", "webcal://"]
            let isURL = ics.map { ics in schemes.contains { ics.lowercased().hasPrefix($0) } } ?? false
            var calendar: String?
            if let ics, !isURL {
                do {
                    calendar = try SmallFile.text(of: ics)
                } catch {
                    throw .failed(error.sentence)
                }
            }
            let request = JSON.compact([
                ("from", text(from)), ("to", text(to)), ("schedule", text(schedule)),
                ("lasting", text(lasting)),
                ("ics", text(calendar)), ("ics_url", isURL ? text(ics) : nil), ("zone", text(zone)),
                ("labels", label.isEmpty ? nil : .array(label.map { .string($0) })),
            ])
            let path = "\(ServerConnection.api)/blackouts/\(Query.encoded(name))"
            var blackout = try await server.request("PUT", path, body: request)
            let notes = blackout["notes"] ?? .null
            let deadline = ContinuousClock.now + Self.readingMax
            while blackout["pending"] == .bool(true), ContinuousClock.now < deadline {
                try? await Task.sleep(for: .milliseconds(100))
                blackout = try await server.request("GET", path)
            }
            if json { return StandardStream.output.line(blackout.with("notes", notes).pretty) }
            StandardStream.output.line(BlackoutCommand.sentence(blackout))
            for note in BlackoutCommand.readingNotes(blackout) + (notes.array ?? []).map(\.plain) {
                StandardStream.output.line("  note   \(note)")
            }
        }

        /// As long as somebody gladly waits for the first reading of a calendar.
        private static let readingMax = Duration.seconds(5)
    }

    struct List: ClientCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List blackouts.")
        @OptionGroup var server: ServerOptions
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let blackouts = try await server.request("GET", "\(ServerConnection.api)/blackouts")
            if json { return StandardStream.output.line(blackouts.pretty) }
            var table = TextTable(["BLACKOUT", "WHEN", "JOBS", "NOW", "FROM", "TO", "FAULT"])
            for blackout in blackouts.array ?? [] {
                let labels = blackout.plain("labels")
                table.add([
                    blackout.plain("name"), BlackoutCommand.time(blackout), labels.isEmpty ? "all" : labels,
                    blackout.plain("active"),
                    (blackout["next"] ?? .null).plain("from"), (blackout["next"] ?? .null).plain("to"),
                    blackout.plain("fault"),
                ])
            }
            if table.isEmpty {
                return StandardStream.error.line("there is no blackout; `chronatog blackout set` makes one")
            }
            StandardStream.output.write(table.text())
        }
    }

    struct Remove: ClientCommand {
        static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove a blackout.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "Its name.") var name: String

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let path = "\(ServerConnection.api)/blackouts/\(Query.encoded(name))"
            _ = try await server.request("DELETE", path)
            StandardStream.output.line("blackout \(name) is removed")
        }
    }

    private static func time(_ blackout: JSON) -> String {
        if !blackout.plain("schedule").isEmpty {
            return
                "\(blackout.plain("schedule")) (\(blackout.plain("zone"))) for \(blackout.plain("lasting"))"
        }
        let source = blackout.plain("events_from")
        if source.isEmpty { return "once" }
        let events = blackout.plain("events")
        return "the calendar from \(source), \(events) \(events == "1" ? "event" : "events")"
    }

    /// What came of reading a calendar that is somewhere else, unless all is well.
    private static func readingNotes(_ blackout: JSON) -> [String] {
        if blackout["pending"] == .bool(true) {
            return ["Its calendar is still being read; `chronatog blackout list` shows what comes of it."]
        }
        guard let fault = blackout["fault"]?.string else { return [] }
        let again = blackout.plain("read_again_at")
        let next = again.isEmpty ? "" : "; it is tried again at \(again)"
        return ["Its calendar could not be read: \(fault)\(next)."]
    }

    private static func sentence(_ blackout: JSON) -> String {
        let name = blackout.plain("name")
        let labels = blackout.plain("labels")
        let whom = labels.isEmpty ? "all jobs" : "jobs labelled \(labels)"
        guard let next = blackout["next"], next != .null else {
            let why = blackout.plain("events_from").isEmpty ? "it is over" : "there is nothing ahead"
            return "blackout \(name) (\(time(blackout))) applies to \(whom); \(why)"
        }
        let verb = blackout["active"] == .bool(true) ? "is on since" : "comes next at"
        return "blackout \(name) (\(time(blackout))) applies to \(whom) and \(verb) "
            + "\(next.plain("from")), until \(next.plain("to"))"
    }
}

extension JSON {
    /// The object with one member more, unless that is null.
    fileprivate func with(_ key: String, _ value: JSON) -> JSON {
        guard case .object(let members) = self, value != .null, self[key] == nil else { return self }
        return .object(members + [.init(key, value)])
    }
}
