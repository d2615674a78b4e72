package import Domain
package import Effects

/// The time the engine lives by: the machine's, or one that somebody drives (`--ephemeral`).
///
/// While it is driven, the built-in sink answers inside the engine and its waits pass in virtual time, so
/// that what happens depends on nothing but the commands and the seed.
package struct EngineClock: Sendable {
    private let source: any TimeSource
    private var mode: Mode
    package let isDrivable: Bool

    private enum Mode: Sendable {
        case real
        case frozen(Timestamp)
        /// `since` is the steady clock when it was `base`.
        case running(base: Timestamp, since: Span, speed: Int64)
    }

    /// - Parameter start: freezes at that moment (`--clock`).
    package init(source: any TimeSource, isDrivable: Bool, start: Timestamp? = nil) {
        self.source = source
        self.isDrivable = isDrivable
        mode = start.map { .frozen($0) } ?? .real
    }

    package var now: Timestamp {
        switch mode {
        case .real: source.now
        case .frozen(let now): now
        case .running(let base, let since, let speed): base + scaled(source.uptime, since: since, speed)
        }
    }

    package var uptime: Span { source.uptime }

    package var isFrozen: Bool { if case .frozen = mode { true } else { false } }
    package var isDriven: Bool { if case .real = mode { false } else { true } }

    package var state: ClockState {
        let speed: Int64 = if case .running(_, _, let speed) = mode { speed } else { 1 }
        return ClockState(now: now, isFrozen: isFrozen, speed: speed, isDrivable: isDrivable)
    }

    /// How long, in real time, until the clock reads `time`; nil while it is frozen before it.
    package func wait(until time: Timestamp) -> Span? {
        let rest = time - now
        if rest <= .zero { return .zero }
        switch mode {
        case .real: return rest
        case .frozen: return nil
        case .running(_, _, let speed): return Span(microseconds: rest.microseconds / max(speed, 1))
        }
    }

    package mutating func set(_ time: Timestamp) {
        switch mode {
        case .frozen: mode = .frozen(time)
        case .real: mode = .running(base: time, since: source.uptime, speed: 1)
        case .running(_, _, let speed): mode = .running(base: time, since: source.uptime, speed: speed)
        }
    }

    package mutating func freeze(_ freezes: Bool) {
        if freezes {
            mode = .frozen(now)
        } else if isFrozen {
            mode = .running(base: now, since: source.uptime, speed: 1)
        }
    }

    package mutating func run(speed: Int64) {
        mode = .running(base: now, since: source.uptime, speed: speed)
    }

    private func scaled(_ uptime: Span, since: Span, _ speed: Int64) -> Span {
        let (product, overflow) = (uptime.microseconds - since.microseconds).multipliedReportingOverflow(
            by: speed
        )
        return Span(microseconds: overflow ? .max : product)
    }
}

extension EngineLoop {
    /// `POST /clock`. An `advance` answers when it has arrived; anything else at once.
    mutating func drive(_ command: ClockCommand, now: Timestamp) throws(CommandError) {
        guard clock.isDrivable else {
            throw .conflict(
                "this server lives by the machine's clock; start it with --ephemeral to drive one"
            )
        }
        switch command {
        case .advance(let span):
            virtual.begin(to: max(virtual.target ?? now, now) + span, &clock)
        case .set(let time):
            clock.set(time)
            flow.write(.clockStepped(ClockStepped(from: now, to: time)), time)
            flow.noticeClockStep(from: now, isSleep: false, now: time)
        case .freeze(let freezes): clock.freeze(freezes)
        case .speed(let speed): clock.run(speed: speed)
        }
    }
}
