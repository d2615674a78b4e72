/// A check's number: dense from 1, never reused, and what the API writes in decimal. Not what its ping URL
/// says: that one is not to be guessed.
package struct CheckID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var number: UInt32
    package init(_ number: UInt32) { self.number = number }
    package static func < (a: CheckID, b: CheckID) -> Bool { a.number < b.number }
    package var description: String { String(number) }

    /// The check that an alert's key names (`check/3`, `check/3/rate`); nil for a job's.
    package init?(alertKey key: String) {
        let parts = key.split(separator: "/")
        guard parts.count > 1, parts[0] == "check", let number = UInt32(parts[1]) else { return nil }
        self.number = number
    }
}

/// What a ping says.
package enum PingKind: UInt8, Sendable, CaseIterable {
    case success = 1
    case start = 2
    case fail = 3
    /// To be kept with the others; it changes nothing.
    case log = 4

    package var word: String {
        switch self {
        case .success: "success"
        case .start: "start"
        case .fail: "fail"
        case .log: "log"
        }
    }
}

/// A signal from outside: who sent it, what it says, and what came with it.
package struct Ping: Sendable, Hashable {
    package var kind: PingKind
    /// The process's, where the URL ended in one; 0 is a success and all others are failures.
    package var exitCode: UInt8?
    /// Names the run, so that an end is matched with its own start.
    package var run: UniqueID?
    package var method = ""
    /// The address it came from; empty when unknown.
    package var source = ""
    /// What is kept of the body: its first `bodyBytesMax` bytes.
    package var body: [UInt8] = []
    /// Bytes of the whole body.
    package var bodyBytes: UInt64 = 0

    /// What Healthchecks keeps unless told otherwise.
    package static let bodyBytesMax = 10_000

    package init(_ kind: PingKind, exitCode: UInt8? = nil, run: UniqueID? = nil) {
        self.kind = kind
        self.exitCode = exitCode
        self.run = run
    }
}

/// How a check stands, alerts apart.
package enum CheckStatus: UInt8, Sendable, CaseIterable {
    /// Nothing has come yet, and nothing is late.
    case waiting = 0
    case up = 1
    case down = 2

    package var word: String {
        switch self {
        case .waiting: "waiting"
        case .up: "up"
        case .down: "down"
        }
    }
}

/// A check's judgement so far. Records carry it whole, so that nobody who replays them needs a schedule.
package struct CheckStanding: Sendable, Hashable {
    package var status = CheckStatus.waiting
    /// In a row.
    package var failures: UInt32 = 0
    /// In a row.
    package var successes: UInt32 = 0
    /// The instant by which a ping is wanted; `distantFuture` while none is.
    package var expected = Timestamp.distantFuture
    /// When silence is judged.
    package var deadline = Timestamp.distantFuture

    package init() {}
}

package struct CheckRegistered: Sendable, Hashable {
    package var check: CheckID
    package var scheduler: UInt32
    /// The UUID of its ping URL: whoever knows it may ping.
    package var address: Sealed
    /// `CheckDefinition.packed()`.
    package var definition: [UInt8]
    package var standing: CheckStanding
    package init(
        check: CheckID,
        scheduler: UInt32,
        address: Sealed,
        definition: [UInt8],
        standing: CheckStanding
    ) {
        self.check = check
        self.scheduler = scheduler
        self.address = address
        self.definition = definition
        self.standing = standing
    }
}

package struct CheckRevised: Sendable, Hashable {
    package var check: CheckID
    package var definition: [UInt8]
    package var standing: CheckStanding
    package init(check: CheckID, definition: [UInt8], standing: CheckStanding) {
        self.check = check
        self.definition = definition
        self.standing = standing
    }
}

package struct CheckRemoved: Sendable, Hashable {
    package var check: CheckID
    package init(check: CheckID) { self.check = check }
}

/// Nothing is expected of it until it is resumed, or pinged.
package struct CheckPaused: Sendable, Hashable {
    package var check: CheckID
    package init(check: CheckID) { self.check = check }
}

