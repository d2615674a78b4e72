import Domain
import Effects
import Integrations
import Synchronization

/// A network in which channels answer as they are told, and nobody else is called.
final class ChannelStub: Transport {
    struct Call: Sendable {
        var line: String { "\(method) \(path)" }
        var method: String
        var path: String
        var body: String
        var headers: String
    }

    private struct State {
        var heard: [Call] = []
        var answers: [Answer] = []
        var standard: Answer
        var isSilent = false
        var receive: (@Sendable ([Outcome]) -> Void)?
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - answers: the first ones, in order.
    ///   - body: what every call after these gets, with 200.
    init(_ answers: Answer..., then body: String = "ok") {
        state = Mutex(State(answers: answers, standard: Answer(status: 200, body: Array(body.utf8))))
    }

    var heard: [Call] { state.withLock { $0.heard } }

    /// What was told, in order: the first word of each Slack text.
    var told: [String] {
        heard.map { call in
            for word in ["Resolved: ", "Acknowledged: ", "Test: ", "Still open: "]
            where call.body.contains(word) {
                return String(word.dropLast(2))
            }
            return "Open"
        }
    }

    /// From now on calls are heard and never answered.
    func fallSilent() { state.withLock { $0.isSilent = true } }

    func send(_ calls: [Effects.Call]) {
        for call in calls {
            let (answer, receive) = state.withLock { state in
                state.heard.append(
                    Call(
                        method: call.method,
                        path: call.target,
                        body: String(decoding: call.body, as: UTF8.self),
                        headers: String(decoding: call.headerLines, as: UTF8.self)
                    )
                )
                let answer = state.answers.isEmpty ? state.standard : state.answers.removeFirst()
                return (answer, state.isSilent ? nil : state.receive)
            }
            receive?([
                Outcome(id: call.id, result: .answered(answer), timings: Timings(), address: "192.0.2.1")
            ])
        }
    }

    func abort(_ ids: [UInt64]) {}

    func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {
        state.withLock { $0.receive = receive }
    }

    func shutdown(drain: Span) async {}

    static func slack() throws -> [String: ChannelSettings] {
        ["slack": try .read(.slack, shortForm: "https://hooks.slack.com/services/T0/B0/x0")]
    }
}
