package import Domain

extension Engine {
    /// Takes what a watched stream did.
    package func happened(_ happening: SourceHappening) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in flow.happened(happening, now: now) }
    }
}
