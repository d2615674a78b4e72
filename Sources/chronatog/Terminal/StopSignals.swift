import Dispatch
import Glibc
import Synchronization

/// SIGTERM and SIGINT as something to wait for.
final class StopSignals: Sendable {
    private struct State {
        var received: String?
        var waiting: CheckedContinuation<String, Never>?
    }

    private let state = Mutex(State())
    // nonisolated(unsafe) because a dispatch source is not marked Sendable; these are only kept alive, never
    // used.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// From now on the first of these signals no longer ends the process; a second one does.
    init() {
        let term = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
        let interrupt = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        unsafe sources = [term, interrupt]
        // Ignoring them leaves them to the sources.
        signal(SIGTERM, SIG_IGN)
        signal(SIGINT, SIG_IGN)
        term.setEventHandler { [weak self] in self?.receive("SIGTERM") }
        interrupt.setEventHandler { [weak self] in self?.receive("SIGINT") }
        term.resume()
        interrupt.resume()
    }

    /// The name of the first signal.
    func wait() async -> String {
        await withCheckedContinuation { continuation in
            let received = state.withLock { state in
                if state.received == nil { state.waiting = continuation }
                return state.received
            }
            if let received { continuation.resume(returning: received) }
        }
    }

    /// Something inside wants the process to stop.
    func finish(because reason: String) {
        take(reason)?.resume(returning: reason)
    }

    private func receive(_ name: String) {
        if state.withLock({ $0.received == "SIGTERM" || $0.received == "SIGINT" }) { _exit(1) }
        take(name)?.resume(returning: name)
    }

    /// Notes the reason, and gives out who waits for one.
    private func take(_ reason: String) -> CheckedContinuation<String, Never>? {
        state.withLock { state in
            state.received = reason
            defer { state.waiting = nil }
            return state.waiting
        }
    }
}