package struct CheckResumed: Sendable, Hashable {
    package var check: CheckID
    package var standing: CheckStanding
    package init(check: CheckID, standing: CheckStanding) {
        self.check = check
        self.standing = standing
    }
}

package struct CheckPinged: Sendable, Hashable {
    package var check: CheckID
    package var ping: Ping
    /// From the matching start, or else as the sender said; nil where neither is known.
    package var duration: Span?
    package var standing: CheckStanding
    /// The ping before it; zero for the first.
    package var previous: Sequence
    package init(
        check: CheckID,
        ping: Ping,
        duration: Span?,
        standing: CheckStanding,
        previous: Sequence
    ) {
        self.check = check
        self.ping = ping
        self.duration = duration
        self.standing = standing
        self.previous = previous
    }
}

/// Why a check's time passed.
package enum CheckLapse: UInt8, Sendable, CaseIterable {
    /// No ping came by the expected instant and the grace after it.
    case missed = 1
    /// A start had no end within the longest runtime.
    case timedOut = 2
    /// The expected instant lay in a blackout: nothing was wanted, and nothing is held against the check.
    case excluded = 3

    package var word: String {
        switch self {
        case .missed: "missed"
        case .timedOut: "timed-out"
        case .excluded: "excluded"
        }
    }
}

package struct CheckLapsed: Sendable, Hashable {
    package var check: CheckID
    package var lapse: CheckLapse
    /// The expected instant that passed, or the start that had no end.
    package var since: Timestamp
    package var standing: CheckStanding
    /// The blackout (`excluded` only).
    package var blackout: String
    package init(
        check: CheckID,
        lapse: CheckLapse,
        since: Timestamp,
        standing: CheckStanding,
        blackout: String = ""
    ) {
        self.check = check
        self.lapse = lapse
        self.since = since
        self.standing = standing
        self.blackout = blackout
    }
}

/// A ping was expected while Chronatog was not running, or may have been sent in vain: our absence is not
/// held against the check.
package struct CheckUnwatched: Sendable, Hashable {
    package var check: CheckID
    /// When Chronatog was last known to listen.
    package var since: Timestamp
    package var until: Timestamp
    /// When silence is judged instead.
    package var deadline: Timestamp
    /// The next instant by which a ping is wanted, where the one before it fell into the gap; nil where the
    /// check was late already, and only gets its grace once more.
    package var expected: Timestamp?
    /// Starts whose end may have come in vain are forgotten.
    package var forgetsStarts: Bool
    /// Nothing else will be known of the check for a long time, so somebody is told.
    package var isTold: Bool
    package init(
        check: CheckID,
        since: Timestamp,
        until: Timestamp,
        deadline: Timestamp,
        expected: Timestamp? = nil,
        forgetsStarts: Bool = false,
        isTold: Bool = false
    ) {
        self.check = check
        self.since = since
        self.until = until
        self.deadline = deadline
        self.expected = expected
        self.forgetsStarts = forgetsStarts
        self.isTold = isTold
    }
}

/// The key in a scheduler's slug URLs and badges; an older one is void from here on.
package struct PingKeySet: Sendable, Hashable {
    package var scheduler: UInt32
    package var key: Sealed
    package init(scheduler: UInt32, key: Sealed) {
        self.scheduler = scheduler
        self.key = key
    }
}

extension Record {
    /// The check that an opened alert tells of; nil for a job's, and all else.
    package var checkOfOpenedAlert: CheckID? {
        if case .alertOpened(let opened) = self { CheckID(alertKey: opened.key) } else { nil }
    }

    /// The check this is about; nil for all others.
    package var check: CheckID? {
        switch self {
        case .checkRegistered(let r): r.check
        case .checkRevised(let r): r.check
        case .checkRemoved(let r): r.check
        case .checkPaused(let r): r.check
        case .checkResumed(let r): r.check
        case .checkPinged(let r): r.check
        case .checkLapsed(let r): r.check
        case .checkUnwatched(let r): r.check
        default: nil
        }
    }
}
