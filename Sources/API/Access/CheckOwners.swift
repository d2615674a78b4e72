internal import Domain
internal import Engine
internal import Synchronization

/// Which scheduler a check belongs to, removed checks included: it never changes, so it is remembered.
final class CheckOwners: Sendable {
    private struct Known {
        var owners: [CheckID: UInt32] = [:]
        /// The engine was asked about all checks up to this one.
        var askedUpTo = CheckID(0)
        /// The journal was searched up to this record for those that the engine knows no more.
        var searchedUpTo = Sequence.zero

        mutating func note(_ check: CheckID, _ scheduler: UInt32) {
            if owners.count >= CheckOwners.rememberedMax { self = Known() }
            owners[check] = scheduler
        }
    }

    private static let rememberedMax = 200_000
    private let known = Mutex(Known())

    /// Asks for the checks that have come since the last time.
    func refresh(from engine: any EngineFace) async throws {
        let after = known.withLock { $0.askedUpTo }
        let owners = try await engine.checkOwners(after: after)
        guard let newest = owners.keys.max() else { return }
        known.withLock { known in
            for (check, scheduler) in owners { known.note(check, scheduler) }
            known.askedUpTo = max(known.askedUpTo, newest)
        }
    }

    /// The owner, as far as it is remembered.
    func known(_ check: CheckID) -> UInt32? { known.withLock { $0.owners[check] } }

    func note(_ check: CheckID, _ scheduler: UInt32) {
        known.withLock { $0.note(check, scheduler) }
    }

    /// The owner; nil when the check is removed and the journal no longer tells.
    func owner(of check: CheckID, in records: any RecordSource) throws -> UInt32? {
        let (found, searched) = known.withLock { ($0.owners[check], $0.searchedUpTo) }
        if found != nil { return found }
        var last = searched
        try records.scan(from: searched.next, job: nil) { entry in
            if case .checkRegistered(let record) = entry.record { note(record.check, record.scheduler) }
            last = entry.sequence
            return true
        }
        return known.withLock { known in
            known.searchedUpTo = last
            return known.owners[check]
        }
    }
}
