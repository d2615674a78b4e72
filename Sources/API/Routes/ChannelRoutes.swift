internal import Domain
internal import Effects
internal import Engine
internal import Streaming

/// `channels`: where alerts are told. Those of flags can be given rules; others are made and removed here.
enum ChannelRoutes {
    private static let path = "\(RouteTable.prefix)/channels"

    static let all = [
        Route("GET", path, .operatorOnly, "List channels, secrets masked", answer: list).with {
            $0.answerSchema = "[Channel]"
        },
        Route("POST", path, .operatorOnly, "Make a channel; its settings are sealed", answer: create).with {
            $0.requestSchema = "ChannelRequest"
            $0.answerStatus = 201
            $0.answerSchema = "Channel"
            $0.problems = [.malformed, .conflict, .invalid, .storageFull]
        },
        Route("GET", "\(path)/{name}", .operatorOnly, "Read a channel, secrets masked", answer: read).with {
            $0.answerSchema = "Channel"
            $0.problems = [.notFound]
        },
        Route(
            "PATCH",
            "\(path)/{name}",
            .operatorOnly,
            "Change a channel: its settings, its rules, whether it is paused",
            answer: change
        ).with {
            $0.requestSchema = "ChannelChange"
            $0.answerSchema = "Channel"
            $0.problems = [.malformed, .notFound, .conflict, .invalid, .storageFull]
        },
        Route("DELETE", "\(path)/{name}", .operatorOnly, "Remove a channel", answer: remove).with {
            $0.problems = [.notFound, .conflict, .storageFull]
        },
        Route(
            "POST",
            "\(path)/{name}/enable",
            .operatorOnly,
            "Say that it works again: not paused, not broken, its dead messages sent again",
            answer: enable
        ).with {
            $0.answerSchema = "Resent"
            $0.problems = [.notFound, .conflict, .storageFull]
        },
        Route("POST", "\(path)/{name}/test", .operatorOnly, "Send a test message", answer: test).with {
            $0.answerStatus = 202
            $0.answerSchema = "TestMessage"
            $0.problems = [.notFound, .conflict, .storageFull]
        },
        Route(
            "GET",
            "\(path)/{name}/payload",
            .operatorOnly,
            "Show what a test message would send, secrets masked",
            answer: payload
        ).with {
            $0.answerSchema = "Payload"
            $0.problems = [.notFound]
        },
    ]

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(.array(try await site.engine.channels().map(\.json)))
    }

    @Sendable private static func create(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(try RequestBody.object(request.body))
        fields.refuseUnknown(["name", "settings", "rules", "paused"])
        var name = ""
        fields.read("name", into: &name, bytesMax: 64)
        let wish = ChannelForm.wish(&fields, over: ChannelRules())
        try fields.check()
        try await judge(wish, name, site)
        let made = try await site.engine.addChannel(name, wish)
        return .json(made.json, status: 201, headers: [("Location", site.url("\(path)/\(name)"))])
    }

    @Sendable private static func read(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(try await site.engine.channel(name(request)).json)
    }

    @Sendable private static func change(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(try RequestBody.object(request.body))
        fields.refuseUnknown(["settings", "rules", "paused"])
        let known = try await site.engine.channel(name(request))
        let wish = ChannelForm.wish(&fields, over: known.rules)
        try fields.check()
        try await judge(wish, known.name, site)
        return .json(try await site.engine.changeChannel(known.name, wish).json)
    }

    @Sendable private static func remove(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await site.engine.removeChannel(name(request))
        return .empty
    }

    @Sendable private static func enable(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(AlertRoutes.json(try await site.engine.enableChannel(name(request))))
    }

    @Sendable private static func test(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let id = try await site.engine.testChannel(name(request))
        return .json(.object([JSON.Member("message", .string("\(id)"))]), status: 202)
    }

    @Sendable private static func payload(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let text = try await site.engine.testPayload(of: name(request))
        return .json(.object([JSON.Member("payload", .string(text))]))
    }

    private static func name(_ request: APIRequest) -> String { request.parameters["name"] ?? "" }

    /// A literal address that the egress policy refuses is refused now, not at three in the morning.
    private static func judge(_ wish: ChannelWish, _ name: String, _ site: Site) async throws {
        guard let settings = wish.settings else { return }
        let origin = try await site.engine.channelOrigin(name, settings: settings)
        if let objection = site.judgeLiteral(origin.host, origin.port) {
            throw Problem("settings", objection)
        }
    }
}

extension ChannelView {
    fileprivate var json: JSON {
        .object([
            JSON.Member("name", .string(name)),
            JSON.Member("summary", .string(summary)),
            JSON.Member("source", .string(isFromFlags ? "flags" : "api")),
            JSON.Member("settings", settings),
            JSON.Member("rules", rules.json),
            JSON.Member("paused", .bool(isPaused)),
            JSON.Member("rests_until", state.restsUntil?.json ?? .null),
            JSON.Member("broken", state.brokenBecause.map { .string($0) } ?? .null),
        ])
    }
}
