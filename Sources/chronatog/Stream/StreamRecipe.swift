import ArgumentParser
import Domain

extension StreamCommand {
    /// `chronatog stream recipes`
    struct StreamRecipes: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "recipes",
            abstract: "List jobs that act on a stream, ready to apply."
        )

        func run() {
            var table = TextTable(["RECIPE", "WHAT IT DOES"])
            for recipe in Recipe.allCases { table.add([recipe.rawValue, recipe.about]) }
            StandardStream.output.write(table.text())
        }
    }

    /// `chronatog stream recipe NAME`
    struct StreamRecipe: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "recipe",
            abstract: "Print a recipe as a document that `apply` takes.",
            discussion: """
                chronatog stream recipe slack | chronatog apply -
                The Slack and PagerDuty recipes tell the channels of --slack-url and
                --pagerduty-key (SLACK_URL, PAGERDUTY_KEY).
                """
        )

        @Argument(help: "print, pagerduty, slack or elasticsearch.") var name: Recipe
        @Option(help: "The stream that it watches.") var stream: String = Recipe.usualStream
        @Option(help: "Where objects of the stream are looked up; the stream's own server if not given.")
        var baseURL: String?
        @Option(help: "elasticsearch: the URL that ends in /_bulk.") var url: String =
            "http://localhost:9200/tutum/_bulk"

        func run() {
            let document = name.document(stream: stream, baseURL: baseURL, url: url)
            StandardStream.output.line(document.pretty)
        }
    }
}

/// Jobs that act on a stream in Tutum's dialect: those of the tutorial, of increasing size, and one that
/// keeps every event elsewhere.
enum Recipe: String, CaseIterable, ExpressibleByArgument {
    case print
    case pagerDuty = "pagerduty"
    case slack
    case elasticsearch

    static let usualStream = "tutum"

    var about: String {
        switch self {
        case .print: "writes every event into the record of a run, as five fields joined by colons"
        case .pagerDuty: "triggers an incident when the stream stays closed for a minute, and resolves it"
        case .slack: "tells of containers in two lines, and of services and their stacks in three"
        case .elasticsearch: "adds every event to an index by its _bulk URL"
        }
    }

    /// The document that `chronatog apply` takes.
    func document(stream: String, baseURL: String?, url: String) -> JSON {
        .object([
            .init("chronatog", .number(JobDocument.version)), .init("label", .string("stream:\(stream)")),
            .init("jobs", .array(jobs(stream: stream, baseURL: baseURL, url: url))),
        ])
    }

    private func jobs(stream: String, baseURL: String?, url: String) -> [JSON] {
        func trigger(_ members: (String, String)...) -> JSON {
            .object([.init("stream", .string(stream))] + members.map { .init($0.0, .string($0.1)) })
        }
        func job(_ name: String, _ triggers: [JSON], _ steps: [JSON]) -> JSON {
            .object([
                .init("name", .string("\(stream) \(name)")), .init("triggers", .array(triggers)),
                .init("steps", .array(steps)),
            ])
        }
        switch self {
        case .print:
            let text = "{{type}}:{{action}}:{{state}}:{{resource_uri}}:{{parents}}"
            return [job("events", [trigger(("on", "message"))], [Self.step("note", [("text", text)])])]
        case .pagerDuty:
            let closed = [
                ("action", "trigger"), ("description", "Tutum Stream connection closed."),
                ("client", "Tutum Stream"),
            ]
            let open = [("action", "resolve"), ("description", "Tutum Stream connection open.")]
            return [
                job(
                    "watchdog",
                    [trigger(("on", "close"), ("after", "60s")), trigger(("on", "open"))],
                    [
                        Self.step("pagerduty", closed, on: "close"),
                        Self.step("pagerduty", open, on: "open"),
                    ]
                )
            ]
        case .slack:
            let container =
                "Your {{type}} was {{action_past}} on Tutum!\nCheck {{resource_uri}} to see more details."
            let service =
                "A Service on Tutum was {{action_past}}.\nIt belonged to the {{stack.name}} Stack.\n"
                + "The Stack state is: {{stack.state}}"
            let lookup = [("get", "parent"), ("as", "stack")] + (baseURL.map { [("base_url", $0)] } ?? [])
            return [
                job(
                    "containers",
                    [trigger(("on", "message"), ("type", "container"))],
                    [Self.step("slack", [("text", container)])]
                ),
                job(
                    "services",
                    [trigger(("on", "message"), ("type", "service"))],
                    [Self.step("enrich", lookup), Self.step("slack", [("text", service)])]
                ),
            ]
        case .elasticsearch:
            var step = Self.step("http", [("url", url), ("body", "{\"index\":{}}\n{{event}}\n")])
            if case .object(var members) = step, case .object(let fields) = members[0].value {
                let headers = JSON.object([.init("Content-Type", .string("application/x-ndjson"))])
                members[0].value = .object(fields + [.init("headers", headers)])
                step = .object(members)
            }
            return [job("archive", [trigger(("on", "message"))], [step])]
        }
    }

    private static func step(_ kind: String, _ fields: [(String, String)], on: String? = nil) -> JSON {
        .compact([
            (kind, .object(fields.map { .init($0.0, .string($0.1)) })),
            ("on", on.map { .array([.string($0)]) }),
        ])
    }
}
