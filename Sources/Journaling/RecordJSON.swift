internal import Cron
package import Domain
internal import Effects

/// A record as people read it: one JSON object a line in `journal dump`. The same journal gives the same
/// bytes.
///
/// Kinds are camelCase, fields snake_case, words kebab-case, instants RFC 3339 in UTC, "never" null. Sealed
/// bytes and password hashes are masked; the rest of a definition shows what differs from the defaults.
extension Entry {
    package var json: JSON {
        var members = [
            JSON.Member("sequence", .count(sequence.value)),
            JSON.Member("time", .instant(time)),
            JSON.Member("account", .count(account)),
            JSON.Member("visibility", .string(String(describing: visibility))),
            JSON.Member("kind", .string(record.name)),
        ]
        if let job = record.job { members.append(JSON.Member("job", .count(job.number))) }
        if let check = record.check { members.append(JSON.Member("check", .count(check.number))) }
        return .object(members + record.members)
    }
}

extension Record {
    fileprivate var members: [JSON.Member] {
        switch self {
        case .folderFounded(let r):
            .present([
                ("store_id", .string(hexadecimal(r.storeID))), ("zone_version", .string(r.zoneVersion)),
                ("key_id", .keyID(r.keyID)),
            ])
        case .schedulerRegistered(let r):
            .present([
                ("scheduler", .count(r.number)), ("owner", .count(r.account)), ("name", .string(r.name)),
                ("username", .string(r.username)), ("password", .string("masked")),
            ])
        case .schedulerRemoved(let r): .present([("scheduler", .count(r.number))])
        case .zoneAdopted(let r):
            .present([
                ("name", .string(r.name)), ("version", .string(r.version)), ("bytes", .count(r.bytes.count)),
                ("crc32c", .string(hexadecimal(checksum(r.bytes, 0..<r.bytes.count)))),
            ])
        case .jobRegistered(let r):
            .present([
                ("scheduler", .count(r.scheduler)), ("definition", definitionJSON(r.definition)),
                ("cursor", .instant(r.cursor)), ("next", .instant(r.next)),
            ])
        case .jobRevised(let r):
            .present([
                ("revision", .count(r.revision)), ("definition", definitionJSON(r.definition)),
                ("cursor", .instant(r.cursor)), ("next", .instant(r.next)),
            ])
        case .jobRemoved, .jobFinished: []
        case .jobPaused(let r):
            .present([
                ("since", .instant(r.since)), ("until", r.until.map { .instant($0) }),
                ("reason", .string(r.reason)),
            ])
        case .jobResumed(let r): .present([("next", .instant(r.next))])
        case .slotDecided, .slotsDecided, .slotQueued: decisionMembers
        case .runOpened(let r):
            .present([
                ("revision", .count(r.revision)), ("trigger", .string(r.trigger.word)),
                ("scheduled_at", .instant(r.scheduledAt)), ("slot", r.slot?.json),
                ("cause", r.cause?.json),
            ])
        case .attemptFailed(let r):
            .present([("run", .count(r.run.value)), ("retry_at", .instant(r.retryAt))]) + r.report.members
        case .attemptIntended(let r): .present([("run", .count(r.run.value)), ("n", .count(r.n))])
        case .runClosed(let r):
            .present([("run", .count(r.run.value)), ("result", .string(r.result.word))]) + r.report.members
                + .present([
                    ("steps", r.steps.isEmpty ? nil : .array(r.steps.map(\.json))),
                    ("depth", r.depth == 0 ? nil : .count(r.depth)),
                ])
        case .runAwaited(let r):
            .present([("run", .count(r.run.value)), ("until", .instant(r.until))]) + r.report.members
        case .jobFellBehind(let r):
            .present([
                ("skips", .count(r.skips)), ("p50", .string(r.p50.text)), ("p95", .string(r.p95.text)),
                ("period", .string(r.period.text)),
            ])
        case .alertOpened, .alertAcknowledged, .alertResolved, .messageIntended, .messageDelivered,
            .messageFailed, .messageDead, .messageResent, .messageDiscarded:
            alertMembers
        case .checkRegistered, .checkRevised, .checkRemoved, .checkPaused, .checkResumed, .checkPinged,
            .checkLapsed, .checkUnwatched, .pingKeySet:
            checkMembers
        case .channelConfigured, .channelRemoved, .channelMended, .messagesGrouped: channelMembers
        case .blackoutSet(let r): r.members
        case .blackoutRemoved(let r): [JSON.Member("name", .string(r.name))]
        case .account(let r): r.members
        case .source(let r): r.members
        case .reaction(let r): r.members
        case .token(let r): r.members
        case .serverAttended: []
        case .folderRestored(let r):
            .present([("to_sequence", .count(r.sequence.value)), ("to_time", .instant(r.time))])
        case .clockStepped(let r): .present([("from", .instant(r.from)), ("to", .instant(r.to))])
        }
    }

