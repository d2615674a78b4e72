internal import Alerting
internal import Cron
internal import Domain
internal import Scheduling

/// What keeps a message from leaving, and until when.
struct Silence: Sendable, Equatable {
    enum Cause: Sendable, Equatable {
        case blackout(String)
        case quietHours

        var words: String {
            switch self {
            case .blackout(let name): "blackout \(name)"
            case .quietHours: "quiet hours"
            }
        }
    }

    var until: Timestamp
    var cause: Cause
}

// **Silence**: the blackouts of what an alert is about, and the quiet hours of who is told. It is judged when
// a message might leave and never written down, because both may change while the message waits.
extension Flow {
    /// Silences that follow each other without a break; beyond it they are looked at again on the way.
    private static let silencesMax = 8

    /// What keeps a message that may leave otherwise; nil when nothing does.
    mutating func silence(of message: PendingMessage, now: Timestamp) -> Silence? {
        let alert = ledger.alerts.alerts[message.alert]
        let quiet = quietHours(of: message, alert)
        let cover = alert.flatMap { self.cover(of: $0) }
        guard quiet != nil || cover != nil else { return nil }
        var silence: Silence?
        for _ in 0..<Self.silencesMax {
            let at = silence?.until ?? now
            let ends = [cover?.end(of: at), quiet.flatMap { $0.hours.end(at: at, in: $0.zone) }]
            guard let until = ends.compactMap(\.self).max() else { break }
            let cause = cover?.window(at: at).map { Silence.Cause.blackout($0.name) }
            silence = Silence(until: until, cause: silence?.cause ?? cause ?? .quietHours)
        }
        return silence
    }

    /// The quiet hours that a message heeds. What is critical may pass; tests and steps are asked for.
    private func quietHours(of message: PendingMessage, _ alert: Alert?) -> (hours: QuietHours, zone: Zone)? {
        guard alert != nil || message.kind == .success, let channel = channels[message.channel],
            let hours = channel.rules.quiet, let zone = channel.quietZone
        else { return nil }
        return hours.criticalPasses && alert?.opened.severity == .critical ? nil : (hours, zone)
    }

    /// The blackouts that an alert's job or check is under; nil for most.
    private mutating func cover(of alert: Alert) -> BlackoutCover? {
        if blackouts.isEmpty { return nil }
        if let job = alert.job { return cover(of: job) }
        guard let check = CheckID(alertKey: alert.key) else { return nil }
        return blackouts.cover(labels: plan(of: check)?.definition.tags ?? [])
    }

    /// Blackouts or the rules of channels have changed: what was kept may leave, or waits for another end.
    mutating func reviewSilences(now: Timestamp) {
        let kept = silences.keys.sorted()
        silences = [:]
        for id in kept { standFirst(id, now: now) }
        pumpAll(now: now)
    }

    /// The job has other labels, or is gone.
    mutating func reviewSilences(of job: JobID, now: Timestamp) {
        review(now: now) { $0.job == job }
    }

    /// The check has other tags, or is gone.
    mutating func reviewSilences(of check: CheckID, now: Timestamp) {
        review(now: now) { CheckID(alertKey: $0.key) == check }
    }

    private mutating func review(now: Timestamp, where isMeant: (Alert) -> Bool) {
        if silences.isEmpty { return }
        let kept = silences.keys.filter { id in
            ledger.alerts.messages[id].flatMap { ledger.alerts.alerts[$0.alert] }.map(isMeant) ?? false
        }
        for id in kept.sorted() {
            silences[id] = nil
            standFirst(id, now: now)
        }
        pumpAll(now: now)
    }
}
