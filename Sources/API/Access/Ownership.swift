internal import Domain
internal import Engine

/// Whose a record is: that of its job's scheduler, or of its check's.
struct Ownership: Sendable {
    let jobs: JobOwners
    let checks: CheckOwners

    /// The scheduler; nil where there is none, or the journal no longer tells.
    func owner(of record: Record, in records: any RecordSource) throws -> UInt32? {
        switch record {
        case .jobRegistered(let r): jobs.note(r.job, r.scheduler)
        case .checkRegistered(let r): checks.note(r.check, r.scheduler)
        case .pingKeySet(let r): return r.scheduler
        default: break
        }
        if let job = record.job { return try jobs.owner(of: job, in: records) }
        if let check = record.check ?? record.checkOfOpenedAlert {
            return try checks.owner(of: check, in: records)
        }
        // What became of a check's alert names the alert alone.
        guard let alert = record.alertMoved, let opened = try records.find(alert)?.record,
            let check = opened.checkOfOpenedAlert
        else { return nil }
        return try checks.owner(of: check, in: records)
    }
}

extension Record {
    /// The alert that was acknowledged or resolved.
    fileprivate var alertMoved: Sequence? {
        switch self {
        case .alertAcknowledged(let r): r.alert
        case .alertResolved(let r): r.alert
        default: nil
        }
    }
}

extension Site {
    /// Whose job or check each of these alerts is about, in their order; nil for those whose check is gone.
    func owners(of alerts: [AlertOpened]) async throws -> [UInt32?] {
        let jobs = try await engine.owners(of: alerts.compactMap(\.job))
        if alerts.contains(where: { $0.job == nil }) { try await checkOwners.refresh(from: engine) }
        return alerts.map { alert in
            alert.job.map { jobs[$0] } ?? CheckID(alertKey: alert.key).flatMap { checkOwners.known($0) }
        }
    }

    /// Who owns what, as far as this caller needs to know: the operator sees everything.
    func ownership(for caller: Caller) async throws -> Ownership {
        if case .scheduler = caller { try await checkOwners.refresh(from: engine) }
        return Ownership(jobs: owners, checks: checkOwners)
    }
}
