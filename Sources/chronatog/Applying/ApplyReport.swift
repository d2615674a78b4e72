import Cron
import Domain

/// What an apply does, told before it is done.
struct ApplyReport {
    struct Change: Equatable {
        struct Field: Equatable {
            var name: String
            var old: JSON
            var new: JSON
        }

        var id: String
        var name: String
        var fields: [Field]

        /// - Parameters:
        ///   - old: the job as the server shows it.
        ///   - new: the answer of a dry run, with `changes`.
        init(old: JSON, new: JSON) {
            id = old["id"]?.identifier ?? ""
            name = ApplyReport.title(of: new)
            fields = (new["changes"]?.array ?? []).compactMap(\.string).map {
                Field(name: $0, old: old[$0] ?? .null, new: new[$0] ?? .null)
            }
        }
    }

    let label: String
    let isDryRun: Bool
    var created: [JSON] = []
    var changed: [Change] = []
    var removed: [JSON] = []
    var unchanged = 0
    /// On the server with this label, not in the document, and left because nobody said `--prune`.
    var unnamed: [JSON] = []
    /// Jobs without the label that have the name of a new one.
    var namesakes: [JSON] = []
    var forecast: RunForecast

    var isNothing: Bool { created.isEmpty && changed.isEmpty && removed.isEmpty }

    /// How a job is spoken of.
    static func title(of job: JSON) -> String {
        let name = job.plain("name")
        return name.isEmpty ? job.plain("callback_url").shownURL : name
    }

    // MARK: Text

    var text: String {
        var text = ""
        let verb = { (word: String) in isDryRun ? "would be \(word)" : word }
        if !created.isEmpty {
            text += "\(verb("created")) (\(created.count)):\n" + created.map { Self.line(of: $0) }.joined()
        }
        if !changed.isEmpty {
            text += "\(verb("changed")) (\(changed.count)):\n" + changed.map(Self.lines).joined()
        }
        if !removed.isEmpty {
            text += "\(verb("removed")) (\(removed.count)):\n" + removed.map { Self.line(of: $0) }.joined()
        }
        text += standing
        if !unnamed.isEmpty {
            text += "not in the document, and left there (--prune removes them): "
            text += unnamed.map { Self.title(of: $0) }.joined(separator: ", ") + "\n"
        }
        for job in namesakes {
            text += "note: job \(job.plain("id")) is named \"\(job.plain("name"))\" too, without the label "
            text += "\(label); it is left alone\n"
        }
        return text + (isNothing ? "" : runs)
    }

    /// What stays as it is.
    private var standing: String {
        guard isNothing else { return unchanged > 0 ? "unchanged: \(unchanged)\n" : "" }
        if unchanged > 0 { return "nothing to do: \(Self.jobs(unchanged)) as the document says\n" }
        return unnamed.isEmpty ? "nothing to do: no job has the label \(label)\n" : "nothing to do\n"
    }

    private static func jobs(_ count: Int) -> String { count == 1 ? "1 job is" : "\(count) jobs are" }

    private static func line(of job: JSON) -> String {
        "  \(title(of: job))  \(job.plain("schedule"))  \(job.plain("zone"))  \(job.plain("callback_url"))\n"
    }

    private static func lines(of change: Change) -> String {
        let head = "  \(change.name)  (job \(change.id))\n"
        return head
            + change.fields.map { field in
                guard field.old != field.new else { return "    \(field.name): another secret\n" }
                return "    \(field.name): \(brief(field.old)) → \(brief(field.new))\n"
            }.joined()
    }

    private static let briefMax = 60

    private static func brief(_ value: JSON) -> String {
        let text = value == .null ? "none" : value.string ?? value.text
        let line = text.split(whereSeparator: \.isNewline).joined(separator: "⏎")
        if line.isEmpty { return "none" }
        return line.count <= briefMax ? line : line.prefix(briefMax - 1) + "…"
    }

    private var runs: String {
        let (gained, lost) = (forecast.gained, forecast.lost)
        var text = "\nruns until \(forecast.to.rfc3339): \(gained) gained, \(lost) lost\n"
        var table = TextTable(["JOB", "GAINED", "FIRST", "LOST", "FIRST"])
        for row in forecast.rows {
            table.add([
                row.name, row.gained.isEmpty ? "" : "+\(row.gained.count)", Self.first(row.gained),
                row.lost.isEmpty ? "" : "-\(row.lost.count)", Self.first(row.lost),
            ])
        }
        if !table.isEmpty { text += table.text() }
        return text
    }

    private static func first(_ instants: [Int64]) -> String {
        instants.first.map { Instant(seconds: $0).rfc3339 } ?? ""
    }

    // MARK: JSON

    /// Instants of a job told in full, at most.
    private static let instantsMax = 100

    var json: JSON {
        let names = { (jobs: [JSON]) in JSON.array(jobs.map { Self.short($0, withID: true) }) }
        return .object([
            .init("dry_run", .bool(isDryRun)), .init("label", .string(label)),
            .init("created", .array(created.map { Self.short($0, withID: !isDryRun) })),
            .init("changed", .array(changed.map(Self.json))), .init("removed", names(removed)),
            .init("unchanged", .number(Int64(unchanged))), .init("not_in_document", names(unnamed)),
            .init("runs", runsJSON),
        ])
    }

    private static func short(_ job: JSON, withID: Bool) -> JSON {
        let keys = (withID ? ["id"] : []) + ["name", "schedule", "zone", "callback_url"]
        return .compact(keys.map { ($0, job[$0]) })
    }

    private static func json(_ change: Change) -> JSON {
        .object([
            .init("id", .string(change.id)), .init("name", .string(change.name)),
            .init(
                "fields",
                .object(
                    change.fields.map {
                        .init($0.name, .object([.init("old", $0.old), .init("new", $0.new)]))
                    }
                )
            ),
        ])
    }

    private var runsJSON: JSON {
        let list = { (instants: [Int64]) in
            JSON.array(instants.prefix(Self.instantsMax).map { .string(Instant(seconds: $0).rfc3339) })
        }
        return .object([
            .init("from", .string(forecast.from.rfc3339)), .init("to", .string(forecast.to.rfc3339)),
            .init("gained", .number(Int64(forecast.gained))), .init("lost", .number(Int64(forecast.lost))),
            .init(
                "jobs",
                .array(
                    forecast.rows.map { row in
                        .object([
                            .init("name", .string(row.name)),
                            .init("gained", .number(Int64(row.gained.count))),
                            .init("lost", .number(Int64(row.lost.count))),
                            .init("gained_at", list(row.gained)), .init("lost_at", list(row.lost)),
                        ])
                    }
                )
            ),
        ])
    }
}
