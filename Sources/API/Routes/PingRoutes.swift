internal import Domain
internal import Engine

/// `/ping/…`: what checks hear, with the URLs, answers and headers that Healthchecks gives, so that a
/// script written for it needs another host and nothing else. Facts: https://healthchecks.io/docs/http_api/
///
/// Who knows the URL may ping: there is no other credential. Most pings do not come this far: `PingLane`
/// answers them, in the same words.
enum PingRoutes {
    static let all: [Route] = routes("GET") + routes("POST")

    private static func routes(_ method: String) -> [Route] {
        [
            Route(method, "/ping/{check}", .anyone, "Say that it works", answer: answer).with(told),
            Route(
                method,
                "/ping/{check}/{word}",
                .anyone,
                "With a UUID: start, fail, log or an exit code; with a ping key: a slug's success",
                answer: answer
            ).with(told),
            Route(
                method,
                "/ping/{check}/{word}/{action}",
                .anyone,
                "With a ping key and a slug: start, fail, log or an exit code",
                answer: answer
            ).with(told),
        ]
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
