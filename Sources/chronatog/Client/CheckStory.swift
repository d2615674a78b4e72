import Domain

/// Checks as people read them.
enum CheckStory {
    /// `Nightly Backup!` is `nightly-backup`. Nil where less than half of a name would be left: `日本2` is not
    /// `2`.
    static func slug(of name: String) -> String? {
        let shown = name.lowercased().filter { !$0.isWhitespace }
        let isKept = { (character: Character) in
            character.isASCII && (character.isLetter || character.isNumber || "_-".contains(character))
        }
        let words = name.lowercased().split { !isKept($0) || $0 == "-" }
        guard !words.isEmpty, shown.filter(isKept).count * 2 >= shown.count else { return nil }
        return words.joined(separator: "-")
    }

    // MARK: Just made, just changed

    static func made(_ check: JSON) -> String {
        let (id, url) = (check.plain("id"), check.plain("ping_url"))
        let line = check["schedule"]?.string.flatMap { $0.split(separator: " ").count == 5 ? $0 : nil }
        let time = line.map { "\($0) " } ?? ""
        let place = line == nil ? "At the end of a script" : "For a crontab"
        var slug = check.plain("slug_url")
        if slug.isEmpty { slug = "by no slug: chronatog check set \(id) --slug WORD gives it one" }
        return """
            \(title(check)) expects \(wish(check))
              by     \(check.plain("expected_at"))
              ping   \(url)
              or     \(slug)

            \(place) (the exit code tells whether it worked):
            \(time)/path/to/command; curl -fsS -m 10 --retry 5 -o /dev/null \(url)/$?

            chronatog check show \(id)      how it stands
            chronatog check pings \(id)     what it heard

            """
    }

    private static let waits = ["schedule", "zone", "period", "grace", "max_runtime"]

    static func changed(_ before: JSON, _ after: JSON) -> String {
        let names =
            ["name", "slug", "slug_url", "tags"] + waits + [
                "failures_to_open", "successes_to_resolve", "alert_unusual", "follows_check_ins",
            ]
        let changes = names.filter { before[$0] != after[$0] }
        guard !changes.isEmpty else { return "\(title(after)) is as it was\n" }
        let width = changes.map(\.count).max() ?? 0
        var text = "\(title(after)) is changed\n"
        for name in changes {
            let label = name + String(repeating: " ", count: width - name.count)
            text += "  \(label)  \(shown(name, before)) → \(shown(name, after))\n"
        }
        text += "It expects \(wish(after))"
        let by = after.plain("expected_at")
        text += by.isEmpty ? ".\n" : "; by \(by).\n"
        if after["follows_check_ins"] == .bool(true), changes.contains(where: waits.contains) {
            text += "note: the next check-in with a monitor_config changes it again; "
            text += "--no-follows-check-ins ends that\n"
        }
        return text
    }

    private static func shown(_ name: String, _ check: JSON) -> String {
        let text = check.plain(name)
        return text.isEmpty ? "none" : text
    }

    // MARK: How they stand

    static func table(_ checks: [JSON]) -> String {
        var table = TextTable(["CHECK", "NAME", "STATE", "WHEN", "LAST PING", "EXPECTED BY", "TAGS"])
        for check in checks {
            table.add(
                [check.plain("id"), name(check), check.plain("state"), when(check)]
                    + ["last_ping_at", "expected_at", "tags"].map { check.plain($0) }
            )
        }
        return table.text()
    }

    /// - Parameter alerts: those that are open about it.
    static func story(_ check: JSON, alerts: [JSON]) -> String {
        let id = check.plain("id")
        let own = alerts.first { $0.plain("key") == "check/\(id)" }
        var text = "\(title(check)) \(standing(check, own))\n"
        for detail in own?["details"]?.array ?? [] {
            for line in detail.plain.split(whereSeparator: \.isNewline) {
                text += "  \(TextTable.printable(String(line)))\n"
            }
        }
        text += "It expects \(wish(check)).\n\(prospect(check))\n"
        for alert in alerts where alert.plain("key") != own?.plain("key") {
            text += "\(alert.plain("severity")) since \(alert.plain("opened_at")): \(alert.plain("title"))\n"
        }
        text += "\n" + Fields.text(.compact(facts.map { ($0, fact($0, check)) })) + "\n"
        var next = [("check pings \(id)", "what it heard"), ("check set \(id)", "change it")]
        if check.plain("state") == "down" { next.append(("check ping \(id)", "say by hand that it is well")) }
        if let alert = own?.plain("id"), own?.plain("state") == "open" {
            next.append(("alert ack \(alert)", "say that somebody looks after it"))
        }
        let width = next.map(\.0.count).max() ?? 0
        for (command, use) in next {
            let gap = String(repeating: " ", count: width - command.count + 5)
            text += "chronatog \(command)\(gap)\(use)\n"
        }
        return text
    }

