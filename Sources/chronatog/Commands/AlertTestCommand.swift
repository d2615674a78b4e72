import ArgumentParser
import Domain

extension AlertCommand {
    /// `chronatog alert test CHANNEL`
    struct Test: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "test",
            abstract: "Send a message to a channel and say whether it arrived."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "A channel's name; `chronatog alert channels` lists them.") var channel: String
        @Flag(help: "Print what would be sent, secrets masked, and send nothing.") var showPayload = false

        /// Looks at the message this often, and so long apart.
        private static let looks = 75
        private static let pause = Duration.milliseconds(200)

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let path = "\(ServerConnection.api)/channels/\(Query.encoded(channel))"
            if showPayload {
                let answer = try await server.request("GET", "\(path)/payload")
                return StandardStream.output.line(answer.plain("payload"))
            }
            let id = try await server.request("POST", "\(path)/test").plain("message")
            for _ in 0..<Self.looks {
                guard let message = try await find(id, server) else {
                    return StandardStream.output.line("\(channel) has taken the message")
                }
                let reason = message.plain("reason")
                guard reason.isEmpty else { throw failure(reason, of: message) }
                try? await Task.sleep(for: Self.pause)
            }
            throw .failed(
                "\(channel) has not answered yet",
                hint: "`chronatog alert messages` shows what becomes of message \(id)"
            )
        }

        private func failure(_ reason: String, of message: JSON) -> CommandFailure {
            let again = message.plain("retry_at")
            guard message.plain("state") == "waiting", !again.isEmpty else {
                return .failed("\(channel) has not taken the message: \(reason)")
            }
            return .failed(
                "\(channel) has not taken the message yet: \(reason)",
                hint: "it is tried again at \(again); `chronatog alert messages` shows what becomes of it"
            )
        }

        /// The message, as long as it has not arrived.
        private func find(_ id: String, _ server: ServerConnection) async throws(CommandFailure) -> JSON? {
            var found: JSON?
            try await server.pages("/messages") { if $0.plain("id") == id { found = $0 } }
            return found
        }
    }
}
