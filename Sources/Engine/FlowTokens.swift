package import Domain
internal import Scheduling

// Tokens that the operator gives out, and runs that they start. Who may do what is judged where requests come
// in (`API/Access`); here is what is kept of it.
extension Flow {
    package mutating func addToken(_ token: AccessToken, now: Timestamp) throws(CommandError) -> KnownToken {
        guard ledger.tokens[token.name] == nil else {
            throw .conflict("there is a token named \(token.name) already; remove it first")
        }
        guard ledger.tokens.count < AccessToken.countMax else {
            throw .conflict("there are \(AccessToken.countMax) tokens, which is the most; remove one first")
        }
        if let job = token.job { try check(job, .operator, nil) }
        write(.token(.added(token)), now)
        return KnownToken(token, since: now)
    }

    package mutating func removeToken(_ name: String, now: Timestamp) throws(CommandError) {
        guard let known = ledger.tokens[name] else {
            throw .noSuchToken(name, known: ledger.tokens.keys.sorted())
        }
        write(.token(.removed(TokenRemoved(name: name, role: known.token.role))), now)
    }

    /// In order of name.
    package func tokens() -> [KnownToken] { ledger.tokens.sorted { $0.key < $1.key }.map(\.value) }

    /// Starts a run because somebody called the job's trigger URL.
    /// - Parameters:
    ///   - name: the token's, under which starts are counted.
    ///   - event: what was sent, JSON in UTF-8; empty for nothing, and then it is a run by hand.
    /// - Returns: nil when this minute's starts are used up, or too many runs are open.
    package mutating func trigger(
        _ job: JobID,
        by name: String,
        event: [UInt8],
        now: Timestamp
    ) throws(CommandError) -> OpenRunView? {
        try check(job, .operator, nil)
        guard ledger.jobs[job].state != .paused else {
            throw .conflict("job \(job) is paused; resume it first")
        }
        let happening = SourceHappening(
            source: "trigger/\(name)",
            kind: .message,
            at: now,
            message: event,
            outage: 0
        )
        let trigger = StreamTrigger(source: happening.source, on: .message)
        let isCrowded = ledger.jobs[job].openRuns >= Reactions.openRunsMax
        guard !isCrowded, reactions.takeStart(job, trigger, now: now) else {
            if let before = reactions.refuse(job, trigger, now: now) {
                let record = TriggerRefused(
                    job: job,
                    source: trigger.source,
                    reason: isCrowded ? .openRuns : .rate,
                    before: before
                )
                write(.reaction(.triggerRefused(record)), now)
            }
            return nil
        }
        let cause = event.isEmpty ? nil : RunCause(happening, depth: 1)
        guard let id = openRun(job, cause == nil ? .manual : .stream, cause: cause, now: now),
            let run = ledger.openRuns[id]
        else {
            throw .conflict("job \(job) cannot be run: its schedule does not compile")
        }
        return OpenRunView(id: id, run: run)
    }
}
