internal import Domain
internal import Engine
internal import Integrations
internal import Streaming

/// `alerts` and `messages`: what is wrong, and what of it has not arrived. The operator's business, for a
/// channel is told of every scheduler's jobs.
enum AlertRoutes {
    private static let alerts = "\(RouteTable.prefix)/alerts"
    private static let messages = "\(RouteTable.prefix)/messages"

    static let all = [
        Route("GET", alerts, .operatorOnly, "List alerts, oldest first", answer: list)
            .with {
                $0.query =
                    [
                        .init(
                            "state",
                            "open (not acknowledged), acknowledged, resolved (the latest ones) or all; "
                                + "open and acknowledged without it",
                            "open"
                        )
                    ]
                    + Listed.parameters("an alert's id")
                $0.answerSchema = "[Alert]"
            },
        Route(
            "POST",
            "\(alerts)/{id}/acknowledge",
            .operatorOnly,
            "Say that somebody looks after it",
            answer: acknowledge
        ).with {
            $0.answerSchema = "Alert"
            $0.problems = [.notFound, .conflict, .storageFull]
        },
        Route(
            "POST",
            "\(alerts)/{id}/resolve",
            .operatorOnly,
            "Say that it is over; the next failure opens another",
            answer: resolve
        ).with {
            $0.answerSchema = "Alert"
            $0.problems = [.notFound, .conflict, .storageFull]
        },
        Route(
            "GET",
            messages,
            .operatorOnly,
            "List messages that are not delivered, oldest first",
            answer: listMessages
        ).with {
            $0.query =
                [.init("state", "waiting or dead; both without it", "dead")]
                + Listed.parameters("a message's id")
            $0.answerSchema = "[Message]"
        },
        Route("POST", "\(messages)/resend", .operatorOnly, "Send dead messages again", answer: resend).with {
            $0.query = [.init("channel", "of this channel alone", "slack")]
            $0.answerSchema = "Resent"
            $0.problems = [.notFound, .storageFull]
        },
        Route("DELETE", messages, .operatorOnly, "Discard dead messages", answer: discard).with {
            $0.query = [.init("channel", "of this channel alone, which may be gone", "slack")]
            $0.answerSchema = "Discarded"
            $0.problems = [.notFound, .storageFull]
        },
    ]

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let state = try request.query.word("state", of: ["open", "acknowledged", "resolved", "all"])
        let after = AlertID(try Listed.after(request) ?? 0)
        let limit = try request.query.limit()
        let all = try await site.engine.alerts().filter {
            $0.id > after
                && (state == "all" || (state == nil ? $0.alert.resolvedAt == nil : state == $0.state))
        }
        let shown = all.prefix(limit)
        let next = all.count > limit ? shown.last.map { "\($0.id)" } : nil
        return .list(shown.map { $0.json(site) }, request, site, next: next)
    }

    @Sendable private static func acknowledge(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(try await site.engine.acknowledge(id(request)).json(site))
    }

    @Sendable private static func resolve(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(try await site.engine.resolve(id(request)).json(site))
    }

    private static func id(_ request: APIRequest) throws -> AlertID {
        let text = request.parameters["id"] ?? ""
        guard let number = APIRequest.decimal(text) else { throw Problem.notFound("alert \(text)") }
        return AlertID(number)
    }

    @Sendable private static func listMessages(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let state = try request.query.word("state", of: ["waiting", "dead"])
        let after = MessageID(try Listed.after(request) ?? 0)
        let limit = try request.query.limit()
        let all = try await site.engine.pendingMessages().filter {
            $0.id > after && (state == nil || state == $0.state)
        }
        let shown = all.prefix(limit)
        let next = all.count > limit ? shown.last.map { "\($0.id)" } : nil
        return .list(shown.map(\.json), request, site, next: next)
    }

    @Sendable private static func resend(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let count = try await site.engine.resendDead(channel: request.query["channel"])
        return .json(json(count))
    }

    @Sendable private static func discard(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let count = try await site.engine.discardDead(channel: request.query["channel"])
        return .json(.object([JSON.Member("discarded", .number(Int64(count)))]))
    }

    static func json(_ count: Resent) -> JSON {
        .object([
            JSON.Member("resent", .number(Int64(count.resent))),
            JSON.Member("skipped", .number(Int64(count.skipped))),
        ])
    }
}

extension AlertView {
    fileprivate var state: String {
        if alert.resolvedAt != nil { return "resolved" }
        return alert.acknowledgedAt == nil ? "open" : "acknowledged"
    }

    fileprivate func json(_ site: Site) -> JSON {
        .object([
            JSON.Member("id", .string("\(id)")),
            JSON.Member("key", .string(alert.key)),
            JSON.Member("state", .string(state)),
            JSON.Member("severity", .string(alert.opened.severity.word)),
            JSON.Member("cause", .string(alert.opened.cause.word)),
            JSON.Member("title", .string(alert.opened.title)),
            JSON.Member("details", .array(alert.opened.details.map { .string($0) })),
            JSON.Member("job", alert.job.map { .string("\($0)") } ?? .null),
            JSON.Member(
                "job_url",
                alert.job.map { .string(site.url("\(RouteTable.prefix)/jobs/\($0)")) } ?? .null
            ),
            JSON.Member("opened_at", alert.openedAt.json),
            JSON.Member("acknowledged_at", alert.acknowledgedAt?.json ?? .null),
            JSON.Member("resolved_at", alert.resolvedAt?.json ?? .null),
            JSON.Member("end", alert.end.map { .string($0.word) } ?? .null),
            JSON.Member("channels", .array(alert.channels.keys.sorted().map { .string($0) })),
            JSON.Member("references", .array(references)),
        ])
    }

    /// By what its counterparts know it.
    private var references: [JSON] {
        alert.channels.sorted { $0.key < $1.key }.flatMap { channel, facts in
            AlertReference.all(in: facts).map { name, value in
                .object([
                    JSON.Member("channel", .string(channel)), JSON.Member("name", .string(name)),
                    JSON.Member("value", .string(value)),
                ])
            }
        }
    }
}

extension MessageView {
    fileprivate var state: String { message.isDead ? "dead" : "waiting" }

    fileprivate var json: JSON {
        .object([
            JSON.Member("id", .string("\(id)")),
            JSON.Member("state", .string(state)),
            JSON.Member("channel", .string(message.channel)),
            JSON.Member("kind", .string(message.kind.word)),
            JSON.Member("alert", message.alert == .zero ? .null : .string("\(message.alert)")),
            JSON.Member("job", message.job.map { .string("\($0)") } ?? .null),
            JSON.Member("run", message.letter.map { .string("\($0.run)") } ?? .null),
            JSON.Member("intended_at", message.intendedAt.json),
            JSON.Member("attempts", .number(Int64(message.attempts))),
            JSON.Member("retry_at", earliest?.json ?? .null),
            JSON.Member("waits_for", waitsFor.map { .string($0) } ?? .null),
            JSON.Member("reason", message.reason.isEmpty ? .null : .string(message.reason)),
            JSON.Member("overtaken", .bool(message.isOvertaken)),
            JSON.Member("goes_with", message.leader == .zero ? .null : .string("\(message.leader)")),
        ])
    }
}

extension QueryFields {
    /// One of a few words; nil when it is not given.
    func word(_ name: String, of known: [String]) throws -> String? {
        guard let text = self[name] else { return nil }
        guard known.contains(text) else {
            throw Problem(name, "\"\(text)\" is none of \(known.joined(separator: ", "))")
        }
        return text
    }
}
