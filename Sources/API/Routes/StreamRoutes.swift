internal import Domain

/// `/v1/events`, as the document tells of it, and for those who ask for it as if it were a page: streams are
/// served by `StreamDesk` before any route is looked for.
enum StreamRoutes {
    static let all = [
        Route("GET", "/v1/events", .anyone, "Watch what happens: WebSocket, or text/event-stream") { _, _ in
            var problem = Problem(
                .upgradeRequired,
                "Open it as a WebSocket, or send Accept: text/event-stream; "
                    + "\(RouteTable.prefix)/events lists what has happened."
            )
            problem.headers = [
                Problem.Header(name: "Upgrade", value: "websocket"),
                Problem.Header(name: "Connection", value: "Upgrade"),
            ]
            throw problem
        }.with {
            $0.query = Subscription.parameters
            $0.takesAnyQuery = true
            $0.answerSchema = "StreamEvent"
            $0.answerType = "text/event-stream"
            $0.problems = [.unauthorized, .historyGone, .upgradeRequired, .invalid, .throttled, .busy]
        }
    ]
}
