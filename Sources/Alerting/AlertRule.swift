package import Domain

/// When a job's results open an alert, and when they resolve it: a function of what has just happened and of
/// what the ledger knows, without clock or channel.
package enum AlertRule {
    package enum Verdict: Sendable, Hashable {
        case nothing
        case open(AlertCause)
        case resolve
    }

    /// What counterparts and people know a job's alert by, within this store.
    package static func key(of job: JobID) -> String { "job/\(job)" }

    /// That a run takes too long is another thing than how runs end.
    package static func runtimeKey(of job: JobID) -> String { "job/\(job)/runtime" }

    /// - Parameters:
    ///   - result: what the job's run or slots ended with; already counted in `failures`.
    ///   - isGone: the target answered 410, which no number of further failures makes any clearer.
    ///   - failures: ends in a row that were no success, these included.
    ///   - after: how many of them it takes (`alert_after`); 0 opens none.
    ///   - successes: in a row since its alert is open, this one included.
    ///   - resolveAfter: how many of them it takes (`resolve_after`).
    ///   - isOpen: the job's alert is open already.
    package static func judge(
        _ result: SlotResult,
        isGone: Bool,
        failures: UInt32,
        after: UInt32,
        successes: UInt32 = 1,
        resolveAfter: UInt32 = 1,
        isOpen: Bool
    ) -> Verdict {
        if result == .ok { return isOpen && successes >= resolveAfter ? .resolve : .nothing }
        guard result.isFailure || result.isMissed, !isOpen, after > 0, isGone || failures >= after else {
            return .nothing
        }
        return .open(isGone ? .gone : cause(of: result))
    }

    private static func cause(of result: SlotResult) -> AlertCause {
        switch result {
        case .unknownHeld: .unknown
        case .limitExpired: .limitExpired
        case .missed, .missedWindow, .missedCap: .missed
        default: .failing
        }
    }
}

/// What an alert says, in the words of its cause.
package struct AlertText: Sendable, Hashable {
    /// One line: which job, and what about it.
    package let title: String
    /// The most important first.
    package let details: [String]

    /// - Parameters:
    ///   - name: the job's, or its number.
    ///   - failures: ends in a row that were no success.
    ///   - failure: of the last attempt, where there was one.
    package init(_ cause: AlertCause, name: String, failures: UInt32, failure: Failure?, status: UInt16) {
        let times = failures > 1 ? " \(failures) times in a row" : ""
        title =
            switch cause {
            case .failing: "\(name) failed\(times)"
            case .missed: "\(name) did not run when it should have"
            case .unknown: "\(name) is held: the outcome of its last call is unknown"
            case .limitExpired: "\(name) could not run: its target's limit left no place"
            case .gone: "\(name) is paused: its target answered 410 Gone"
            case .timedOut: "\(name) ran for longer than it may"
            case .unusual: "\(name) did not take its usual time"
            case .disconnected: "\(name) is not connected"
            case .unauthorized: "\(name) refuses our credentials"
            case .step, .unwatched: name
            }
        var lines: [String] = []
        if let failure {
            lines.append(failure.message)
            lines.append(failure.kind.nextStep)
        } else if cause == .missed {
            lines.append(
                failures == 1 ? "1 slot was missed" : "\(failures) slots in a row were missed or failed"
            )
        }
        // A failure by status says the status itself.
        if status != 0, failure?.kind != .status { lines.append("the answer's status was \(status)") }
        details = lines
    }
}
