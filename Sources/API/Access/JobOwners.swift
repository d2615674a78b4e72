internal import Domain
internal import Synchronization

/// Which scheduler a job belongs to, removed jobs included: it never changes, so it is remembered.
final class JobOwners: Sendable {
    private static let rememberedMax = 100_000
    private let owners = Mutex<[JobID: UInt32]>([:])

    /// The owner; nil when the journal no longer tells.
    func owner(of job: JobID, in records: any RecordSource) throws -> UInt32? {
        if let known = owners.withLock({ $0[job] }) { return known }
        var found: UInt32?
        try records.scan(from: Sequence(1), job: job) { entry in
            if case .jobRegistered(let record) = entry.record { found = record.scheduler }
            return found == nil
        }
        if let found { note(job, found) }
        return found
    }

    /// The owner, as far as it is remembered.
    func known(_ job: JobID) -> UInt32? { owners.withLock { $0[job] } }

    func note(_ job: JobID, _ scheduler: UInt32) {
        owners.withLock { owners in
            if owners.count >= Self.rememberedMax { owners.removeAll() }
            owners[job] = scheduler
        }
    }
}
