package import Domain

/// A committed record as the outside sees it: the versioned projection of records into public JSON.
///
/// `seq` grows but has gaps for a subscriber: internal records, and those of other accounts, are not shown.
/// Nothing that is sealed in a record appears here in any form.
package struct EventView: Sendable, Hashable {
    /// Grows when a field changes its meaning or goes; new fields do not count.
    package static let version = 1

    package let sequence: Sequence
    package let type: EventType
    package let time: Timestamp
    package let visibility: Visibility
    package let account: UInt32
    package let job: JobID?
    package let check: CheckID?
    /// The run this opened, moved on or closed.
    package let run: RunID?
    /// What is particular to the type.
    package let facts: [JSON.Member]

    package init(_ entry: Entry) {
        sequence = entry.sequence
        type = EventType(entry.record)
        time = entry.time
        visibility = entry.visibility
        account = entry.account
        job = entry.record.job
        check = entry.record.check ?? entry.record.checkOfOpenedAlert
        run =
            switch entry.record {
            case .slotDecided, .runOpened: entry.sequence
            case .attemptFailed(let record): record.run
            case .attemptIntended(let record): record.run
            case .runClosed(let record): record.run
            case .runAwaited(let record): record.run
            default: nil
            }
        facts = EventFacts.of(entry.record)
    }

    /// Whether one who is not the operator may see it, provided that the job is theirs.
    package var isForAccounts: Bool { visibility == .account }

    package var json: JSON {
        var members = [
            JSON.Member("seq", .number(Int64(clamping: sequence.value))),
            JSON.Member("type", .string(type.rawValue)),
            JSON.Member("time", time.json),
        ]
        if let job { members.append(JSON.Member("job", .string("\(job)"))) }
        if let check { members.append(JSON.Member("check", .string("\(check)"))) }
        if let run { members.append(JSON.Member("run", .string("\(run)"))) }
        return .object(members + facts)
    }
}
