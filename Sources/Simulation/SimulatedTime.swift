package import Domain
internal import Effects
private import Synchronization

/// Time that passes only when somebody lets it: a steady clock, and a wall clock that drifts against it and
/// can be stepped either way.
package final class SimulatedTime: TimeSource {
    private let state: Mutex<State>

    private struct State {
        var uptime = Span.zero
        var wall: Timestamp
        /// Microseconds that the wall clock gains in a second.
        var drift: Int64 = 0
        /// What the drift has not yet made a whole microsecond of.
        var rest: Int64 = 0
    }

    package init(start: Timestamp) {
        state = Mutex(State(wall: start))
    }

    private init(_ state: State) {
        self.state = Mutex(state)
    }

    /// Another time that is at the same point.
    package func copy() -> SimulatedTime { SimulatedTime(state.withLock { $0 }) }

    package var now: Timestamp { state.withLock { $0.wall } }
    package var uptime: Span { state.withLock { $0.uptime } }

    package func advance(by span: Span) {
        state.withLock { state in
            state.uptime = state.uptime + span
            let gained = state.drift * (span.microseconds / 1000) + state.rest
            state.rest = gained % 1000
            state.wall = state.wall + span + Span(microseconds: gained / 1000)
        }
    }

    /// Somebody sets the wall clock.
    package func step(by span: Span) {
        state.withLock { $0.wall = $0.wall + span }
    }

    /// - Parameter microseconds: gained in a second; negative loses.
    package func drift(by microseconds: Int64) {
        state.withLock { $0.drift = microseconds }
    }
}
