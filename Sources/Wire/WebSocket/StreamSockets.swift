package import Domain
package import Effects
import Synchronization
import WebSocket

/// Event streams over WebSocket, under the egress policy. Threads and name lookup begin with the first
/// stream: a server that watches none has none of them.
package final class StreamSockets: StreamTransport {
    private struct State {
        var client: WebSocketClient?
        var links: [UInt64: WebSocketLink] = [:]
        var egress: EgressPolicy
        var isOver = false
    }

    private let state: Mutex<State>
    private let receiver = Receiver<StreamNews>()
    private let trust: TrustRoots
    private let pingEvery: Domain.Span
    private let pongMax: Domain.Span

    /// - Parameters:
    ///   - pingEvery: from ping to ping.
    ///   - pongMax: a peer that is silent for so long after a ping is gone.
    package init(
        egress: EgressPolicy,
        trust: TrustRoots,
        pingEvery: Domain.Span = .seconds(20),
        pongMax: Domain.Span = .seconds(10)
    ) {
        state = Mutex(State(egress: egress))
        self.trust = trust
        self.pingEvery = pingEvery
        self.pongMax = pongMax
    }

    package func deliverSignals(to receive: @escaping @Sendable (StreamNews) -> Void) {
        receiver.set(receive)
    }

    /// Judges by another policy from now on.
    package func adopt(_ egress: EgressPolicy) {
        state.withLock { state in
            state.egress = egress
            state.client?.adopt(egress)
        }
    }

    package func open(_ opening: StreamOpening) {
        var request = WebSocketRequest(origin: opening.origin, target: opening.target)
        request.headerLines = opening.headerLines
        request.messageBytesMax = opening.messageBytesMax
        request.pingEvery = pingEvery
        request.pongMax = pongMax
        let id = opening.id
        state.withLock { state in
            guard !state.isOver else { return }
            let client = state.client ?? WebSocketClient(egress: state.egress, trust: trust)
            state.client = client
            // The last signal may come at once, but on the client's loop, and it waits for this lock there.
            state.links[id] = client.open(request) { [self] signal in
                if signal.isLast { self.state.withLock { _ = $0.links.removeValue(forKey: id) } }
                if let told = StreamSignal(signal) { receiver.receive?(StreamNews(id: id, signal: told)) }
            }
        }
    }

    package func close(_ id: UInt64) {
        state.withLock { $0.links.removeValue(forKey: id) }?.close()
    }

    package func shutdown() async {
        let client = state.withLock { state in
            state.isOver = true
            return state.client
        }
        await client?.shutdown()
    }
}

extension StreamSignal {
    /// nil for what only a trace shows.
    fileprivate init?(_ signal: WebSocketSignal) {
        switch signal {
        case .open: self = .open
        case .text(let bytes): self = .text(bytes)
        case .trace: return nil
        case .closed(let code, let reason): self = .closed(code: code.rawValue, reason: reason)
        case .refused(let status, let retryAfter): self = .refused(status: status, retryAfter: retryAfter)
        case .failed(let failure): self = .failed(failure)
        }
    }
}
