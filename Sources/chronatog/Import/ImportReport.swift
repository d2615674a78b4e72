import Cron
import Domain

/// What an import made, found, and could not make, for people or as lines of JSON.
struct ImportReport {
    enum Outcome: Equatable {
        /// Made, or to be made: as the server shows it.
        case made(JSON)
        /// There already, with the fields in which it differs.
        case there(String, [String])
        /// In the server's words.
        case refused([String])
    }

    struct Settled: Equatable {
        var job: Translation.Job
        var outcome: Outcome
    }

    private let translation: Translation
    private let isDryRun: Bool
    private let isJSON: Bool
    var settled: [Settled] = []
    /// Why no server was asked.
    var unasked: String?
    private(set) var zoneNote: String?

    init(_ translation: Translation, isDryRun: Bool, isJSON: Bool) {
        self.translation = translation
        self.isDryRun = isDryRun
        self.isJSON = isJSON
    }

    var hasRefusals: Bool {
        settled.contains { if case .refused = $0.outcome { true } else { false } }
    }

    /// cron goes by the machine's clock, a job by the server's setting.
    mutating func noteZone(_ machine: String?, isGiven: Bool) {
        guard !isGiven, let machine, !["UTC", "Etc/UTC", "Etc/UCT", "UCT", "Universal"].contains(machine)
        else {
            return
        }
        for one in settled where one.job.json["zone"] == nil {
            guard case .made(let shown) = one.outcome else { continue }
            let zone = shown["zone"]?.string
            if zone == machine { continue }
            zoneNote =
                "cron on this machine goes by \(machine), jobs without a zone by "
                + "\(zone ?? "the server's --zone"): --zone \(machine) keeps cron's times"
            return
        }
    }

    func print() {
        if isJSON {
            for one in settled {
                guard case .made(let shown) = one.outcome else { continue }
                StandardStream.output.line((isDryRun ? one.job.json : shown).text)
            }
            StandardStream.error.write(rest())
        } else {
            StandardStream.output.write(made() + rest())
        }
        if let zoneNote { StandardStream.error.line("note: \(zoneNote)") }
        if let unasked {
            StandardStream.error.line("note: what is there already is not known, and no server checked this:")
            StandardStream.error.line("      \(unasked)")
        }
    }

    // MARK: Text

    private func made() -> String {
        section(isDryRun ? "would be made" : "made") { one in
            guard case .made(let shown) = one.outcome else { return nil }
            return ImportedJobText(one.job, shown: shown, hasID: !isDryRun).lines
        }
    }

    private func rest() -> String {
        var text = section("already there") { one in
            guard case .there(let id, let changes) = one.outcome else { return nil }
            let name = one.job.json.plain("name")
            let head = "job \(id)\(name.isEmpty ? "" : " \"\(name)\"")"
            let differs = "left as it is, although its \(changes.joined(separator: ", ")) would differ"
            return [
                head, one.job.json.plain("schedule") + "  " + (one.job.json.plain("callback_url").shownURL),
            ]
                + (changes.isEmpty ? [] : [differs])
        }
        text += section("refused by the server") { one in
            guard case .refused(let sentences) = one.outcome else { return nil }
            return ["\(one.job.json.plain("schedule"))  \(one.job.json.plain("callback_url").shownURL)"]
                + sentences
        }
        text += Self.section("not translated", translation.refused.map { ($0.line, [$0.text] + $0.reasons) })
        text += Self.section(
            "not carried over",
            translation.remarks.map { ($0.line, [$0.text] + $0.reasons) }
        )
        return text
    }

    private func section(_ title: String, _ lines: (Settled) -> [String]?) -> String {
        Self.section(title, settled.compactMap { one in lines(one).map { (one.job.line, $0) } })
    }

    private static func section(_ title: String, _ rows: [(line: Int?, texts: [String])]) -> String {
        guard !rows.isEmpty else { return "" }
        var text = "\(title) (\(rows.count)):\n"
        let width = rows.map { $0.line.map { "line \($0)  ".count } ?? 0 }.max() ?? 0
        for row in rows {
            var margin = row.line.map { "line \($0)  " } ?? ""
            margin += String(repeating: " ", count: width - margin.count)
            for line in row.texts {
                text += "  \(margin)\(line.map { $0.isWhitespace ? " " : String($0) }.joined())\n"
                margin = String(repeating: " ", count: width)
            }
        }
        return text + "\n"
    }
}

/// One job that was made, or would be.
private struct ImportedJobText {
    private let job: Translation.Job
    private let shown: JSON
    private let hasID: Bool

    /// Longest text of a body shown.
    private static let bodyMax = 60
    /// What the lines before say.
    private static let told: Set<String> = [
        "name", "schedule", "zone", "callback_url", "method", "headers", "body", "labels",
    ]

    init(_ job: Translation.Job, shown: JSON, hasID: Bool) {
        self.job = job
        self.shown = shown
        self.hasID = hasID
    }

    var lines: [String] {
        let name = job.json.plain("name")
        let id = hasID ? "job \(shown.plain("id"))" : ""
        let title = [id, name.isEmpty ? "" : "\"\(name)\""].filter { !$0.isEmpty }.joined(separator: " ")
        return [title, when, what].filter { !$0.isEmpty } + details + job.notes.map { "note: \($0)" }
    }

    private var when: String {
        let line = job.json.plain("schedule")
        guard let schedule = try? Schedule(line) else { return line }
        let zone = shown.plain("zone")
        return "\(line)  (\(schedule.describe())\(zone.isEmpty ? "" : ", \(zone)"))"
    }

    private var what: String {
        let method = job.json["method"]?.string ?? (job.json["body"] == nil ? "GET" : "POST")
        return "\(method) \(job.json.plain("callback_url").shownURL)"
    }

    private var details: [String] {
        var lines: [String] = []
        guard case .object(let members) = job.json else { return [] }
        if case .object(let headers)? = job.json["headers"] {
            lines.append("headers " + headers.map(\.key).joined(separator: ", "))
        }
        if let body = job.json["body"]?.string {
            let line = body.split(whereSeparator: \.isNewline).joined(separator: "⏎")
            lines.append("body " + (line.count > Self.bodyMax ? line.prefix(Self.bodyMax - 1) + "…" : line))
        }
        let others = members.filter { !Self.told.contains($0.key) }.map { member in
            if member.key == "auth", case .object(let kinds) = member.value {
                return "login \(kinds.map(\.key).joined())"
            }
            guard case .object(let inner) = member.value else { return "\(member.key) \(member.value.plain)" }
            return member.key + " " + inner.map { "\($0.key) \($0.value.plain)" }.joined(separator: " ")
        }
        if !others.isEmpty { lines.append(others.joined(separator: ", ")) }
        return lines
    }
}

extension String {
    /// A URL without its password and the values of its query.
    var shownURL: String {
        var text = self
        if let scheme = text.firstRange(of: "://") {
            let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
            if let at = authority.lastIndex(of: "@") {
                let user = authority[..<at].prefix { $0 != ":" }
                text.replaceSubrange(authority.startIndex..<at, with: "\(user):***")
            }
        }
        guard let mark = text.firstIndex(of: "?") else { return text }
        let pairs = text[text.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        let masked = pairs.map { pair in
            pair.firstIndex(of: "=").map { "\(pair[...$0])***" } ?? (pair.isEmpty ? "" : "***")
        }
        return text[...mark] + masked.joined(separator: "&")
    }
}
