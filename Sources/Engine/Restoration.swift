package import Domain
package import Effects
package import Journaling
internal import Scheduling

/// What a folder that was put back to an earlier moment gets before it serves again.
package enum Restoration {
    /// Jobs settled in one frame.
    private static let jobsAtOnce = 1024

    /// Says that the folder was restored, and settles what lay between then and now: slots are
    /// `restored-over` instead of caught up, and calls that were out then are not repeated.
    /// - Returns: how many slots and runs were settled.
    package static func settle(
        _ recovered: Recovered,
        keys: KeyRing,
        entropy: any Entropy,
        settings: FlowSettings,
        now: Timestamp
    ) throws(JournalError) -> (slots: UInt64, runs: Int) {
        var flow = Flow(ledger: recovered.ledger, keys: keys, entropy: entropy, settings: settings)
        let ledger = flow.ledger
        for zone in ledger.zones.values { try? flow.plans.adopt(zone) }
        flow.write(.folderRestored(FolderRestored(sequence: ledger.sequence, time: ledger.lastTime)), now)
        flow.giveUpMessages(now: now)
        flow.giveUpPosts(now: now)
        var slots: UInt64 = 0
        for (count, job) in ledger.jobs.ids.enumerated() where ledger.jobs[job].state != .removed {
            if count.isMultiple(of: jobsAtOnce) { try flush(&flow, recovered.journal) }
            let before = flow.batch.count
            flow.settleQueued(job, as: .restoredOver, because: .restored, now: now)
            flow.cancelOpenRuns(of: job, as: .restoredOver, now: now)
            if ledger.jobs[job].state == .active {
                flow.settle(job, as: .restoredOver, because: .restored, now: now)
            }
            for entry in flow.batch[before...] {
                if case .slotsDecided(let record) = entry.record { slots += UInt64(record.count) }
            }
        }
        try flush(&flow, recovered.journal)
        return (slots, ledger.openRuns.count)
    }

    private static func flush(_ flow: inout Flow, _ journal: Journal) throws(JournalError) {
        if !flow.batch.isEmpty { _ = try flow.frame(in: journal) }
        _ = try journal.flush()
        journal.prepareNextSegment()
    }

    /// Makes a fork: the same state under an identity of its own, so that its calls carry other keys.
    package static func fork(_ recovered: Recovered, entropy: any Entropy, now: Timestamp)
        throws(JournalError)
        -> Ledger
    {
        var ledger = recovered.ledger
        let founded = Record.folderFounded(
            FolderFounded(
                storeID: entropy.bytes(16),
                zoneVersion: ledger.zones.values.map(\.version).max() ?? "",
                keyID: ledger.keyID
            )
        )
        let placed = try recovered.journal.append { (builder: inout FrameBuilder) throws(JournalError) in
            builder.append(founded, time: now, account: 0, visibility: founded.visibility)
        }
        do throws(LedgerError) {
            try ledger.apply(placed.entry, at: placed.position)
        } catch {
            throw .ledger(error)
        }
        _ = try recovered.journal.flush()
        return ledger
    }
}
