internal import Cron
internal import Domain
internal import Engine
internal import Streaming

/// The server about itself: version, document, health, figures, and a page for people.
enum AboutRoutes {
    static let all = [
        Route(
            "GET",
            "\(RouteTable.prefix)/version",
            .anyone,
            "Version of the program and of its zone rules",
            answer: version
        )
        .with { $0.answerSchema = "Version" },
        Route("GET", "\(RouteTable.prefix)/openapi.json", .anyone, "This document", answer: document).with {
            $0.answerType = "application/json"
        },
        Route("GET", "/healthz", .anyone, "Whether the server does its work", answer: health).with {
            $0.answerSchema = "Health"
            $0.problems = [.stopping]
        },
        Route("GET", "/-/metrics", .anyone, "Figures, as Prometheus text", answer: metrics).with {
            $0.answerType = "text/plain"
        },
        Route("GET", "/", .anyone, "A page for people", answer: page).with { $0.answerType = "text/html" },
    ]

    @Sendable private static func version(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(
            .compact([
                ("name", .string("chronatog")), ("version", .string(site.options.version)),
                ("zones", .string(site.zones.version)), ("events", .number(Int64(EventView.version))),
            ])
        )
    }

    @Sendable private static func document(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(OpenAPIDocument(site.options.version, RouteTable.routes(hasSink: site.sink != nil)).json)
    }

    /// 503 only when nothing works any more: a full disk keeps what was promised going, and says so.
    @Sendable private static func health(_ site: Site, _ request: APIRequest) async throws -> Reply {
        do {
            let figures = try await site.engine.figures()
            return .json(
                .compact([
                    ("status", .string(figures.isStorageFull ? "storage-full" : "ok")),
                    ("sequence", .number(Int64(clamping: figures.sequence.value))),
                    ("jobs", .number(Int64(figures.jobs))), ("open_runs", .number(Int64(figures.openRuns))),
                    ("behind", .string(figures.behind.text)),
                ])
            )
        } catch {
            let word = error == .stopping ? "stopping" : "failed"
            return .json(.compact([("status", .string(word))]), status: 503)
        }
    }

    @Sendable private static func metrics(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let figures = try await site.engine.figures()
        return .text(PrometheusText.text(figures.metrics), type: "text/plain; version=0.0.4")
    }

    @Sendable private static func page(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let (figures, clock) = (try await site.engine.figures(), try await site.engine.clock())
        var reply = Reply.text(FrontPage.html(site, figures, clock), type: "text/html")
        // 'unsafe-inline' because the page's only style stands in it; nothing of it comes from outside.
        reply.headers += [
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ]
        return reply
    }
}
