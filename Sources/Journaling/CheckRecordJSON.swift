internal import Domain
internal import Effects

// Records about checks, as `RecordJSON` shows them. What opens a way in, the address and the key, is masked.
extension Record {
    var checkMembers: [JSON.Member] {
        switch self {
        case .checkRegistered(let r):
            .present([
                ("scheduler", .count(r.scheduler)), ("address", .string("masked")),
                ("definition", checkJSON(r.definition)),
            ]) + r.standing.members
        case .checkRevised(let r): .present([("definition", checkJSON(r.definition))]) + r.standing.members
        case .checkResumed(let r): r.standing.members
        case .checkPinged(let r): r.members
        case .checkLapsed(let r):
            .present([
                ("lapse", .string(r.lapse.word)), ("since", .instant(r.since)),
                ("blackout", r.blackout.isEmpty ? nil : .string(r.blackout)),
            ]) + r.standing.members
        case .checkUnwatched(let r):
            .present([
                ("since", .instant(r.since)), ("until", .instant(r.until)),
                ("deadline", .instant(r.deadline)), ("expected", r.expected.map { .instant($0) }),
                ("forgets_starts", r.forgetsStarts ? .bool(true) : nil),
                ("told", r.isTold ? .bool(true) : nil),
            ])
        case .pingKeySet(let r): .present([("scheduler", .count(r.scheduler)), ("key", .string("masked"))])
        default: []
        }
    }
}

extension CheckPinged {
    fileprivate var members: [JSON.Member] {
        .present([
            ("ping", .string(ping.kind.word)), ("exit_code", ping.exitCode.map { .count($0) }),
            ("rid", ping.run.map { .string($0.text) }), ("method", .string(ping.method)),
            ("source", .string(ping.source)), ("body", bodyJSON),
            ("body_bytes", ping.bodyBytes == 0 ? nil : .count(ping.bodyBytes)),
            ("duration", duration.map { .string($0.text) }),
            ("previous", previous == .zero ? nil : .count(previous.value)),
        ]) + standing.members
    }

    /// Text where it is text; otherwise its hexadecimal digits.
    private var bodyJSON: JSON? {
        if ping.body.isEmpty { return nil }
        if let text = String(validating: ping.body, as: UTF8.self) { return .string(text) }
        return .object([JSON.Member("hex", .string(hexadecimal(ping.body)))])
    }
}

extension CheckStanding {
    fileprivate var members: [JSON.Member] {
        .present([
            ("status", .string(status.word)), ("failures", failures == 0 ? nil : .count(failures)),
            ("successes", successes == 0 ? nil : .count(successes)), ("expected", .instant(expected)),
            ("deadline", .instant(deadline)),
        ])
    }
}

/// What differs from the defaults.
private func checkJSON(_ packed: [UInt8]) -> JSON {
    guard let definition = try? CheckDefinition(packed: packed) else { return .null }
    let usual = CheckDefinition()
    func text(_ value: String) -> JSON? { value.isEmpty ? nil : .string(value) }
    func span(_ value: Span, _ other: Span) -> JSON? { value == other ? nil : .string(value.text) }
    func list(_ values: [String]) -> JSON? { values.isEmpty ? nil : .array(values.map { .string($0) }) }
    return .object(
        .present([
            ("name", text(definition.name)), ("slug", text(definition.slug)), ("tags", list(definition.tags)),
            ("schedule", list(definition.schedule)),
            ("zone", definition.zone == usual.zone ? nil : .string(definition.zone)),
            ("period", span(definition.period, usual.period)),
            ("grace", span(definition.grace, usual.grace)),
            ("max_runtime", span(definition.maxRuntime, usual.maxRuntime)),
            ("failures_to_open", definition.failuresToOpen == 1 ? nil : .count(definition.failuresToOpen)),
            (
                "successes_to_resolve",
                definition.successesToResolve == 1 ? nil : .count(definition.successesToResolve)
            ),
            ("alert_unusual", definition.watchesPace ? .bool(true) : nil),
            ("follows_check_ins", definition.followsCheckIns ? .bool(true) : nil),
        ])
    )
}
