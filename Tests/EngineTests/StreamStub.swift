import Domain
import Effects
import Synchronization

/// Streams that say what a test wants them to say.
final class StreamStub: StreamTransport {
    private struct State {
        var openings: [StreamOpening] = []
        var closed: [UInt64] = []
    }

    private let state = Mutex(State())
    private let receiver = Receiver<StreamNews>()

    func deliverSignals(to receive: @escaping @Sendable (StreamNews) -> Void) {
        receiver.set(receive)
    }

    func open(_ opening: StreamOpening) { state.withLock { $0.openings.append(opening) } }
    func close(_ id: UInt64) { state.withLock { $0.closed.append(id) } }
    func shutdown() async {}

    var openings: [StreamOpening] { state.withLock { $0.openings } }
    var closed: [UInt64] { state.withLock { $0.closed } }

    /// Of the newest connection, or of an earlier one.
    func say(_ signal: StreamSignal, on id: UInt64? = nil) {
        let newest = openings.last?.id ?? 0
        receiver.receive?(StreamNews(id: id ?? newest, signal: signal))
    }

    func say(_ text: String) { say(.text(Array(text.utf8))) }

    func authenticate() {
        say(.open)
        say(#"{"type":"auth"}"#)
    }
}
