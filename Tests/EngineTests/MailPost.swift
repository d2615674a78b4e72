import Domain
import Effects
import Integrations
import Synchronization

/// A mail server that answers as it is told, and writes down every letter it was given.
final class MailPost: MailTransport {
    private struct State {
        var letters: [Mail] = []
        var answers: [MailOutcome.Result] = []
        var receive: (@Sendable ([MailOutcome]) -> Void)?
    }

    private let state = Mutex(State())

    /// - Parameter answers: the first ones, in order; afterwards every letter is taken.
    init(_ answers: MailOutcome.Result...) {
        state.withLock { $0.answers = answers }
    }

    var letters: [Mail] { state.withLock { $0.letters } }

    /// Subject lines, in the order in which the letters came.
    var subjects: [String] { letters.map { Self.header("Subject", of: $0) } }

    static func header(_ name: String, of mail: Mail) -> String {
        let lines = String(decoding: mail.message, as: UTF8.self).split(separator: "\r\n")
        return lines.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) } ?? ""
    }

    func send(_ mails: [Mail]) {
        for mail in mails {
            let (answer, receive) = state.withLock { state in
                state.letters.append(mail)
                let taken = MailOutcome.Result.answered(
                    MailAnswer(stage: .message, code: 250, text: "2.0.0 queued")
                )
                return (state.answers.isEmpty ? taken : state.answers.removeFirst(), state.receive)
            }
            receive?([MailOutcome(id: mail.id, result: answer, timings: Timings(), address: "192.0.2.1")])
        }
    }

    func deliverOutcomes(to receive: @escaping @Sendable ([MailOutcome]) -> Void) {
        state.withLock { $0.receive = receive }
    }

    func shutdown(drain: Span) async {}

    static func channels(to people: String...) throws -> [String: ChannelSettings] {
        let json = JSON.object([
            .init("kind", .string("email")), .init("server", .string("smtp.example.com")),
            .init("from", .string("cron@example.com")), .init("to", .array(people.map { .string($0) })),
        ])
        return ["email": try .read(json)]
    }
}
