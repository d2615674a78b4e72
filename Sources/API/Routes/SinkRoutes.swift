internal import Domain
internal import Effects
internal import Engine
internal import Streaming

/// The built-in target of `--ephemeral`, over HTTP and in real time.
enum SinkRoutes {
    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    static let all: [Route] =
        [
            Route("GET", "/_sink", .anyone, "Calls that the sink received, oldest first", answer: list).with {
                $0.query = [
                    Route.Parameter(
                        "limit",
                        "1 to \(ListLimits.countMax), all that are kept if not given",
                        "100"
                    )
                ]
                $0.answerSchema = "[SinkCall]"
            },
            Route("DELETE", "/_sink", .anyone, "Forget them, and the counters of fail_first", answer: clear),
        ]
        + methods.flatMap { method in
            ["/_sink/{status}", "/_sink/{status}/{rest}"].map { path in
                Route(method, path, .anyone, "A target for calls: answers as it is asked to", answer: receive)
                    .with {
                        $0.takesAnyQuery = true
                        $0.query = [
                            Route.Parameter("delay", "wait before the answer", "250ms"),
                            Route.Parameter(
                                "after",
                                "wait between the head of the answer and its body",
                                "2s"
                            ),
                            Route.Parameter("fail_first", "answer so many calls of each run 503 first", "2"),
                            Route.Parameter("bytes", "length of the body", "1000"),
                            Route.Parameter("hang", "never answer", "1"),
                        ]
                        $0.answerType = "text/plain"
                    }
            }
        }

    @Sendable private static func receive(_ site: Site, _ request: APIRequest) async throws -> Reply {
        guard let sink = site.sink else { throw Problem.notFound("sink") }
        let answer = sink.receive(
            method: request.method,
            target: request.target,
            headers: request.headers,
            body: request.body,
            now: try await site.now()
        )
        var reply = Reply(status: Int(answer.status), headers: answer.headers, body: answer.body)
        reply.pacing = answer
        return reply
    }

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let limit = try request.query.number("limit", in: 1...ListLimits.countMax) ?? Sink.capturedMax
        return .json(.array((site.sink?.captured ?? []).suffix(limit).map(json)))
    }

    @Sendable private static func clear(_ site: Site, _ request: APIRequest) async throws -> Reply {
        site.sink?.clear()
        return .empty
    }

    private static func json(_ call: SinkCall) -> JSON {
        .object([
            JSON.Member("n", .number(Int64(call.number))),
            JSON.Member("at", call.at.json),
            JSON.Member("method", .string(call.method)),
            JSON.Member("target", .string(call.target)),
            JSON.Member(
                "headers",
                .object(call.headers.map { JSON.Member($0.name.lowercased(), .string($0.value)) })
            ),
            JSON.Member("body", .string(String(decoding: call.body, as: UTF8.self))),
            JSON.Member("body_bytes", .number(Int64(call.bodyBytes))),
            JSON.Member("status", call.status.map { .number(Int64($0)) } ?? .null),
        ])
    }
}
