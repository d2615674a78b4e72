import Domain

/// Jobs out of something that is not Chronatog's, and what could not be made into one.
struct Translation: Equatable {
    struct Job: Equatable {
        /// Where it comes from; nil when that is the command line.
        var line: Int?
        /// As `POST jobs` takes it.
        var json: JSON
        /// What is not carried over.
        var notes: [String]
    }

    var jobs: [Job] = []
    var refused: [Crontab.Remark] = []
    var remarks: [Crontab.Remark] = []

    /// What a person adds to every job.
    struct Additions {
        var zone: String?
        var labels: [String] = []

        fileprivate func members(zone own: String?) -> [(String, JSON?)] {
            [
                ("zone", (own ?? zone).map { .string($0) }),
                ("labels", labels.isEmpty ? nil : .array(labels.map { .string($0) })),
            ]
        }
    }

    init(_ crontab: Crontab, adding additions: Additions) {
        refused = crontab.refused
        remarks = crontab.remarks
        for entry in crontab.entries {
            do {
                let call = try ImportedCommand.call(
                    entry.command,
                    input: entry.input,
                    settings: crontab.settings
                )
                let json = JSON.compact(
                    [
                        ("name", entry.name.isEmpty ? nil : .string(entry.name)),
                        ("schedule", .string(entry.schedule)),
                    ] + call.members + [("jitter", entry.jitter.map { .string($0.text) })]
                        + additions.members(zone: entry.zone)
                )
                jobs.append(Job(line: entry.line, json: json, notes: call.notes))
            } catch {
                refused.append(
                    Crontab.Remark(line: entry.line, text: entry.command, reasons: error.reasons)
                )
            }
        }
        refused.sort { ($0.line ?? 0) < ($1.line ?? 0) }
    }

    /// One command.
    init(command: String, schedule: String, name: String?, adding additions: Additions) {
        do {
            let call = try ImportedCommand.call(command)
            let json = JSON.compact(
                [("name", name.map { .string($0) }), ("schedule", .string(schedule))] + call.members
                    + additions.members(zone: nil)
            )
            jobs = [Job(line: nil, json: json, notes: call.notes)]
        } catch {
            refused = [Crontab.Remark(line: nil, text: command, reasons: error.reasons)]
        }
    }

    /// A user's name where a command ought to be is the mark of a system crontab.
    mutating func hintAtUserColumn() {
        for index in refused.indices {
            let words = refused[index].text.split(whereSeparator: \.isWhitespace)
            guard words.count > 1, let program = words[1].split(separator: "/").last,
                program == "curl" || program == "wget",
                words[0].allSatisfy({ $0.isLowercase || $0.isNumber || "-_".contains($0) })
            else { continue }
            refused[index].reasons.append("if \"\(words[0])\" is a user's name, say --system")
        }
    }
}
