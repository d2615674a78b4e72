package import Domain
package import Effects

// What the API asks about watched streams.
extension Engine {
    package func streams() async throws(CommandError) -> [SourceView] {
        try await read { flow, _ throws(CommandError) in flow.sourceViews() }
    }

    package func stream(_ name: String) async throws(CommandError) -> SourceView {
        try await read { flow, _ throws(CommandError) in try flow.sourceView(name) }
    }

    /// The server that a stream of this name with these settings would be watched at; nothing is kept.
    package func streamOrigin(_ name: String, settings: JSON) async throws(CommandError) -> Origin {
        try await read { flow, _ throws(CommandError) in try flow.sourceOrigin(name, settings) }
    }

    package func setStream(_ name: String, _ wish: SourceWish) async throws(CommandError) -> SourceView {
        try await command { flow, now throws(CommandError) in try flow.setSource(name, wish, now: now) }
    }

    package func removeStream(_ name: String) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in try flow.removeSource(name, now: now) }
    }

    /// Resuming also tries credentials again that were refused.
    package func pauseStream(_ name: String, _ isPaused: Bool) async throws(CommandError) -> SourceView {
        try await command { flow, now throws(CommandError) in
            try flow.pauseSource(name, isPaused, now: now)
        }
    }
}
