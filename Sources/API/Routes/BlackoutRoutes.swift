internal import Domain
internal import Effects
internal import Engine
internal import Integrations
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
            zone: site.options.zone,
            zones: site.zones
        )
        // A literal address that the egress policy refuses is refused now, not when it is read.
        if let origin = form.calendarURL.flatMap({ try? WebAddress($0) })?.origin,
            let objection = site.judgeLiteral(origin.host, origin.port)
        {
            throw Problem("ics_url", objection)
        }
        let view = try await site.engine.setBlackout(form.blackout, calendarURL: form.calendarURL)
        let notes = try await notes(view, site)
        return .json(site.json(view, notes: notes, now: try await site.now()))
    }

    @Sendable private static func remove(_ site: Site, _ request: APIRequest) async throws -> Reply {
        try await site.engine.removeBlackout(request.parameters["name"] ?? "")
        return .empty
    }

    /// What its maker may not have meant.
    private static func notes(_ view: BlackoutView, _ site: Site) async throws -> [String] {
        var notes: [String] = []
        if case .once = view.blackout.time, view.next == nil { notes.append("It is over already.") }
        if try await isOverNobody(view.blackout, site) {
            let labels = view.blackout.labels.joined(separator: ", ")
            notes.append("No job has the labels \(labels), and no check has the tags.")
        }
        return notes
    }

    /// Jobs and checks that are looked through; beyond it, nothing is said.
    private static let lookedThroughMax = 100_000

    private static func isOverNobody(_ blackout: Blackout, _ site: Site) async throws -> Bool {
        let (labels, page) = (Set(blackout.labels), 1_000)
        if labels.isEmpty { return false }
        var (job, check) = (JobID(0), CheckID(0))
        for _ in 0..<lookedThroughMax / page {
            let jobs = try await site.engine.jobs(after: job, limit: page, as: .operator)
            let checks = try await site.engine.checks(after: check, limit: page, as: .operator)
            if jobs.contains(where: { labels.isSubset(of: $0.definition.labels) })
                || checks.contains(where: { labels.isSubset(of: $0.definition.tags) })
            {
                return false
            }
            if jobs.count < page, checks.count < page { return true }
            (job, check) = (jobs.last?.id ?? job, checks.last?.id ?? check)
        }
        return false
    }
}

extension Site {
    fileprivate func json(_ view: BlackoutView, notes: [String]? = nil, now: Timestamp) -> JSON {
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
                JSON.Member("events", .number(Int64(view.events ?? 0))),
                JSON.Member("pending", .bool(view.isPending)),
                JSON.Member("read_again_at", view.readAgainAt?.json ?? .null),
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
        if let notes { members.append(JSON.Member("notes", .array(notes.map { .string($0) }))) }
        return .object(members)
    }
}
