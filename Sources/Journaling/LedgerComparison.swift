package import Domain

extension Ledger {
    /// What differs from another ledger, in words; nil when nothing does. For checks: it looks at everything.
    package func difference(from other: Ledger) -> String? {
        if sequence != other.sequence { return "sequence \(sequence), not \(other.sequence)" }
        if lastTime != other.lastTime { return "the last time" }
        if jobs.count != other.jobs.count { return "\(jobs.count) jobs, not \(other.jobs.count)" }
        if jobs.live != other.jobs.live { return "\(jobs.live) live jobs, not \(other.jobs.live)" }
        if let job = jobs.ids.first(where: { jobs[$0] != other.jobs[$0] }) { return "job \(job)" }
        if storeID != other.storeID { return "the store's id" }
        if keyID != other.keyID { return "the key's id" }
        if openRuns != other.openRuns { return "open runs" }
        if openRunsBeyondOne != other.openRunsBeyondOne { return "the order of open runs" }
        if queued != other.queued { return "queued slots" }
        if pauses != other.pauses { return "pauses" }
        if schedulers != other.schedulers || schedulersEver != other.schedulersEver { return "schedulers" }
        if zones != other.zones { return "zones" }
        if !alerts.isSameForChecks(as: other.alerts) { return "alerts, messages and channels" }
        if checks != other.checks { return "checks" }
        if blackouts != other.blackouts { return "blackouts" }
        if awaited != other.awaited { return "runs that wait for their completion" }
        if accounts != other.accounts { return "accounts and marketplaces" }
        if sources != other.sources { return "watched streams" }
        if reactions != other.reactions { return "runs and outages of streams" }
        if tokens != other.tokens { return "tokens" }
        return nil
    }
}
