internal import Domain
internal import Engine
internal import Streaming

/// `/api/v1/{kind}/`: the objects that events name in `resource_uri`, in the manner of Tutum's API: lists in
/// `{meta, objects}`, errors as `{error}`, and runs as actions that can be cancelled, retried and read.
enum ObjectRoutes {
    private static let root = "/api/v1"

    static let all =
        [
            list(.account) { site, _, page in page.of([await ObjectJSON.account(site)]) },
            list(.scheduler) { site, request, page in
                page.of(try await ObjectJSON.schedulers(site, request.caller))
            },
            list(.job, answer: ObjectJSON.jobs),
            list(.run, objects: true, answer: ObjectJSON.runs),
            list(.run, named: "action", objects: true, answer: ObjectJSON.runs),
            list(.check) { site, request, page in
                page.of(try await ObjectJSON.checks(site, request.caller))
            },
            list(.alert) { site, request, page in
                page.of(try await ObjectJSON.openAlerts(site, request.caller))
            },
            list(.delivery, access: .operatorOnly) { site, _, page in
                page.of(try await site.engine.pendingMessages().map { ObjectJSON.delivery($0) })
            },
            list(.connection, access: .operatorOnly) { site, _, page in
                page.of(try await site.engine.streams().map { ObjectJSON.connection($0) })
            },
            read(.connection, access: .operatorOnly, answer: ObjectJSON.connection),
            read(.account) { site, request in
                guard request.parameters["id"] == ObjectView.accountID else { throw missing(request) }
                return await ObjectJSON.account(site)
            },
            read(.scheduler, answer: ObjectJSON.scheduler),
            read(.job, answer: ObjectJSON.job),
            read(.run, answer: ObjectJSON.run),
            read(.run, named: "action", answer: ObjectJSON.run),
            read(.check, answer: ObjectJSON.check),
            read(.alert, answer: ObjectJSON.alert),
            read(.delivery, access: .operatorOnly, answer: ObjectJSON.delivery),
        ] + ["run", "action"].flatMap(steps)

    /// What can be done with a run.
    private static func steps(_ name: String) -> [Route] {
        [
            Route("POST", "\(root)/\(name)/{id}/cancel", .scheduler, "Cancel an open run") { site, request in
                let run = try await RunRoutes.run(site, request)
                try await site.engine.cancel(run.id, as: request.caller)
                return accepted(try await ObjectJSON.run(site, request), run.id)
            },
            Route("POST", "\(root)/\(name)/{id}/retry", .scheduler, "Run the same job again") {
                site,
                request in
                let run = try await RunRoutes.run(site, request)
                let opened = try await site.engine.runNow(run.job, as: request.caller, overlap: .allow)
                let again = RunHistory(id: opened.id, open: opened.run)
                return accepted(ObjectJSON.run(again, owner: nil), opened.id)
            },
            Route("GET", "\(root)/\(name)/{id}/logs", .scheduler, "Read a run's attempts as text") {
                site,
                request in
                let run = try await RunRoutes.run(site, request)
                let tail = try request.query.number("tail", in: 1...ListLimits.countMax)
                let lines = ObjectJSON.log(run)
                let text = (tail.map { lines.suffix($0) } ?? lines[...]).map { "\($0)\n" }.joined()
                return .text(text, type: "text/plain")
            }
            .with {
                $0.query = [Route.Parameter("tail", "the last so many lines", "10")]
                $0.answerType = "text/plain"
            },
        ].map { route in
            route.with {
                if $0.method == "POST" {
                    $0.answerStatus = 202
                    $0.answerSchema = "Object"
                }
                $0.problems = [.notFound, .conflict, .storageFull]
                $0.refuse = refusal
            }
        }
    }

    private static func accepted(_ object: JSON, _ run: RunID) -> Reply {
        .json(object, status: 202, headers: [("X-Tutum-Action-URI", ObjectView.uri(.run, run))])
    }

    // MARK: Shapes

    /// A part of a list, as `limit` and `offset` ask for it.
    struct Page: Sendable {
        let limit: Int
        let offset: Int
        let path: String

        func of(_ all: [JSON]) -> JSON {
            of(Array(all.dropFirst(offset).prefix(limit)), total: all.count)
        }

        func of(_ shown: [JSON], total: Int) -> JSON {
            let next = offset + limit < total ? link(offset + limit) : JSON.null
            let previous = offset > 0 ? link(max(0, offset - limit)) : JSON.null
            let meta = JSON.object([
                JSON.Member("limit", .number(Int64(limit))), JSON.Member("next", next),
                JSON.Member("offset", .number(Int64(offset))), JSON.Member("previous", previous),
                JSON.Member("total_count", .number(Int64(total))),
            ])
            return .object([JSON.Member("meta", meta), JSON.Member("objects", .array(shown))])
        }

        private func link(_ offset: Int) -> JSON { .string("\(path)?limit=\(limit)&offset=\(offset)") }
    }

    private static func list(
        _ kind: ObjectKind,
        named name: String? = nil,
        access: Route.Access = .scheduler,
        objects: Bool = false,
        answer: @escaping @Sendable (Site, APIRequest, Page) async throws -> JSON
    ) -> Route {
        let name = name ?? kind.rawValue
        return Route("GET", "\(root)/\(name)", access, "List: \(name)") { site, request in
            let page = Page(
                limit: try request.query.number("limit", in: 1...1000) ?? 25,
                offset: try request.query.number("offset", in: 0...10_000_000) ?? 0,
                path: "\(root)/\(name)/"
            )
            return .json(try await answer(site, request, page))
        }
        .with {
            $0.query = [
                Route.Parameter("limit", "1 to 1000, 25 if not given", "25"),
                Route.Parameter("offset", "of the first one", "0"),
            ]
            if objects {
                $0.query.append(Route.Parameter("object", "a job's resource_uri", "/api/v1/job/1/"))
            }
            $0.answerSchema = "ObjectList"
            $0.refuse = refusal
        }
    }

    private static func read(
        _ kind: ObjectKind,
        named name: String? = nil,
        access: Route.Access = .scheduler,
        answer: @escaping @Sendable (Site, APIRequest) async throws -> JSON
    ) -> Route {
        let name = name ?? kind.rawValue
        return Route("GET", "\(root)/\(name)/{id}", access, "Read: \(name)") { site, request in
            .json(try await answer(site, request))
        }
        .with {
            $0.answerSchema = "Object"
            $0.problems = [.notFound, .historyGone]
            $0.refuse = refusal
        }
    }

    static func missing(_ request: APIRequest) -> Problem { Problem.notFound(request.path) }

    /// Tutum's clients read `error` and the status.
    @Sendable private static func refusal(_ problem: Problem) -> Reply {
        let own = problem.headers.map { (name: $0.name, value: $0.value) }
        let text = ([problem.detail] + problem.faults.map { "\($0.field) \($0.message)" }).joined(
            separator: " "
        )
        return .json(
            .object([JSON.Member("error", .string(text))]),
            status: problem.kind.status,
            headers: own
        )
    }
}
