internal import Domain
internal import Effects
internal import Engine
internal import Integrations
internal import Streaming

/// `streams`: event streams elsewhere that are watched. The operator's business, for they hold credentials.
enum SourceRoutes {
    private static let path = "\(RouteTable.prefix)/streams"

    static let all = [
        Route("GET", path, .operatorOnly, "List watched streams, by name") { site, _ in
            .json(.array(try await site.engine.streams().map { site.json($0) }))
        }
        .with { $0.answerSchema = "[StreamSource]" },
        Route("GET", "\(path)/{name}", .operatorOnly, "Read a watched stream") { site, request in
            .json(site.json(try await site.engine.stream(name(request))))
        }
        .with {
            $0.answerSchema = "StreamSource"
            $0.problems = [.notFound]
        },
        Route(
            "PUT",
            "\(path)/{name}",
            .operatorOnly,
            "Watch a stream, or watch it otherwise; without a login the known one of the same server is kept",
            answer: set
        ).with {
            $0.requestSchema = "StreamSourceRequest"
            $0.answerSchema = "StreamSource"
            $0.problems = [.malformed, .conflict, .invalid, .storageFull]
        },
        Route("DELETE", "\(path)/{name}", .operatorOnly, "Watch a stream no more") { site, request in
            try await site.engine.removeStream(name(request))
            return .empty
        }
        .with { $0.problems = [.notFound, .conflict, .storageFull] },
        turn("pause", true, "Leave a stream until it is resumed; its alerts are resolved"),
        turn("resume", false, "Watch again what was paused, or refused our credentials"),
    ]

    private static func turn(_ word: String, _ isPaused: Bool, _ summary: String) -> Route {
        Route("POST", "\(path)/{name}/\(word)", .operatorOnly, summary) { site, request in
            .json(site.json(try await site.engine.pauseStream(name(request), isPaused)))
        }
        .with {
            $0.answerSchema = "StreamSource"
            $0.problems = [.notFound, .conflict, .storageFull]
        }
    }

    private static func name(_ request: APIRequest) -> String { request.parameters["name"] ?? "" }

    /// What only answers say.
    private static let answersOnly = [
        "name", "source", "login", "state", "since", "reason", "retry_at", "outages", "lost_since", "events",
        "last_event_at", "overflowed",
    ]

    @Sendable private static func set(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let body = try RequestBody.object(request.body)
        var fields = Fields(body)
        fields.refuseUnknown(
            TutumSource.fields + ["alert_after", "silent_after", "notifications", "paused"],
            answersOnly: answersOnly
        )
        var wish = SourceWish(
            settings: .compact(TutumSource.fields.map { field in (field, fields.value(field)) })
        )
        fields.read("notifications", into: &wish.takesNotifications)
        fields.read("paused", into: &wish.isPaused)
        if fields.value("alert_after") == .string("off") {
            wish.alertAfter = nil
        } else {
            var after = SourceSet.usualAlertAfter
            fields.read("alert_after", into: &after, default: SourceSet.usualAlertAfter)
            wish.alertAfter = after
        }
        if let text = fields.value("silent_after"), text != .string("off") {
            var after = Span.zero
            fields.read("silent_after", into: &after, default: .zero)
            if after < .seconds(1) { fields.fault("silent_after", "is less than 1s", hint: "1h, or off") }
            wish.silentAfter = after
        }
        try fields.check()
        let origin = try await site.engine.streamOrigin(name(request), settings: wish.settings)
        // A literal address that the egress policy refuses is refused now, not at three in the morning.
        if let objection = site.judgeLiteral(origin.host, origin.port) { throw Problem("url", objection) }
        return .json(site.json(try await site.engine.setStream(name(request), wish)))
    }
}

extension Site {
    fileprivate func json(_ view: SourceView) -> JSON {
        let (source, set) = (view.source, view.source.set)
        return .object([
            JSON.Member("name", .string(set.name)),
            JSON.Member("url", .string(set.address)),
            JSON.Member("source", .string(set.isFromFlags ? "flags" : "api")),
            JSON.Member("login", .string(view.login)),
            JSON.Member("state", .string(view.state)),
            JSON.Member("since", source.since.json),
            JSON.Member("reason", view.reason.map { .string($0) } ?? .null),
            JSON.Member("retry_at", view.retryAt?.json ?? .null),
            JSON.Member("outages", .number(Int64(clamping: source.outages))),
            JSON.Member("lost_since", source.lostSince?.json ?? .null),
            JSON.Member("alert_after", .string(set.alertAfter?.text ?? "off")),
            JSON.Member("silent_after", .string(set.silentAfter?.text ?? "off")),
            JSON.Member("notifications", .bool(set.takesNotifications)),
            JSON.Member("paused", .bool(set.isPaused)),
            JSON.Member("events", .number(Int64(clamping: view.events))),
            JSON.Member("last_event_at", view.lastEventAt?.json ?? .null),
            JSON.Member("overflowed", .number(Int64(clamping: source.overflowed))),
        ])
    }
}
