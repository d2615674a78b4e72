package import Cron
package import Domain
package import Journaling
package import Scheduling

/// Holds a folder's history against its jobs' schedules: `SlotAudit` over everything that is there.
package struct Verification: Sendable {
    /// The first record that was looked at; what is older has been removed.
    package var historyFrom: Sequence
    package var through: Sequence
    package var report: SlotAudit.Report

    /// - Parameters:
    ///   - window: slots outside of it are not judged.
    ///   - progress: the last record looked at, now and then.
    package static func run(
        _ inspection: Inspection,
        zones: ZoneDatabase,
        window: Range<Timestamp> = .distantPast..<(.distantFuture),
        progress: (Sequence) -> Void = { _ in }
    ) throws(JournalError) -> Verification {
        let base = try inspection.base()
        var audit = SlotAudit(base: base, zones: zones, window: window)
        var last = base.sequence
        try inspection.scan(from: base.sequence.next) { (entry, _) throws(JournalError) in
            audit.add(entry)
            last = entry.sequence
            if last.value.isMultiple(of: 65_536) { progress(last) }
            return .next
        }
        return Verification(historyFrom: base.sequence.next, through: last, report: audit.finish())
    }
}