    private var decisionMembers: [JSON.Member] {
        switch self {
        case .slotDecided(let r):
            .present([
                ("revision", .count(r.revision)), ("slot", r.slot.json), ("reason", .string(r.reason.word)),
                ("cursor", .instant(r.cursor)), ("next", .instant(r.next)),
            ])
        case .slotQueued(let r):
            .present([
                ("revision", .count(r.revision)), ("slot", r.slot.json), ("cursor", .instant(r.cursor)),
                ("next", .instant(r.next)),
            ])
        case .slotsDecided(let r):
            .present([
                ("revision", .count(r.revision)), ("first", r.first.json), ("last", r.last.json),
                ("count", .count(r.count)), ("result", .string(r.result.word)),
                ("reason", .string(r.reason.word)),
                ("into", r.into?.json), ("blackout", r.blackout.map { .string($0) }),
                ("cursor", .instant(r.cursor)), ("next", .instant(r.next)),
            ])
        default: []
        }
    }
}

extension Slot {
    fileprivate var json: JSON {
        .object(
            .present([
                ("line", .count(line)), ("instant", .instant(instant)), ("local", .string(local.text)),
                ("fold", .count(fold)),
            ])
        )
    }
}

extension AttemptReport {
    fileprivate var members: [JSON.Member] {
        .present([
            ("n", .count(n)),
            ("status", status == 0 ? nil : .count(status)),
            ("failure", failure.map { .string($0.kind.word) }),
            ("message", failure.map { .string($0.message) }),
            ("address", address.isEmpty ? nil : .string(address)),
            ("timings_us", timings.json),
            ("body", bodyJSON),
            ("truncated", isTruncated ? .bool(true) : nil),
        ])
    }

    /// Text where it is text; otherwise its hexadecimal digits.
    private var bodyJSON: JSON? {
        if body.isEmpty { return nil }
        if let text = String(validating: body, as: UTF8.self) { return .string(text) }
        return .object([JSON.Member("hex", .string(hexadecimal(body)))])
    }
}

extension Timings {
    fileprivate var json: JSON? {
        if self == Timings() { return nil }
        return .object(
            .present([
                ("name", .count(name)), ("connect", .count(connect)), ("tls", .count(tls)),
                ("first_byte", .count(firstByte)), ("total", .count(total)),
            ])
        )
    }
}

extension [JSON.Member] {
    /// In the given order, without those that have no value.
    static func present(_ members: [(String, JSON?)]) -> [JSON.Member] {
        members.compactMap { key, value in value.map { JSON.Member(key, $0) } }
    }
}

extension JSON {
    static func count(_ value: some BinaryInteger) -> JSON { .number(Int64(clamping: value)) }

    static func keyID(_ id: UInt32) -> JSON { .string(hexadecimal(id)) }

    /// RFC 3339 in UTC, with as much of a fraction as there is; null for never and for the distant past.
    static func instant(_ time: Timestamp) -> JSON {
        if time == .distantFuture || time == .distantPast { return .null }
        let text = LocalDateTime(seconds: time.seconds).text
        let fraction = time.microseconds &- time.wholeSecond.microseconds
        if fraction == 0 { return .string(text + "Z") }
        let digits = String(fraction)
        return .string("\(text).\(String(repeating: "0", count: 6 - digits.count))\(digits)Z")
    }
}

/// Eight digits.
func hexadecimal(_ word: UInt32) -> String {
    hexadecimal([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) })
}
