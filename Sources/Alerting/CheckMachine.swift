internal import Cron
package import Domain

/// How a check goes on: from a ping, or from a deadline that passed, to the record that says so and to what
/// that means for its alert. Pure: the schedule is asked through `next`, and the time is told.
///
/// A start, a success and a failure are all signs of life: they move what is expected. Silence is judged
/// once; a check that is down expects nothing until it hears something, so that a day of silence is one
/// record and not a thousand.
package enum CheckMachine {
    package enum Verdict: Sendable, Hashable {
        case nothing
        /// Said of every bad end while the check is down: whoever opens alerts knows whether one is open
        /// still, or was resolved by hand before the check was well, and then the next bad end opens another.
        case open(AlertCause)
        case resolve
    }

    /// What counterparts and people know a check's alert by, within this store.
    package static func key(of check: CheckID) -> String { "check/\(check)" }

    /// Where a new, changed or resumed check begins.
    /// - Parameter expected: the first instant by which a ping is wanted.
    package static func begin(_ definition: CheckDefinition, expected: Timestamp) -> CheckStanding {
        var standing = CheckStanding()
        standing.expected = expected
        standing.deadline = deadline(standing, [], definition)
        return standing
    }

    /// A changed definition: what has happened stays, what is awaited is worked out anew.
    package static func revise(
        _ entry: CheckEntry,
        _ definition: CheckDefinition,
        expected: Timestamp
    ) -> CheckStanding {
        var standing = entry.standing
        if standing.expected != .distantFuture { standing.expected = expected }
        standing.deadline = deadline(standing, entry.starts, definition)
        return standing
    }

    /// - Parameter said: what the sender says that its run took; its own start, where one was heard, is
    ///     better known.
    /// - Parameter next: the first instant after now by which a ping is wanted.
    package static func take(
        _ ping: Ping,
        _ id: CheckID,
        _ entry: CheckEntry,
        _ definition: CheckDefinition,
        lasting said: Span? = nil,
        now: Timestamp,
        next: () -> Timestamp
    ) -> (CheckPinged, Verdict) {
        var after = entry
        let duration = after.match(ping, at: now) ?? said
        var standing = entry.standing
        // A ping ends a pause; so it does at Healthchecks.
        if entry.isPaused, ping.kind != .log { standing.expected = next() }
        switch ping.kind {
        case .log, .start: break
        case .success:
            standing.good(definition)
            standing.expected = next()
        case .fail:
            standing.bad(definition)
            standing.expected = next()
        }
        if ping.kind != .log { standing.deadline = deadline(standing, after.starts, definition) }
        let record = CheckPinged(
            check: id,
            ping: ping,
            duration: duration,
            standing: standing,
            previous: entry.recent.last?.sequence ?? .zero
        )
        let cause: AlertCause? = ping.kind == .fail ? .failing : nil
        return (record, verdict(from: entry.standing, to: standing, cause))
    }

    /// The blackout that an expected instant lies in, and what is expected when it is over.
    package struct Exclusion: Sendable {
        package var blackout: String
        package var next: Timestamp

        package init(blackout: String, next: Timestamp) {
            self.blackout = blackout
            self.next = next
        }
    }

    /// What a deadline means; nil when it has not passed.
    /// - Parameter exclusion: of the expected instant; nil outside of blackouts.
    package static func lapse(
        _ id: CheckID,
        _ entry: CheckEntry,
        _ definition: CheckDefinition,
        now: Timestamp,
        exclusion: (Timestamp) -> Exclusion? = { _ in nil },
        next: () -> Timestamp
    ) -> (CheckLapsed, Verdict)? {
        guard entry.standing.deadline <= now, !entry.isPaused else { return nil }
        let oldest = entry.starts.map(\.since).min()
        if oldest == nil, let exclusion = exclusion(entry.standing.expected) {
            return (leaveOut(id, entry, definition, exclusion), .nothing)
        }
        let lapse: CheckLapse = oldest == nil ? .missed : .timedOut
        let since = oldest ?? entry.standing.expected
        let starts = entry.starts.filter { $0.since > since }
        var standing = entry.standing
        standing.bad(definition)
        if standing.status == .down {
            standing.expected = .distantFuture
        } else if standing.expected <= now {
            standing.expected = next()
        }
        standing.deadline = deadline(standing, starts, definition)
        let record = CheckLapsed(check: id, lapse: lapse, since: since, standing: standing)
        let cause: AlertCause = lapse == .missed ? .missed : .timedOut
        return (record, verdict(from: entry.standing, to: standing, cause))
    }

    /// What was expected lay in a blackout.
    package static func leaveOut(
        _ id: CheckID,
        _ entry: CheckEntry,
        _ definition: CheckDefinition,
        _ exclusion: Exclusion
    ) -> CheckLapsed {
        var standing = entry.standing
        standing.expected = exclusion.next
        standing.deadline = deadline(standing, [], definition)
        return CheckLapsed(
            check: id,
            lapse: .excluded,
            since: entry.standing.expected,
            standing: standing,
            blackout: exclusion.blackout
        )
    }

    /// Whoever is not judged again within so long after a gap is spoken of at once.
    package static let untoldMax = Span.hours(1)

    /// What an interruption of our own means; nil for a check that expected nothing in it.
    ///
    /// A ping that was to come while nobody listened may have come in vain: it is not waited for any longer,
    /// and the next one is. So it is with a run that had to end in that time. A check that was late before
    /// gets its grace once more.
    /// - Parameter next: the first instant after now by which a ping is wanted.
    package static func unwatched(
        _ id: CheckID,
        _ entry: CheckEntry,
        _ definition: CheckDefinition,
        since: Timestamp,
        until now: Timestamp,
        next: () -> Timestamp
    ) -> CheckUnwatched? {
        let isRunning = !entry.starts.isEmpty
        let awaited = isRunning ? entry.standing.deadline : entry.standing.expected
        guard !entry.isPaused, awaited <= now else { return nil }
        if awaited <= since {
            let deadline = now + definition.grace
            guard entry.standing.deadline < deadline else { return nil }
            return CheckUnwatched(check: id, since: since, until: now, deadline: deadline)
        }
        var standing = entry.standing
        if standing.expected <= now { standing.expected = next() }
        let deadline = deadline(standing, [], definition)
        return CheckUnwatched(
            check: id,
            since: since,
            until: now,
            deadline: deadline,
            expected: standing.expected,
            forgetsStarts: isRunning,
            isTold: deadline == .distantFuture || deadline - now > untoldMax
        )
    }

    /// When silence is judged: the longest runtime after the oldest open start, or else the grace after the
    /// expected instant.
    private static func deadline(
        _ standing: CheckStanding,
        _ starts: [OpenStart],
        _ definition: CheckDefinition
    ) -> Timestamp {
        if let oldest = starts.map(\.since).min() { return oldest + definition.runtimeMax }
        return standing.expected == .distantFuture ? .distantFuture : standing.expected + definition.grace
    }

    /// - Parameter bad: why, where it was a bad end.
    private static func verdict(
        from old: CheckStanding,
        to new: CheckStanding,
        _ bad: AlertCause?
    ) -> Verdict {
        if new.status == .down { return bad.map { .open($0) } ?? .nothing }
        return old.status == .down ? .resolve : .nothing
    }
}

