internal import Domain

// Records about alerts and messages, as `RecordJSON` shows them.
extension Record {
    var alertMembers: [JSON.Member] {
        switch self {
        case .alertOpened(let r):
            .present([
                ("key", .string(r.key)), ("severity", .string(r.severity.word)),
                ("cause", .string(r.cause.word)), ("title", .string(r.title)),
                ("details", .array(r.details.map { .string($0) })), ("name", .string(r.jobName)),
            ])
        case .alertAcknowledged(let r): .present([("alert", .count(r.alert.value))])
        case .alertResolved(let r):
            .present([("alert", .count(r.alert.value)), ("end", .string(r.end.word))])
        case .messageIntended(let r):
            .present([
                ("alert", r.alert == .zero ? nil : .count(r.alert.value)), ("channel", .string(r.channel)),
                ("message_kind", .string(r.kind.word)), ("not_before", r.notBefore.map { .instant($0) }),
                ("run", r.letter.map { .count($0.run.value) }), ("step", r.letter.map { .count($0.step) }),
                ("line", r.letter.map { .string($0.line) }),
                ("content", r.letter.map { $0.content.masked }),
                ("check", r.check.map { .count($0.number) }),
            ])
        case .messageDelivered(let r):
            .present([("message", .count(r.message.value))]) + r.report.members
                + .present([("needless", r.isNeedless ? .bool(true) : nil)])
        case .messageFailed(let r):
            .present([("message", .count(r.message.value))]) + r.report.members
                + .present([
                    ("reason", .string(r.reason)), ("retry_at", .instant(r.retryAt)),
                    ("begins_patience", r.beginsPatience ? .bool(true) : nil),
                ])
        case .messageDead(let r):
            .present([("message", .count(r.message.value))]) + r.report.members
                + .present([("reason", .string(r.reason)), ("broken", r.isBroken ? .bool(true) : nil)])
        case .messageResent(let r): .present([("message", .count(r.message.value))])
        case .messageDiscarded(let r): .present([("message", .count(r.message.value))])
        default: []
        }
    }
}

extension MessageReport {
    fileprivate var members: [JSON.Member] {
        let facts = remember.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        let rests = limits.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .instant($0.value)) }
        return .present([
            ("attempt", .count(attempt)),
            ("remember", facts.isEmpty ? nil : .object(facts)),
            ("limits", rests.isEmpty ? nil : .object(rests)),
        ])
    }
}
