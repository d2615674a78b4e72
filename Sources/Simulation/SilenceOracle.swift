internal import Domain

/// Works out from the records when nobody may be told of what: blackouts of an alert's job or check, and
/// quiet hours of a channel. Shares nothing with the engine but the records.
struct SilenceOracle: Sendable {
    /// What is said, and since when.
    private struct Said<Value: Sendable>: Sendable {
        var value: Value
        var since: Timestamp
    }

    private struct Message: Sendable {
        var channel: String
        /// nil for a success, which heeds quiet hours alone.
        var alert: AlertID?
        var severity = AlertSeverity.info
    }

    private var messages: [MessageID: Message] = [:]
    private var severities: [AlertID: AlertSeverity] = [:]
    private var jobs: [AlertID: JobID] = [:]
    private var checks: [AlertID: CheckID] = [:]
    private var labels: [JobID: Said<[String]>] = [:]
    private var tags: [CheckID: Said<[String]>] = [:]
    private var quiet: [String: Said<QuietHours?>] = [:]
    private var blackouts = BlackoutBook()

    mutating func take(_ entry: Entry) throws {
        blackouts.take(entry)
        switch entry.record {
        case .jobRegistered(let r): try set(r.job, labels: r.definition, entry)
        case .jobRevised(let r): try set(r.job, labels: r.definition, entry)
        case .jobRemoved(let r): labels[r.job] = Said(value: [], since: entry.time)
        case .checkRegistered(let r): try set(r.check, tags: r.definition, entry)
        case .checkRevised(let r): try set(r.check, tags: r.definition, entry)
        case .checkRemoved(let r): tags[r.check] = Said(value: [], since: entry.time)
        case .channelConfigured(let r): quiet[r.name] = Said(value: r.rules.quiet, since: entry.time)
        case .alertOpened(let r):
            severities[entry.sequence] = r.severity
            jobs[entry.sequence] = r.job
            checks[entry.sequence] = CheckID(alertKey: r.key)
        case .messageIntended(let r) where r.kind == .success:
            messages[entry.sequence] = Message(channel: r.channel)
        case .messageIntended(let r) where r.alert != .zero:
            let severity = severities[r.alert] ?? .info
            messages[entry.sequence] = Message(channel: r.channel, alert: r.alert, severity: severity)
        default: break
        }
    }

    private mutating func set(_ job: JobID, labels packed: [UInt8], _ entry: Entry) throws {
        labels[job] = Said(value: try JobDefinition(packed: packed).labels, since: entry.time)
    }

    private mutating func set(_ check: CheckID, tags packed: [UInt8], _ entry: Entry) throws {
        tags[check] = Said(value: try CheckDefinition(packed: packed).tags, since: entry.time)
    }

    /// One thing keeps the message all the time, and was known to before that.
    func isSilent(_ id: MessageID, from first: Timestamp, through last: Timestamp) -> Bool {
        guard let message = messages[id] else { return false }
        if let labels = labels(of: message), labels.since <= first,
            blackouts.covers(from: first, through: last, labels: labels.value)
        {
            return true
        }
        guard let quiet = quiet[message.channel], quiet.since <= first else { return false }
        return minutes(first, last).allSatisfy { Self.isQuiet($0, quiet.value, message.severity) }
    }

    /// Something keeps the message at some of the time.
    func mayBeSilent(_ id: MessageID, from first: Timestamp, through last: Timestamp) -> Bool {
        guard let message = messages[id] else { return false }
        if let labels = labels(of: message),
            blackouts.touches(from: first, through: last, labels: labels.value)
        {
            return true
        }
        let quiet = quiet[message.channel]?.value
        return minutes(first, last).contains { Self.isQuiet($0, quiet, message.severity) }
    }

    private func labels(of message: Message) -> Said<[String]>? {
        guard let alert = message.alert else { return nil }
        return jobs[alert].flatMap { labels[$0] } ?? checks[alert].flatMap { tags[$0] }
    }

    private func minutes(_ first: Timestamp, _ last: Timestamp) -> ClosedRange<Int64> {
        first.seconds / 60...last.seconds / 60
    }

    /// Quiet hours here are in UTC.
    private static func isQuiet(_ minute: Int64, _ quiet: QuietHours?, _ severity: AlertSeverity) -> Bool {
        guard let quiet, !(quiet.criticalPasses && severity == .critical) else { return false }
        let ofDay = minute % 1440
        return quiet.from < quiet.to
            ? ofDay >= quiet.from && ofDay < quiet.to : ofDay >= quiet.from || ofDay < quiet.to
    }
}
