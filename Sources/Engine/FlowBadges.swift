internal import Domain
internal import Scheduling

/// How many checks a badge stands for, and how they are.
package struct BadgeCount: Sendable, Equatable {
    package var total = 0
    /// In their grace.
    package var late = 0
    package var down = 0

    package var word: String { down > 0 ? "down" : late > 0 ? "late" : "up" }
}

extension Flow {
    /// Those of the key's owner whose slug or tag is `word`; `*` counts all. Paused ones are not counted.
    mutating func badge(key: String, word: String, now: Timestamp) -> BadgeCount? {
        guard let scheduler = checks.schedulerOfBadge[key] else { return nil }
        var count = BadgeCount()
        var isKnown = word == "*"
        for (check, entry) in ledger.checks.entries where entry.scheduler == scheduler {
            guard let definition = plan(of: check)?.definition,
                word == "*" || definition.slug == word || definition.tags.contains(word)
            else { continue }
            isKnown = true
            if entry.isPaused { continue }
            count.total += 1
            if entry.standing.status == .down {
                count.down += 1
            } else if entry.standing.expected <= now {
                count.late += 1
            }
        }
        return isKnown ? count : nil
    }
}
