internal import Domain
internal import Engine
internal import Streaming

/// What messages link to: acknowledging without a login, and the keys that signatures are checked with.
enum LinkRoutes {
    static let all = [
        Route("GET", "/a/{token}", .anyone, "Ask whether to acknowledge an alert", answer: ask).with {
            $0.answerType = "text/html"
            $0.problems = [.notFound]
        },
        Route("POST", "/a/{token}", .anyone, "Acknowledge the alert that a message links to", answer: act)
            .with {
                $0.answerType = "text/html"
                $0.problems = [.notFound, .conflict, .storageFull]
            },
        Route(
            "GET",
            "/.well-known/chronatog-keys.json",
            .anyone,
            "Public keys that webhooks are signed with, newest first",
            answer: keys
        ),
    ]

    /// Programs that look at links before people do change nothing: only the button does.
    @Sendable private static func ask(_ site: Site, _ request: APIRequest) async throws -> Reply {
        page(try await site.engine.alert(link: token(request)))
    }

    @Sendable private static func act(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let word = token(request)
        let alert = try await site.engine.alert(link: word)
        guard alert.alert.resolvedAt == nil else { return page(alert) }
        return page(try await site.engine.acknowledge(link: word))
    }

    @Sendable private static func keys(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(try await site.engine.publicKeys(), headers: [("Cache-Control", "max-age=300")])
    }

    private static func token(_ request: APIRequest) -> String { request.parameters["token"] ?? "" }

    private static func page(_ view: AlertView) -> Reply {
        let alert = view.alert
        let state: String
        if alert.resolvedAt != nil {
            state = "<p>It is resolved; there is nothing left to acknowledge.</p>"
        } else if alert.acknowledgedAt != nil {
            state = "<p>It is acknowledged: whoever was told of it is told of that.</p>"
        } else {
            state = "<form method=\"post\"><button>I look after it</button></form>"
        }
        var reply = Reply.text(
            """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Acknowledge an alert</title>
            <style>\(FrontPage.style)</style>
            <main>
            <h1>\(FrontPage.escape(alert.opened.title))</h1>
            <p class="lead">Open since \(FrontPage.escape(alert.openedAt.rfc3339Text ?? "")).</p>
            \(state)
            </main>
            </html>

            """,
            type: "text/html"
        )
        // 'unsafe-inline' because the page's only style stands in it; nothing of it comes from outside.
        reply.headers += [
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"), ("X-Robots-Tag", "noindex"),
        ]
        return reply
    }
}
