internal import Domain
internal import Journaling

// Where the flow's records meet the journal.
extension Flow {
    /// Hands the records of this step to the journal as one group, notes where each landed, and forgets them.
    /// - Returns: how many they were.
    mutating func frame(in journal: Journal) throws(JournalError) -> Int {
        defer { batch.removeAll(keepingCapacity: true) }
        try journal.append { (builder: inout FrameBuilder) throws(JournalError) in
            for entry in batch {
                let job = entry.record.job
                let position = builder.append(
                    entry.record,
                    time: entry.time,
                    account: entry.account,
                    visibility: entry.visibility,
                    previous: job.map { ledger.jobs[$0].newest } ?? .none
                ).position
                if let job { ledger.chain(job, at: position) }
            }
        }
        return batch.count
    }
}
