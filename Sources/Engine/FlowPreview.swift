internal import Cron
package import Domain
internal import Scheduling

// What a command would leave, found out without writing: the same checks, and the same view.
extension Flow {
    /// The job that `register` would make, under the number it would get now.
    package func preview(
        _ draft: JobDraft,
        scheduler: UInt32,
        now: Timestamp
    ) throws(CommandError) -> JobView {
        guard let owner = ledger.schedulers[scheduler] else { throw .noSuchScheduler(scheduler) }
        let job = JobID(UInt32(ledger.jobs.count + 1))
        var definition = seal(draft, job: job, account: owner.account)
        definition.scheduler = scheduler
        let plan = try compile(definition, job: job, registeredAt: now, account: owner.account)
        let record = JobRegistered(
            job: job,
            scheduler: scheduler,
            definition: definition.packed(),
            cursor: now,
            next: plan.next(after: now)
        )
        return JobView(
            id: job,
            entry: JobEntry(registered: record, sequence: ledger.sequence, at: now),
            definition: definition,
            pause: nil,
            catchingUpThrough: nil,
            limitWaiting: false,
            cover: blackouts.cover(labels: definition.labels),
            missingStreams: missingStreams(of: definition)
        )
    }

    /// The job before and after `revise`.
    package func preview(
        _ job: JobID,
        change: (JobDefinition) throws(CommandError) -> JobDraft,
        now: Timestamp
    ) throws(CommandError) -> (old: JobView, new: JobView) {
        let old = try view(job)
        let account = ledger.schedulers[old.entry.scheduler]?.account ?? 0
        var new = old
        new.definition = seal(
            try change(old.definition),
            job: job,
            account: account,
            over: old.definition
        )
        new.definition.scheduler = old.entry.scheduler
        new.cover = blackouts.cover(labels: new.definition.labels)
        let plan = try compile(
            new.definition,
            job: job,
            registeredAt: old.entry.registeredAt,
            account: account
        )
        if Self.schedulingDiffers(old.definition, new.definition), old.entry.state == .active {
            new.entry.next = plan.next(after: max(now, old.entry.cursor))
        }
        return (old, new)
    }
}
