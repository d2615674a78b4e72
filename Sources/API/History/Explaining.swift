internal import Cron
internal import Domain
package import Engine
internal import Scheduling
internal import Streaming

/// Why a slot ran, or did not: one paragraph of plain English with the instants and the run ids in it.
///
/// Pure: everything it says follows from the definition in force, the job's records, and what the engine says
/// the job waits for.
package struct Explaining {
    let question: Question
    let view: JobView
    let words: Wording

    package init(_ question: Question, view: JobView) {
        self.question = question
        self.view = view
        words = Wording(times: question.times)
    }

    var definition: JobDefinition { question.times.definition }

    /// `evidence` holds one for each candidate, in order.
    package func explanation(_ evidence: [Evidence]) -> Explanation {
        var answer = Explanation(
            job: question.job,
            at: question.asked.text,
            slot: nil,
            result: nil,
            reason: nil,
            sentence: "",
            records: []
        )
        if question.instant <= question.registeredAt, evidence.allSatisfy({ $0.row.sequence == nil }) {
            answer.sentence = beforeCreation
            return answer
        }
        guard let first = evidence.first else {
            answer.sentence = noSlot
            return answer
        }
        // Of several, the one that ran is what was meant; the others follow.
        let main = evidence.first { $0.run != nil } ?? first
        answer.slot = main.slot
        answer.result = main.row.result
        answer.reason = main.row.reason
        answer.records = main.records
        var sentences = [clockChange(main.slot), sentence(main)].compactMap(\.self)
        for other in evidence where other.slot != main.slot {
            sentences.append(sentence(other))
            answer.records += other.records
        }
        answer.records.sort { $0.sequence < $1.sequence }
        answer.sentence = sentences.joined(separator: " ")
        return answer
    }

    private var beforeCreation: String {
        """
        Job \(question.job) did not exist yet at \(words.instant(question.instant)): it was created at \
        \(words.instant(question.registeredAt)), and nothing before that is ever caught up. \(nextSentence)
        """
    }

    private var nextSentence: String {
        if view.entry.state == .finished { return "The job is finished." }
        guard let next = question.times.plan.nextRun(after: max(question.instant, question.now)) else {
            return "No further slot follows."
        }
        return "Its next slot is at \(words.when(next))\(blackoutRemark(next))."
    }

    /// What a blackout will make of a slot that somebody is pointed to.
    private func blackoutRemark(_ slot: Slot) -> String {
        guard slot.instant > question.now else { return "" }
        return switch question.times.plan.fate(at: slot.instant, under: view.cover) {
        case .excluded(let name): " (in the blackout \"\(name)\", which leaves it out)"
        case .kept(let name, let end):
            " (in the blackout \"\(name)\"; it runs when that is over, at \(words.instant(end)))"
        case nil: ""
        }
    }

    // MARK: No slot there

    private var noSlot: String {
        var sentences: [String] = []
        if case .local(let local) = question.asked, case .gap = words.zone.resolve(local) {
            sentences.append(gapSentence(local))
            if question.times.lines.contains(where: \.schedule.isWildcard), definition.dst == .vixie {
                sentences.append(
                    """
                    Its minute or hour begins with *, so it follows real time (dst=vixie) and has no \
                    slot there.
                    """
                )
            }
        } else {
            sentences.append("Job \(question.job) has no slot at \(askedText).")
        }
        sentences.append("Its schedule is \(scheduleText).")
        if let start = definition.start, question.instant < start {
            sentences.append("Nothing runs before its start, \(words.instant(start)).")
        }
        if let end = definition.end, question.instant >= end {
            sentences.append("Nothing runs from its end on, \(words.instant(end)).")
        }
        let before = question.times.lastSlot(before: question.instant, notBefore: question.registeredAt)
        let after = question.times.plan.nextRun(after: question.instant)
        switch (before, after) {
        case (let before?, let after?):
            sentences.append(
                """
                The nearest slots are \(words.when(before)) before and \(words.when(after))\
                \(blackoutRemark(after)) after.
                """
            )
        case (let before?, nil):
            sentences.append("The last slot before is \(words.when(before)); none follows.")
        case (nil, let after?):
            sentences.append("The first slot after is \(words.when(after))\(blackoutRemark(after)).")
        case (nil, nil): sentences.append("It has no slot before or after either.")
        }
        return sentences.joined(separator: " ")
    }

    private var askedText: String {
        switch question.asked {
        case .instant(let instant): return words.instant(instant)
        case .local(let local): return "\(local.text) in \(words.zone.name)"
        }
    }

    private var scheduleText: String {
        question.times.lines
            .map { "\"\($0.schedule.text)\" (\($0.schedule.describe()))" }
            .joined(separator: " and ")
            + (definition.zone == "UTC" ? "" : " in \(definition.zone)")
    }

    // MARK: Clock changes

    private func gapSentence(_ local: LocalDateTime) -> String {
        guard let transition = gap(around: local) else {
            return "\(words.clock(local)) did not exist on \(words.date(local)) in \(words.zone.name)."
        }
        return "\(words.clock(local)) did not exist on \(words.date(local)): \(words.change(at: transition))."
    }

    private func gap(around local: LocalDateTime) -> Transition? {
        guard case .gap(let instant, _) = words.zone.resolve(local) else { return nil }
        return words.zone.nextTransition(after: Instant(seconds: instant.seconds - 1))
    }

    /// What has to be known about a slot's local time before anything else makes sense.
    private func clockChange(_ slot: Slot) -> String? {
        guard definition.dst != .utc else { return nil }
        switch words.zone.resolve(slot.local) {
        case .one: return nil
        case .gap:
            let rule: String =
                switch (definition.dst, question.dispositions[slot]) {
                case (.vixie, .run):
                    "Under dst=vixie a job with a fixed time runs once, at the first instant after the gap."
                case (.shift, .run): "Under dst=shift a time in the gap moves by the gap's length."
                default: ""
                }
            return [gapSentence(slot.local), rule].filter { !$0.isEmpty }.joined(separator: " ")
        case .two(let first, let second):
            let times = "at \(first.rfc3339) and at \(second.rfc3339)"
            return """
                \(words.clock(slot.local)) came twice on \(words.date(slot.local)) in \(words.zone.name), \
                \(times); this is the \(slot.fold == 0 ? "first" : "second") time \
                (dst=\(definition.dst.rawValue)).
                """
        }
    }

    // MARK: A slot

    func sentence(_ evidence: Evidence) -> String {
        if let run = evidence.run { return ranSentence(run, evidence) }
        if let stretch = evidence.stretch { return settledSentence(stretch, evidence) }
        return evidence.slot.instant > question.now
            ? futureSentence(evidence.slot) : waitingSentence(evidence)
    }

    private func ranSentence(_ run: RunHistory, _ evidence: Evidence) -> String {
        let verb = run.isOpen ? "is running" : run.result == .ok ? "ran" : "ran and did not succeed"
        let lateness = run.startedAt - evidence.slot.instant
        var sentences = [
            """
            \(words.slot(evidence.slot)) \(verb): run \(run.id) started at \(words.instant(run.startedAt)), \
            \(lateness < .milliseconds(1) ? "on time" : words.length(lateness) + " after its time")\
            \(whyLate(evidence)).
            """
        ]
        if !run.attempts.isEmpty {
            let text = words.attempts(run)
            sentences.append("\(text.prefix(1).uppercased())\(text.dropFirst()).")
        }
        sentences.append("Run \(run.id) \(words.fate(run)).")
        if run.result != .ok, run.result != nil, let failure = run.attempts.last?.failure {
            sentences.append(failure.kind.nextStep)
        }
        return sentences.joined(separator: " ")
    }

    private func whyLate(_ evidence: Evidence) -> String {
        switch evidence.row.reason {
        case .caughtUp:
            """
            , because its time passed while nothing could be sent and \
            catchup=\(definition.catchupMode.word) chose it
            """
        case .afterBlackout: ", because it fell into a blackout and blackout_then=run-after kept it"
        case .fromQueue:
            ", because it waited behind an open run (overlap=\(definition.overlap.mode.word))"
        case .afterLimit: ", because it waited for a place under the limit of \(limitName)"
        default: definition.jitter > .zero ? " (jitter spreads it over \(definition.jitter.text))" : ""
        }
    }

    var limitName: String {
        definition.limit.key.isEmpty
            ? "target \(definition.callback.target.host)" : "limit_key \(definition.limit.key)"
    }

    private func futureSentence(_ slot: Slot) -> String {
        let ahead = words.length(slot.instant - question.now)
        let begin = "\(words.slot(slot)) lies ahead, in \(ahead):"
        switch question.dispositions[slot] {
        case .dstGapMerged:
            return
                """
                \(begin) it will be merged into the slot at \(words.instant(slot.instant)), one run for \
                both.
                """
        case .dstGapSkipped:
            return "\(begin) it will be skipped, because its local time does not exist that day."
        case .dstFoldSkipped:
            return "\(begin) it will be skipped, because its local time runs the first time only."
        case .run, nil: break
        }
        if let lower = question.candidates.first(where: {
            question.dispositions[$0] == .run && $0.instant == slot.instant
        }),
            lower != slot
        {
            return "\(begin) it will be merged into line \(lower.line)'s slot at the same instant."
        }
        if view.entry.state == .finished { return "\(begin) it will not run, because the job is finished." }
        if let pause = view.pause, pause.until.map({ $0 > slot.instant }) ?? true {
            let until = pause.until.map { " until \(words.instant($0))" } ?? ""
            return "\(begin) the job is paused\(until); unless it is resumed before, the slot ends as paused."
        }
        switch question.times.plan.fate(at: slot.instant, under: view.cover) {
        case .excluded(let name):
            let others =
                question.times.plan.runsAfterBlackout
                ? "; the newest of the job's slots in it runs when it is over (blackout_then=run-after)" : ""
            return "\(begin) it falls into the blackout \"\(name)\" and will be left out\(others)."
        case .kept(let name, let end):
            return """
                \(begin) it falls into the blackout \"\(name)\", and as the newest of the job's slots in it \
                it will run when that is over, at \(words.instant(end)) (blackout_then=run-after).
                """
        case nil: break
        }
        let jitter = question.times.plan.offset(of: slot.instant, job: question.job)
        let sent = jitter > .zero ? " The call is sent \(words.length(jitter)) later, by jitter." : ""
        return "\(begin) it will run then.\(sent)"
    }

    private func waitingSentence(_ evidence: Evidence) -> String {
        let begin = "\(words.slot(evidence.slot)) is not decided yet:"
        if let pause = view.pause {
            let reason = pause.reason.isEmpty ? "" : " (\(pause.reason))"
            return
                """
                \(begin) the job is paused since \(words.instant(pause.since))\(reason), and what \
                happens to the slots in a pause is decided when it ends.
                """
        }
        if let end = view.heldBackUntil {
            let name = view.cover?.window(at: evidence.slot.instant)?.name
            let blackout = name.map { "the blackout \"\($0)\"" } ?? "a blackout"
            return
                """
                \(begin) it lies in \(blackout), and when that is over at \(words.instant(end)), the newest \
                of the job's slots in it runs (blackout_then=run-after).
                """
        }
        if evidence.queuedAt != nil {
            let behind = evidence.blockers.filter(\.isOpen).map { "run \($0.id)" }.joined(separator: ", ")
            return
                """
                \(begin) it waits behind \(behind.isEmpty ? "an open run" : behind) \
                (overlap=\(definition.overlap.mode.word)).
                """
        }
        if let through = view.catchingUpThrough, evidence.slot.instant <= through {
            return "\(begin) it waits for its turn, because catchup=all runs missed slots one at a time."
        }
        if view.limitWaiting {
            return
                """
                \(begin) it waits for a place under the limit of \(limitName), at most \
                \(definition.limit.wait.text).
                """
        }
        let jitter = question.times.plan.offset(of: evidence.slot.instant, job: question.job)
        if evidence.slot.instant + jitter > question.now {
            return
                """
                \(begin) jitter sends it \(words.length(jitter)) after its time, at \
                \(words.instant(evidence.slot.instant + jitter)).
                """
        }
        return "\(begin) it is due, and its decision is on the way."
    }
}
