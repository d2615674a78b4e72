/// What the ledger knows of runs that streams started, and of outages that may start one. Empty for whoever
/// has no triggers.
package struct ReactionTable: Sendable, Equatable {
    /// Why open runs began.
    package private(set) var causes: [RunID: RunCause] = [:]
    /// By job and stream.
    package private(set) var outages: [JobID: [String: OutageState]] = [:]

    package init() {}

    package init(causes: [RunID: RunCause], outages: [JobID: [String: OutageState]]) {
        self.causes = causes
        self.outages = outages
    }

    mutating func apply(_ record: ReactionRecord) {
        switch record {
        case .outageNoted(let r): outages[r.job, default: [:]][r.source, default: OutageState()].noted = r
        case .outageSpared(let r): outages[r.job]?[r.source]?.noted = nil
        case .triggerRefused: break
        }
    }

    mutating func opened(_ run: RunID, of job: JobID, because cause: RunCause) {
        causes[run] = cause
        let happening = cause.happening
        guard happening.kind == .open || happening.kind == .close else { return }
        var state = outages[job, default: [:]][happening.source] ?? OutageState()
        if happening.kind == .close {
            state.told = happening.outage
            state.isOutstanding = true
            state.noted = nil
        } else {
            state.isOutstanding = false
            state.hasOpened = true
        }
        outages[job, default: [:]][happening.source] = state
    }

    mutating func closed(_ run: RunID) { causes[run] = nil }

    mutating func forget(_ job: JobID) { outages[job] = nil }
}

/// How a job stands towards one stream's outages.
package struct OutageState: Sendable, Equatable {
    /// Waits for its time.
    package var noted: OutageNoted?
    /// The last outage that started a run.
    package var told: UInt64?
    /// A run was started for a close, and none since for an open.
    package var isOutstanding = false
    /// A run was started for an open at some time.
    package var hasOpened = false

    package init() {}
}
