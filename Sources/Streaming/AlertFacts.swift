internal import Domain

/// The members of an event about an alert or a message.
enum AlertFacts {
    static func of(_ record: Record) -> [JSON.Member] {
        switch record {
        case .alertOpened(let r):
            [
                JSON.Member("key", .string(r.key)), JSON.Member("severity", .string(r.severity.word)),
                JSON.Member("cause", .string(r.cause.word)), JSON.Member("title", .string(r.title)),
                JSON.Member("details", .array(r.details.map { .string($0) })),
            ]
        case .alertAcknowledged(let r): [id("alert", r.alert)]
        case .alertResolved(let r): [id("alert", r.alert), JSON.Member("end", .string(r.end.word))]
        case .messageIntended(let r):
            (r.alert == .zero ? [] : [id("alert", r.alert)]) + [
                JSON.Member("channel", .string(r.channel)), JSON.Member("kind", .string(r.kind.word)),
            ]
        case .messageDelivered(let r):
            attempt(r.message, r.report) + (r.isNeedless ? [JSON.Member("needless", .bool(true))] : [])
        case .messageFailed(let r):
            attempt(r.message, r.report) + [
                JSON.Member("reason", .string(r.reason)), JSON.Member("retry_at", r.retryAt.json),
            ]
        case .messageDead(let r):
            attempt(r.message, r.report) + [JSON.Member("reason", .string(r.reason))]
        case .messageResent(let r): [id("message", r.message)]
        case .messageDiscarded(let r): [id("message", r.message)]
        case .channelConfigured(let r):
            [
                JSON.Member("channel", .string(r.name)), JSON.Member("paused", .bool(r.isPaused)),
                JSON.Member("rules", r.rules.json),
            ]
        case .channelRemoved(let r): [JSON.Member("channel", .string(r.name))]
        case .channelMended(let r): [JSON.Member("channel", .string(r.name))]
        case .messagesGrouped(let r):
            [
                id("message", r.leader),
                JSON.Member("members", .array(r.members.map { .string("\($0)") })),
            ]
        default: []
        }
    }

    private static func id(_ name: String, _ sequence: Sequence) -> JSON.Member {
        JSON.Member(name, .string("\(sequence)"))
    }

    private static func attempt(_ message: MessageID, _ report: MessageReport) -> [JSON.Member] {
        [id("message", message), JSON.Member("attempt", .number(Int64(report.attempt)))]
    }
}
