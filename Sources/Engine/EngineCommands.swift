package import Domain
package import Journaling

// What the API asks of the engine. Each call runs on the engine's thread between two batches, and answers
// when everything it saw or did is durable.
extension Engine {
    /// Registers a job; `next_at` and everything else is in the view.
    package func register(_ draft: JobDraft, scheduler: UInt32) async throws(CommandError) -> JobView {
        try await command { flow, now throws(CommandError) in
            try flow.register(draft, scheduler: scheduler, now: now)
        }
    }

    /// Changes a job. `change` gets the current definition and returns the new draft.
    package func revise(
        _ job: JobID,
        as caller: Caller,
        ifMatch: Sequence? = nil,
        change: @escaping @Sendable (JobDefinition) throws(CommandError) -> JobDraft
    ) async throws(CommandError) -> JobView {
        try await command { flow, now throws(CommandError) in
            try flow.check(job, caller, ifMatch)
            return try flow.revise(job, change: change, now: now)
        }
    }

    /// The job that `register` would make now; nothing is recorded.
    package func preview(_ draft: JobDraft, scheduler: UInt32) async throws(CommandError) -> JobView {
        try await read { flow, now throws(CommandError) in
            try flow.preview(draft, scheduler: scheduler, now: now)
        }
    }

    /// What the job is, and what `revise` would make of it now; nothing is recorded.
    package func preview(
        _ job: JobID,
        as caller: Caller,
        ifMatch: Sequence? = nil,
        change: @escaping @Sendable (JobDefinition) throws(CommandError) -> JobDraft
    ) async throws(CommandError) -> (old: JobView, new: JobView) {
        try await read { flow, now throws(CommandError) in
            try flow.check(job, caller, ifMatch)
            return try flow.preview(job, change: change, now: now)
        }
    }

    /// Removes a job; its open runs are cancelled and its waiting slots decided as `deleted`.
    package func remove(_ job: JobID, as caller: Caller, ifMatch: Sequence? = nil) async throws(CommandError)
    {
        try await command { flow, now throws(CommandError) in
            try flow.check(job, caller, ifMatch)
            try flow.remove(job, now: now)
        }
    }

    package func pause(
        _ job: JobID,
        as caller: Caller,
        until: Timestamp?,
        reason: String,
        ifMatch: Sequence? = nil
    ) async throws(CommandError) -> JobView {
        try await command { flow, now throws(CommandError) in
            try flow.check(job, caller, ifMatch)
            return try flow.pause(job, until: until, reason: reason, now: now)
        }
    }

    /// Ends a pause. What happens to the slots in it: `none` (they end as `paused`), `last` or `all`.
    package func resume(
        _ job: JobID,
        as caller: Caller,
        catchup: Catchup = .none,
        ifMatch: Sequence? = nil
    ) async throws(CommandError) -> JobView {
        try await command { flow, now throws(CommandError) in
            try flow.check(job, caller, ifMatch)
            return try flow.resume(job, catchup: catchup, now: now)
        }
    }

    /// Opens a run by hand; it never consumes a slot.
    package func runNow(
        _ job: JobID,
        as caller: Caller,
        overlap: Overlap = .allow
    ) async throws(CommandError) -> OpenRunView {
        try await command { flow, now throws(CommandError) in
            try flow.check(job, caller, nil)
            return try flow.runNow(job, overlap: overlap, now: now)
        }
    }

    /// Ends an open run as `cancelled`; a call under way is given up.
    package func cancel(_ run: RunID, as caller: Caller) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in try flow.cancel(run, as: caller, now: now) }
    }

    /// Calls again for a slot that is held as `unknown-held`: a manual run that carries the slot's key. The
    /// slot's own record stays as it is.
    package func release(
        _ slot: Slot,
        of job: JobID,
        as caller: Caller
    ) async throws(CommandError) -> OpenRunView {
        try await command { flow, now throws(CommandError) in
            try flow.check(job, caller, nil)
            return try flow.release(slot, of: job, now: now)
        }
    }

    /// Gives up the slots that wait under `catchup=all`; they end as `discarded`. Returns how many.
    package func discardCatchup(_ job: JobID, as caller: Caller) async throws(CommandError) -> Int {
        try await command { flow, now throws(CommandError) in
            try flow.check(job, caller, nil)
            return try flow.discardCatchup(job, now: now)
        }
    }

    /// Makes Basic credentials. The password is kept only as a salted hash.
    package func registerScheduler(
        name: String,
        username: String,
        password: String
    ) async throws(CommandError) -> SchedulerRegistered {
        try await command { flow, now throws(CommandError) in
            try flow.registerScheduler(name: name, username: username, password: password, now: now)
        }
    }

    package func removeScheduler(_ number: UInt32) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in try flow.removeScheduler(number, now: now) }
    }

    package func job(_ id: JobID, as caller: Caller) async throws(CommandError) -> JobView {
        try await read { flow, _ throws(CommandError) in
            try flow.check(id, caller, nil)
            return try flow.view(id)
        }
    }

    /// Jobs in order of number, after the given one.
    package func jobs(after: JobID, limit: Int, as caller: Caller) async throws(CommandError) -> [JobView] {
        try await read { flow, _ throws(CommandError) in flow.views(after: after, limit: limit, as: caller) }
    }

    /// Open runs of one job, or of all jobs, oldest first.
    package func openRuns(of job: JobID?) async throws(CommandError) -> [OpenRunView] {
        try await read { flow, _ throws(CommandError) in flow.openRunViews(of: job) }
    }

    /// The schedulers that jobs belong to, removed jobs included.
    package func owners(of jobs: [JobID]) async throws(CommandError) -> [JobID: UInt32] {
        try await read { flow, _ throws(CommandError) in
            jobs.reduce(into: [:]) { owners, job in
                if flow.ledger.jobs.contains(job) { owners[job] = flow.ledger.jobs[job].scheduler }
            }
        }
    }

    package func schedulers() async throws(CommandError) -> [SchedulerRegistered] {
        try await read { flow, _ throws(CommandError) in
            flow.ledger.schedulers.values.sorted { $0.number < $1.number }
        }
    }

    /// Everything up to now, durable: then history may be read.
    package func history() async throws(CommandError) -> JournalReader {
        try await read { _, _ throws(CommandError) in () }
        return journal.reader()
    }

    /// Figures for `/healthz` and `/-/metrics`.
    package func status() async throws(CommandError) -> EngineStatus {
        try await perform(writes: false) { loop, now throws(CommandError) in loop.status(now: now) }
    }

    /// The clock, and driving it.
    package func clock() async throws(CommandError) -> ClockState {
        try await perform(writes: false) { loop, _ throws(CommandError) in loop.clock.state }
    }

    /// An `advance` answers when every slot up to its end is decided and every call has its outcome.
    package func drive(_ command: ClockCommand) async throws(CommandError) -> ClockState {
        try await perform(writes: true) { loop, now throws(CommandError) in try loop.drive(command, now: now)
        }
        return try await clockAtRest()
    }

    /// What receivers of a job's calls check signatures with.
    package func signingSecret(of job: JobID, as caller: Caller) async throws(CommandError) -> String {
        try await read { flow, _ throws(CommandError) in
            try flow.check(job, caller, nil)
            return flow.signingSecret(of: job)
        }
    }
}
