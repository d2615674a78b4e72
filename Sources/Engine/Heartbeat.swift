package import Domain
package import Effects

/// Where somebody outside listens for this server, and how often it is to be heard.
package struct HeartbeatSettings: Sendable, Hashable {
    package var origin: Origin
    /// Path and query.
    package var target: String
    /// Header lines besides the wire's own, each ending in CRLF.
    package var headerLines: [UInt8]
    package var every: Span

    package init(origin: Origin, target: String, headerLines: [UInt8], every: Span) {
        self.origin = origin
        self.target = target
        self.headerLines = headerLines
        self.every = every
    }
}

/// Says outside that the scheduler works, for as long as it does: the watch over the watcher.
///
/// There is no timer that could go on by itself. The loop that decides and records asks at the end of each
/// of its turns, and a beat leaves only when what had been recorded by the time it fell due is durable, the
/// disk takes promises, and nothing has been due for longer than a beat's length. A loop that hangs, a
/// journal that is not written, a disk that is full and a backlog that grows are the same outside: silence.
struct Heartbeat: Sendable {
    let settings: HeartbeatSettings
    /// On the steady clock.
    private(set) var due = Span.zero
    /// What has to be durable before the beat that is due may leave.
    private var mark: Sequence?
    private(set) var isOut = false
    private(set) var counts = HeartbeatCounts()

    /// Calls of jobs and channels are numbered by sequences, which never come near.
    static let callID = UInt64.max

    init(_ settings: HeartbeatSettings) {
        self.settings = settings
    }

    /// What the loop knows at the end of a turn.
    struct Signs: Sendable {
        var uptime: Span
        var appended: Sequence
        var durable: Sequence
        /// The disk takes promises.
        var hasRoom: Bool
        /// How long the earliest alarm has been due.
        var behind: Span
    }

    /// The call to make now, if it is time and all is well.
    mutating func beat(_ signs: Signs) -> Call? {
        guard signs.uptime >= due, !isOut else { return nil }
        let wanted = mark ?? signs.appended
        mark = wanted
        guard signs.durable >= wanted, signs.hasRoom, signs.behind <= settings.every else { return nil }
        mark = nil
        due = signs.uptime + settings.every
        isOut = true
        return Call(
            id: Self.callID,
            origin: settings.origin,
            method: "GET",
            target: settings.target,
            headerLines: settings.headerLines,
            body: [],
            deadlines: .short,
            keepBodyBytesMax: 0,
            keepHeader: ""
        )
    }

    /// - Returns: why nobody heard it; nil when somebody did.
    mutating func hear(_ result: Outcome.Result) -> String? {
        isOut = false
        switch result {
        case .answered(let answer) where (200...299).contains(answer.status):
            counts.heard += 1
            return nil
        case .answered(let answer):
            counts.lost += 1
            return "it was answered \(answer.status)"
        case .failed(let failure):
            counts.lost += 1
            return failure.message
        }
    }
}

/// Beats since the start.
package struct HeartbeatCounts: Sendable, Equatable {
    package var heard: UInt64 = 0
    package var lost: UInt64 = 0
}
