/// What happens to slots whose time passed while nothing could be sent (`semantics.md` §4.2).
package enum Catchup: UInt8, Sendable, CaseIterable {
    case last = 0
    case none = 1
    case first = 2
    case all = 3

    package var word: String {
        switch self {
        case .last: "last"
        case .none: "none"
        case .first: "first"
        case .all: "all"
        }
    }
}

/// What happens to a slot that is due while a run of its job is open (`semantics.md` §4.3).
package enum Overlap: UInt8, Sendable, CaseIterable {
    case skip = 0
    case queueOne = 1
    case queueAll = 2
    case cancel = 3
    case allow = 4

    package var word: String {
        switch self {
        case .skip: "skip"
        case .queueOne: "queue-one"
        case .queueAll: "queue-all"
        case .cancel: "cancel"
        case .allow: "allow"
        }
    }
}

/// Whether a run that waits to try again counts as open for `overlap`.
package enum OverlapScope: UInt8, Sendable, CaseIterable {
    case run = 0
    case attempt = 1

    package var word: String {
        switch self {
        case .run: "run"
        case .attempt: "attempt"
        }
    }
}

/// What to do when Chronatog stopped between a call and its record (`semantics.md` §4.4).
package enum OnUnknown: UInt8, Sendable, CaseIterable {
    case retry = 0
    case hold = 1
    case fail = 2

    package var word: String {
        switch self {
        case .retry: "retry"
        case .hold: "hold"
        case .fail: "fail"
        }
    }
}

/// How long retries go on.
package enum RetryUntil: UInt8, Sendable, CaseIterable {
    /// Never past the job's next slot.
    case nextSlot = 0
    /// Until `run_deadline` after the run opened.
    case window = 1
    /// Until `retries` are used up, however long that takes.
    case count = 2

    package var word: String {
        switch self {
        case .nextSlot: "next-slot"
        case .window: "window"
        case .count: "count"
        }
    }
}

/// When and how often a failed attempt is repeated.
package struct RetryPolicy: Sendable, Hashable {
    /// Attempts after the first.
    package var retries: UInt16 = 2
    package var backoffMin: Span = .seconds(5)
    package var backoffMax: Span = .hours(1)
    /// The wait doubles this many times and then stays.
    package var doublings: UInt8 = 5
    package var until: RetryUntil = .nextSlot

    package init() {}
}

/// Which answers count as success. An empty `statuses` means 200–299.
package struct SuccessRule: Sendable, Hashable {
    package var statuses: [ClosedRange<UInt16>] = []
    /// The kept body must hold this text.
    package var bodyContains: String = ""
    /// The kept body must match this pattern (`Domain.Pattern`).
    package var bodyMatches: String = ""

    package init() {}

    /// Whether the rule looks at the body at all, so that it has to be kept until judged.
    package var readsBody: Bool { !bodyContains.isEmpty || !bodyMatches.isEmpty }
}

/// Slot bookkeeping that a job may override.
package struct CatchupPolicy: Sendable, Hashable {
    /// nil: `last` for recurring schedules, `all` for one-shots.
    package var mode: Catchup?
    package var window: Span = .hours(24)
    /// Newest misfired slots kept by `all`.
    package var slotsMax: UInt32 = 100
    /// Pause between two caught-up runs of one job.
    package var spacing: Span = .seconds(1)
    /// Later than this, a slot is misfired.
    package var misfireAfter: Span = .seconds(60)

    package init() {}
}

/// What limits a job's calls together with others (`semantics.md` §4.3, rule 3).
package struct LimitPolicy: Sendable, Hashable {
    /// Empty: (account, target host).
    package var key: String = ""
    /// Calls in flight under the key; 0 means the configured default.
    package var parallel: UInt32 = 0
    /// Calls per `period` under the key; 0 means no rate.
    package var rate: UInt32 = 0
    package var period: Span = .seconds(1)
    /// The longest a slot waits for a place.
    package var wait: Span = .minutes(5)

    package init() {}
}

/// How runs of one job share time.
package struct OverlapPolicy: Sendable, Hashable {
    package var mode: Overlap = .skip
    package var scope: OverlapScope = .run
    /// Slots that may wait under `queue-all`.
    package var queueMax: UInt16 = 10
    /// Runs that may be open under `allow`.
    package var openMax: UInt16 = 10

    package init() {}
}

/// How far back a job's runs and slots can be asked about. Their bytes go with the segment that holds them.
package struct HistoryPolicy: Sendable, Hashable {
    /// Zero: as long as the server keeps it.
    package var age: Span = .zero
    /// The newest so many runs; zero: all.
    package var runs: UInt32 = 0
    /// The newest runs whose captured bodies have at most so many bytes together, and always the newest one;
    /// zero: all.
    package var bodyBytesMax: UInt64 = 0
    package init() {}
}
