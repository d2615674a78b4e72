package import Domain

// What the API asks about tokens.
extension Engine {
    package func addToken(_ token: AccessToken) async throws(CommandError) -> KnownToken {
        try await command { flow, now throws(CommandError) in try flow.addToken(token, now: now) }
    }

    package func removeToken(_ name: String) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in try flow.removeToken(name, now: now) }
    }

    package func tokens() async throws(CommandError) -> [KnownToken] {
        try await read { flow, _ throws(CommandError) in flow.tokens() }
    }

    /// - Returns: nil when too many runs were started.
    package func trigger(
        _ job: JobID,
        by name: String,
        event: [UInt8]
    ) async throws(CommandError) -> OpenRunView? {
        try await command { flow, now throws(CommandError) in
            try flow.trigger(job, by: name, event: event, now: now)
        }
    }
}
