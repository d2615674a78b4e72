internal import Domain
internal import Engine
internal import Streaming

// Streams that are watched, as objects that events name.
extension ObjectJSON {
    static func connection(_ view: SourceView) -> JSON {
        object(
            .connection,
            view.source.set.name,
            view.state.prefix(1).uppercased() + view.state.dropFirst(),
            [("name", .string(view.source.set.name)), ("address", .string(view.source.set.address))]
        )
    }

    @Sendable static func connection(_ site: Site, _ request: APIRequest) async throws -> JSON {
        let name = request.parameters["id"] ?? ""
        do throws(CommandError) {
            return connection(try await site.engine.stream(name))
        } catch {
            // One that was removed was there, and nothing else is left of it.
            let wasThere = try await removed(site) { entry in
                if case .source(.removed(let record)) = entry.record { record.name == name } else { false }
            }
            guard wasThere else { throw error }
            return object(.connection, name, "Terminated", [])
        }
    }
}
