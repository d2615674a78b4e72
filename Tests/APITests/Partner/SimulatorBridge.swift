import Domain
import Effects
import Integrations
import Synchronization

/// Carries our posts into the simulator.
final class SimulatorBridge: Transport {
    private struct State {
        var receiver: (@Sendable ([Outcome]) -> Void)?
        var simulator: MarketplaceSimulator?
    }

    typealias Note = @Sendable (MarketplaceSimulator.Request, MarketplaceSimulator.Reply) -> Void

    private let state = Mutex(State())
    private let note: Note

    /// - Parameter note: sees what travels.
    init(_ note: @escaping Note = { _, _ in }) { self.note = note }

    func connect(_ simulator: MarketplaceSimulator) { state.withLock { $0.simulator = simulator } }

    func send(_ calls: [Call]) {
        let (receive, simulator) = state.withLock { ($0.receiver, $0.simulator) }
        for call in calls {
            // A task, because the network does not wait either.
            Task {
                let request = Self.request(call)
                let reply = await simulator?.answer(request)
                if let reply { note(request, reply) }
                let result: Outcome.Result =
                    if let reply {
                        .answered(
                            Effects.Answer(
                                status: UInt16(reply.status),
                                keptHeader: reply.headers.first { $0.name == "Location" }?.value,
                                body: reply.body
                            )
                        )
                    } else {
                        .failed(Failure(.refused, "nobody is there"))
                    }
                receive?([Outcome(id: call.id, result: result, timings: Timings(), address: "")])
            }
        }
    }

    private static func request(_ call: Call) -> MarketplaceSimulator.Request {
        let lines = String(decoding: call.headerLines, as: UTF8.self).split(separator: "\r\n")
        let headers = lines.compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstRange(of: ": ") else { return nil }
            return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
        }
        return MarketplaceSimulator.Request(
            method: call.method,
            target: call.target,
            headers: headers,
            body: call.body
        )
    }

    func abort(_ ids: [UInt64]) {}
    func shutdown(drain: Span) async {}
    func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {
        state.withLock { $0.receiver = receive }
    }
}
