internal import Domain
internal import Engine
internal import Streaming

/// `blackouts`: when jobs do not run. The operator's business, for they are over every scheduler's jobs.
enum BlackoutRoutes {
    private static let path = "\(RouteTable.prefix)/blackouts"

    static let all = [
        Route("GET", path, .operatorOnly, "List blackouts, by name", answer: list).with {
            $0.answerSchema = "[Blackout]"
        },
        Route("GET", "\(path)/{name}", .operatorOnly, "Read a blackout", answer: read).with {
            $0.answerSchema = "Blackout"
            $0.problems = [.notFound]
        },
        Route("PUT", "\(path)/{name}", .operatorOnly, "Make a blackout, or replace it", answer: set).with {
            $0.requestSchema = "BlackoutRequest"
            $0.answerSchema = "Blackout"
            $0.problems = [.malformed, .conflict, .invalid, .storageFull]
        },
        Route("DELETE", "\(path)/{name}", .operatorOnly, "Remove a blackout", answer: remove).with {
            $0.problems = [.notFound, .storageFull]
        },
    ]

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let now = try await site.now()
        return .json(.array(try await site.engine.blackouts().map { site.json($0, now: now) }))
    }

    @Sendable private static func read(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let name = request.parameters["name"] ?? ""
        guard let view = try await site.engine.blackouts().first(where: { $0.blackout.name == name }) else {
            throw Problem.notFound("blackout \(name)")
        }
        return .json(site.json(view, now: try await site.now()))
    }

    @Sendable private static func set(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let form = try BlackoutForm(
            request.parameters["name"] ?? "",
            try RequestBody.object(request.body),
            zone: site.options.zone
        )
        let view = try await site.engine.setBlackout(form.blackout, calendarURL: form.calendarURL)
        return .json(site.json(view, now: try await site.now()))
    }

    @Sendable private static func remove(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await site.engine.removeBlackout(request.parameters["name"] ?? "")
        return .empty
    }
}

extension Site {
    fileprivate func json(_ view: BlackoutView, now: Timestamp) -> JSON {
        let blackout = view.blackout
        var members = [
            JSON.Member("name", .string(blackout.name)),
            JSON.Member("url", .string(url("\(RouteTable.prefix)/blackouts/\(blackout.name)"))),
            JSON.Member("labels", .array(blackout.labels.map { .string($0) })),
        ]
        switch blackout.time {
        case .once(let from, let to):
            members += [JSON.Member("from", from.json), JSON.Member("to", to.json)]
        case .recurring(let schedule, let zone, let lasting):
            members += [
                JSON.Member("schedule", .string(schedule)), JSON.Member("zone", .string(zone)),
                JSON.Member("lasting", .string(lasting.text)),
            ]
        case .calendar(let source):
            members += [
                JSON.Member("zone", .string(source.zone)),
                JSON.Member("events_from", .string(view.host ?? "a file")),
            ]
        }
        let next = view.next.map { stretch in
            JSON.object([JSON.Member("from", stretch.from.json), JSON.Member("to", stretch.to.json)])
        }
        members += [
            JSON.Member("active", .bool(view.next.map { $0.from <= now } ?? false)),
            JSON.Member("next", next ?? .null),
            JSON.Member("fault", view.fault.map { .string($0) } ?? .null),
        ]
        return .object(members)
    }
}
