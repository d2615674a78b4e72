internal import Domain
internal import Engine

/// `/ping/…`: what checks hear, with the URLs, answers and headers that Healthchecks gives, so that a
/// script written for it needs another host and nothing else. Facts: https://healthchecks.io/docs/http_api/
///
/// Who knows the URL may ping: there is no other credential. Most pings do not come this far: `PingLane`
/// answers them, in the same words.
enum PingRoutes {
    static let all: [Route] = paths.flatMap { path, summary in
        methods.map { Route($0, path, .anyone, summary, answer: answer).with(told) } + [preflight(path)]
    }

    /// PUT is what `curl -T FILE` sends.
    private static let methods = ["GET", "POST", "PUT"]

    private static let paths = [
        ("/ping/{check}", "Say that it works"),
        (
            "/ping/{check}/{word}",
            "With a UUID: start, fail, log or an exit code; with a ping key: a slug's success"
        ),
        ("/ping/{check}/{word}/{action}", "With a ping key and a slug: start, fail, log or an exit code"),
    ]

    /// A browser asks before it pings for a page of another origin with PUT, or with a body of JSON.
    private static func preflight(_ path: String) -> Route {
        let reply = Reply(
            status: 204,
            headers: [
                ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Allow-Methods", (methods + ["HEAD", "OPTIONS"]).joined(separator: ", ")),
                ("Access-Control-Allow-Headers", "*"), ("Access-Control-Max-Age", "86400"),
            ]
        )
        return Route("OPTIONS", path, .anyone, "Let pages of any origin ping") { _, _ in reply }.with {
            $0.takesAnyQuery = true
            $0.bodyKeptBytesMax = 0
            $0.answerStatus = 204
        }
    }

    private static let told: @Sendable (inout Route) -> Void = {
        $0.query = [
            .init("rid", "a UUID that matches an end with its own start"),
            .init("create", "1: make the check when the slug is new", "1"),
        ]
        $0.takesAnyQuery = true
        $0.bodyKeptBytesMax = Ping.bodyBytesMax
        $0.answerType = "text/plain"
        $0.problems = [.malformed, .notFound, .storageFull]
    }

    @Sendable private static func answer(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var arrival: PingArrival
        do throws(PingReading.Refusal) {
            arrival = try PingReading(
                method: request.method,
                target: request.target,
                source: request.remoteAddress
            ).arrival
        } catch {
            if let target = error.target, try await !site.engine.hears(target) { return reply(.noSuchCheck) }
            return reply(error.status, error.text)
        }
        arrival.ping.body = request.body
        arrival.ping.bodyBytes = UInt64(request.bodyBytes)
        return reply(
            try await site.engine.ping(
                arrival.target,
                arrival.ping,
                creating: arrival.definition,
                lasting: nil
            )
        )
    }

    /// What is answered to a ping that is durable.
    static func reply(_ answer: PingAnswer) -> Reply {
        switch answer {
        case .taken: taken
        case .created: reply(201, "Created")
        case .noSuchCheck: reply(404, "not found")
        }
    }

    private static let taken = reply(200, "OK")

    static func reply(_ status: Int, _ text: String) -> Reply {
        Reply(
            status: status,
            headers: [
                ("Content-Type", "text/plain; charset=utf-8"), ("Ping-Body-Limit", "\(Ping.bodyBytesMax)"),
                ("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-store"),
            ],
            body: Array(text.utf8)
        )
    }
}
