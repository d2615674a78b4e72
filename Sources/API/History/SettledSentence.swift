internal import Cron
internal import Domain

// Slots that never became a run, and why.
extension Explaining {
    func settledSentence(_ stretch: SlotsDecided, _ evidence: Evidence) -> String {
        let subject = words.slot(evidence.slot)
        let text: String =
            switch stretch.result {
            case .overlapSkipped, .overlapCoalesced, .queueDropped:
                overlapSentence(subject, stretch, evidence)
            case .coalesced, .missed, .missedWindow, .missedCap: missedSentence(subject, stretch, evidence)
            case .paused: pausedSentence(subject, evidence)
            case .dstGapMerged, .dstGapSkipped, .dstFoldSkipped, .merged:
                clockSentence(subject, stretch, evidence)
            default: otherSentence(subject, stretch)
            }
        guard stretch.count > 1 else { return text }
        return """
            \(text) It is one of \(stretch.count) slots in a row that ended the same way, from \
            \(words.instant(stretch.first.instant)) to \(words.instant(stretch.last.instant)).
            """
    }

    private func overlapSentence(_ subject: String, _ stretch: SlotsDecided, _ evidence: Evidence) -> String {
        let policy = definition.overlap
        let runs = evidence.blockers.suffix(3)
        let names = runs.map { "run \($0.id)" }.joined(separator: ", ")
        let blocker = runs.last
        let opened = blocker.map { " since \(words.instant($0.startedAt))" } ?? ""
        var sentence: String
        switch stretch.reason {
        case .slotWaiting:
            sentence = """
                \(subject) was dropped, because another slot was already waiting behind \
                \(names.isEmpty ? "an open run" : names) (overlap=queue-one keeps the first).
                """
        case .queueFull:
            sentence = """
                \(subject) was dropped, because \(words.count(Int(policy.queueMax), "slot")) (queue_max) \
                were already waiting behind \(names.isEmpty ? "an open run" : names) (overlap=queue-all).
                """
        case .tooManyOpen:
            sentence = """
                \(subject) was skipped, because \(words.count(Int(policy.openMax), "run")) of the job \
                (max_open) were already open\(names.isEmpty ? "" : ", among them \(names)") (overlap=allow).
                """
        default:
            sentence = """
                \(subject) was skipped, because \(names.isEmpty ? "a run of the same job" : names) was still \
                open\(opened) (overlap=\(policy.mode.word)).
                """
        }
        if let blocker { sentence += " Run \(blocker.id) \(words.fate(blocker))." }
        return sentence
    }

    private func missedSentence(_ subject: String, _ stretch: SlotsDecided, _ evidence: Evidence) -> String {
        let passed = "\(subject) did not run: its time passed while nothing could be sent"
        let decided = evidence.row.decidedAt.map { ", found at \(words.instant($0))" } ?? ""
        switch stretch.result {
        case .coalesced:
            let chosen = stretch.into.map { "the slot at \(words.when($0))" } ?? "another slot"
            let ran = evidence.intoRun.map { ", as run \($0.id), which \(words.fate($0))" } ?? ""
            return
                """
                \(passed)\(decided), and catchup=\(definition.catchupMode.word) let \(chosen) run for \
                all that were missed\(ran).
                """
        case .missedWindow:
            return
                """
                \(passed)\(decided), and it was older than catchup_window \
                (\(definition.catchup.window.text)).
                """
        case .missedCap:
            return """
                \(passed)\(decided), and more slots were missed than catchup_max \
                (\(definition.catchup.slotsMax)); the newest were kept.
                """
        default:
            return """
                \(passed)\(decided), more than misfire_after (\(definition.catchup.misfireAfter.text)) late, \
                and catchup=none lets missed slots go.
                """
        }
    }

    private func pausedSentence(_ subject: String, _ evidence: Evidence) -> String {
        guard let pause = evidence.pause else { return "\(subject) did not run, because the job was paused." }
        let reason = pause.reason.isEmpty ? "" : ", for the reason \"\(pause.reason)\""
        let end = (pause.endedAt ?? pause.until).map { " until \(words.instant($0))" } ?? ""
        return
            """
            \(subject) did not run, because the job was paused from \
            \(words.instant(pause.since))\(end)\(reason).
            """
    }

    private func clockSentence(_ subject: String, _ stretch: SlotsDecided, _ evidence: Evidence) -> String {
        let into = stretch.into.map { words.slot($0, capital: false) }
        let ran = evidence.intoRun.map { ", run \($0.id), which \(words.fate($0))" } ?? ""
        switch stretch.result {
        case .dstGapMerged:
            return """
                \(subject) fell into the gap and was merged into \
                \(into ?? "the run at the first instant after it")\(ran) (dst=\(definition.dst.rawValue)).
                """
        case .dstGapSkipped:
            return
                """
                \(subject) was skipped, because that local time did not exist \
                (dst=\(definition.dst.rawValue)).
                """
        case .dstFoldSkipped:
            return """
                \(subject) was skipped, because it is the second time the clock showed it, and the job runs \
                the first time only (dst=\(definition.dst.rawValue)).
                """
        default:
            return
                """
                \(subject) shares its instant with \(into ?? "another line's slot"), and only one of \
                them runs: it was merged into that one\(ran).
                """
        }
    }

    private func otherSentence(_ subject: String, _ stretch: SlotsDecided) -> String {
        switch stretch.result {
        case .limitExpired:
            return
                """
                \(subject) did not run, because no place under the limit of \(limitName) came free \
                within limit_wait (\(definition.limit.wait.text)).
                """
        case .deleted: return "\(subject) did not run, because the job was removed before its turn came."
        case .discarded:
            return
                """
                \(subject) did not run, because the waiting catch-up was given up, by request or by an \
                edit of the schedule.
                """
        case .refusedLimit:
            return
                """
                \(subject) did not run, because the job had already closed its \(definition.runsMax) \
                runs (max_runs).
                """
        case .restoredOver: return "\(subject) was replaced by a restore of an older state."
        case .excluded:
            let blackout = stretch.blackout.map { "the blackout \"\($0)\"" } ?? "a blackout"
            return "\(subject) fell into \(blackout) and was left out."
        case .unknownHeld:
            return
                """
                \(subject) is held: the server stopped between its call and the record, and \
                on_unknown=hold leaves the decision to you.
                """
        default: return "\(subject) ended as \(stretch.result.word), because of \(stretch.reason.word)."
        }
    }
}
