import ArgumentParser
import Domain

extension CheckCommand {
    struct List: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List checks, and how they stand.",
            discussion: """
                waiting: nothing good was heard yet. up: all is well. started: a run is at work, and has to \
                end in time. late: it was expected already, and counts as missed when its grace is over. \
                down: it failed, or was not heard from in time. paused: nothing is expected.
                """
        )
        @OptionGroup var server: ServerOptions
        @Option(help: "Only those with this tag.") var tag: String?
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            var checks: [JSON] = []
            try await server.pages("/checks", query: tag.map { [("tag", $0)] } ?? []) { checks.append($0) }
            if json { return StandardStream.output.line(JSON.array(checks).pretty) }
            if checks.isEmpty {
                return StandardStream.error.line(
                    tag.map { "no check has the tag \($0)" }
                        ?? "there is no check; `chronatog check add NAME` makes one"
                )
            }
            StandardStream.output.write(CheckStory.table(checks))
            if checks.contains(where: { $0.plain("state") == "down" }) {
                StandardStream.error.line(
                    "\nchronatog check show CHECK   since when one is down, why, what to do"
                )
            }
        }
    }

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show a check: how it stands and why, what it waits for, and its URLs."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "A check's id, name or slug.") var check: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let found = try await server.check(check)
            if json { return StandardStream.output.line(found.pretty) }
            StandardStream.output.write(CheckStory.story(found, alerts: await alerts(of: found, server)))
        }

        /// What is open about it; alerts are the operator's to see, so for others there are none.
        private func alerts(of check: JSON, _ server: ServerConnection) async -> [JSON] {
            let key = "check/\(check.plain("id"))"
            var found: [JSON] = []
            try? await server.pages("/alerts") { alert in
                let own = alert.plain("key")
                if own == key || own.hasPrefix("\(key)/") { found.append(alert) }
            }
            return found
        }
    }
}