extension CheckStanding {
    fileprivate mutating func good(_ definition: CheckDefinition) {
        failures = 0
        if successes < .max { successes += 1 }
        if status != .down || successes >= definition.successesToResolve { status = .up }
    }

    fileprivate mutating func bad(_ definition: CheckDefinition) {
        successes = 0
        if failures < .max { failures += 1 }
        if failures >= definition.failuresToOpen { status = .down }
    }
}

/// What a check's alert says.
package struct CheckText: Sendable, Hashable {
    package let title: String
    /// The most important first.
    package let details: [String]

    /// - Parameters:
    ///   - since: the expected instant or the start, as text; nil for a failure.
    ///   - ping: the failure that was reported, where one was.
    ///   - gap: a time without anybody to hear a ping, as text.
    package init(
        _ cause: AlertCause,
        name: String,
        failures: UInt32,
        since: String?,
        ping: Ping?,
        gap: (since: String, until: String)?
    ) {
        let times = failures > 1 ? " \(failures) times in a row" : ""
        title =
            switch cause {
            case .missed: "\(name) was not heard from in time"
            case .timedOut: "\(name) began and did not end in time"
            default: "\(name) reported a failure\(times)"
            }
        var lines: [String] = []
        if let code = ping?.exitCode { lines.append("exit code \(code)") }
        if let since {
            lines.append(cause == .timedOut ? "it began at \(since)" : "it was expected by \(since)")
        }
        if cause == .missed || cause == .timedOut, failures > 1 {
            lines.append("\(failures) bad ends in a row")
        }
        if let gap {
            lines.append(
                "Chronatog itself was not running from \(gap.since) to \(gap.until); a ping may be lost"
            )
        }
        if let body = ping?.body, !body.isEmpty {
            let text = String(decoding: body.prefix(Self.bodyBytesShown), as: UTF8.self)
            lines.append(text)
        }
        details = lines
    }

    /// Of a ping's body; the whole of what is kept is in the list of pings.
    private static let bodyBytesShown = 500
}

/// What an alert says of a time in which Chronatog did not listen.
package struct AbsenceText: Sendable, Hashable {
    /// There is one such alert at a time.
    package static let key = "server/unwatched"
    package static let name = "Chronatog"

    package let title: String
    package let details: [String]

    /// Checks that are named; the rest are counted.
    private static let namedMax = 10

    /// - Parameters:
    ///   - isWhole: it was one time; otherwise several, from the first to the last.
    ///   - checks: each by its name, with the next instant by which it is expected.
    package init(
        since: Timestamp,
        until: Timestamp,
        isWhole: Bool,
        checks: [(name: String, expected: Timestamp)]
    ) {
        let count = checks.count
        let who = count == 1 ? "a check" : "\(count) checks"
        let when = "\(isWhole ? "" : "at times ")from \(since.text) to \(until.text)"
        title = "Chronatog was not listening \(when), when \(who) may have pinged"
        var lines = checks.prefix(Self.namedMax).map { check in
            check.expected == .distantFuture
                ? "\(check.name): nothing is expected any more"
                : "\(check.name): not heard from; expected next by \(check.expected.text)"
        }
        if count > Self.namedMax { lines.append("and \(count - Self.namedMax) more") }
        details = lines
    }
}

extension Timestamp {
    /// RFC 3339, to the second.
    fileprivate var text: String { Instant(seconds: seconds).rfc3339 }
}
