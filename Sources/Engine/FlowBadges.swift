internal import Alerting
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
    /// Those of the key's owner whose slug or tag is `word`; `*` counts all, and `job-12` stands for a job.
    /// Paused ones are not counted.
    mutating func badge(key: String, word: String, now: Timestamp) -> BadgeCount? {
        guard let scheduler = checks.schedulerOfBadge[key] else { return nil }
        if let job = JobID(badge: word) { return badge(job, scheduler) }
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
            } else if entry.standing.expected <= now,
                blackout(at: entry.standing.expected, definition) == nil
            {
                count.late += 1
            }
        }
        return isKnown ? count : nil
    }

    /// A job is down while its alert is open.
    private func badge(_ job: JobID, _ scheduler: UInt32) -> BadgeCount? {
        guard ledger.jobs.contains(job), ledger.jobs[job].scheduler == scheduler else { return nil }
        guard ledger.jobs[job].state == .active else { return BadgeCount() }
        return BadgeCount(total: 1, down: ledger.alerts.open[AlertRule.key(of: job)] == nil ? 0 : 1)
    }
}

extension JobID {
    /// `job-12`, as badges name a job; no slug of a check is shown where one of these is meant.
    init?(badge word: String) {
        guard word.hasPrefix("job-"), let number = UInt32(word.dropFirst(4)) else { return nil }
        self.init(number)
    }
}