    private static let facts = [
        "id", "name", "slug", "tags", "schedule", "zone", "period", "grace", "max_runtime",
        "failures_to_open", "successes_to_resolve", "alert_unusual", "follows_check_ins", "scheduler",
        "ping_url", "slug_url", "badge_url", "last_ping_at", "last_duration", "pings", "open_starts",
        "unwatched", "usual_interval", "usual_duration", "created_at",
    ]

    private static func fact(_ name: String, _ check: JSON) -> JSON? {
        switch name {
        case "zone": check.plain("schedule").isEmpty ? nil : check[name]
        case "last_duration", "usual_interval", "usual_duration":
            check[name]?.string.flatMap { Span($0) }.map { .string(rounded($0).text) }
        default: check[name]
        }
    }

    /// To about a hundredth: nobody wants the microseconds of ten minutes.
    static func rounded(_ span: Span) -> Span {
        let steps: [Span] = [
            .hours(1), .minutes(10), .minutes(1), .seconds(10), .seconds(1), .milliseconds(100),
            .milliseconds(10), .milliseconds(1), Span(microseconds: 100), Span(microseconds: 10),
        ]
        guard let step = steps.first(where: { span.microseconds / 100 >= $0.microseconds }) else {
            return span
        }
        let half = Span(microseconds: step.microseconds / 2)
        return Span(microseconds: (span + half).microseconds / step.microseconds * step.microseconds)
    }

    private static func title(_ check: JSON) -> String {
        let name = name(check)
        return "check \(check.plain("id"))\(name.isEmpty ? "" : " \"\(name)\"")"
    }

    private static func name(_ check: JSON) -> String {
        let name = check.plain("name")
        return name.isEmpty ? check.plain("slug") : name
    }

    private static func when(_ check: JSON) -> String {
        let zone = check.plain("schedule").isEmpty ? "" : " (\(check.plain("zone")))"
        return check.plain("description") + zone
    }

    private static func wish(_ check: JSON) -> String {
        let when = when(check)
        return "a ping \(when.prefix(1).lowercased() + when.dropFirst()), at the latest "
            + "\(check.plain("grace")) later"
    }

    private static func standing(_ check: JSON, _ alert: JSON?) -> String {
        let (expected, deadline) = (check.plain("expected_at"), check.plain("deadline_at"))
        switch check.plain("state") {
        case "paused": return "is paused: nothing is expected of it"
        case "late": return "is late: it was expected by \(expected), and counts as missed at \(deadline)"
        case "started": return "has started, and has to end by \(deadline)"
        case "down":
            if let alert { return "is down since \(alert.plain("opened_at")): \(alert.plain("title"))" }
            return "is down, after \(badEnds(check))"
        case let state:
            let isNew = state == "waiting" && check.plain("last_ping_at").isEmpty
            let word = isNew ? "waiting: it has heard nothing yet" : state
            guard check["failures"]?.number ?? 0 > 0 else { return "is \(word)" }
            return "is \(word), after \(badEnds(check)); "
                + "\(check.plain("failures_to_open")) in a row open an alert"
        }
    }

    /// What comes next, and what ends a state that is not well.
    private static func prospect(_ check: JSON) -> String {
        let id = check.plain("id")
        let (expected, deadline) = (check.plain("expected_at"), check.plain("deadline_at"))
        switch check.plain("state") {
        case "paused": return "A ping ends the pause, and so does `chronatog check resume \(id)`."
        case "late": return "A ping that comes before that is still in time."
        case "started": return "Its end is good, or bad with /fail and with any exit code but 0."
        case "down":
            let wanted = check["successes_to_resolve"]?.number ?? 1
            let end = wanted == 1 ? "The next good ping ends it" : "\(wanted) good pings in a row end it"
            let heard = wanted > 1 ? " (so far \(check.plain("successes")))" : ""
            return end + heard
                + (expected.isEmpty ? ", whenever it comes." : "; one is expected by \(expected).")
        case _ where expected.isEmpty: return "Nothing more is expected of it."
        case _ where !check.plain("blackout").isEmpty:
            return "Nothing is wanted by \(expected): that lies in the blackout \(check.plain("blackout"))."
        default: return "The next one is expected by \(expected), and counts as missed at \(deadline)."
        }
    }

    private static func badEnds(_ check: JSON) -> String {
        let count = check.plain("failures")
        return count == "1" ? "1 bad end" : "\(count) bad ends in a row"
    }
}
