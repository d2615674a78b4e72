package import Domain

/// The OpenAPI 3.1 document, made from the table that registers the routes.
package struct OpenAPIDocument {
    private let version: String
    private let routes: [Route]

    package init(_ version: String, _ routes: [Route]) {
        self.version = version
        self.routes = routes
    }

    package var json: JSON {
        .object([
            JSON.Member("openapi", .string("3.1.0")),
            JSON.Member(
                "info",
                .object([
                    JSON.Member("title", .string("Chronatog")),
                    JSON.Member("version", .string(version)),
                    JSON.Member(
                        "summary",
                        .string("Makes web calls on time, and keeps the record that proves it.")
                    ),
                ])
            ),
            JSON.Member("paths", .object(paths)),
            JSON.Member(
                "components",
                .object([
                    JSON.Member("schemas", .object(Schemas.all)),
                    JSON.Member("securitySchemes", .object(Self.securitySchemes)),
                ])
            ),
        ])
    }

    private var paths: [JSON.Member] {
        var order: [String] = []
        var operations: [String: [JSON.Member]] = [:]
        for route in routes {
            if operations[route.path] == nil { order.append(route.path) }
            operations[route.path, default: []].append(
                JSON.Member(route.method.lowercased(), Self.operation(route))
            )
        }
        return order.map { JSON.Member($0, .object(operations[$0] ?? [])) }
    }

    private static func operation(_ route: Route) -> JSON {
        var members = [
            JSON.Member("operationId", .string(identifier(route))),
            JSON.Member("summary", .string(route.summary)),
        ]
        let parameters = parameters(route)
        if !parameters.isEmpty { members.append(JSON.Member("parameters", .array(parameters))) }
        if let schema = route.requestSchema {
            members.append(
                JSON.Member(
                    "requestBody",
                    .object([
                        JSON.Member("required", .bool(!route.isRequestOptional)),
                        JSON.Member("content", content("application/json", schema)),
                    ])
                )
            )
        }
        members.append(JSON.Member("responses", .object(answers(route))))
        members.append(JSON.Member("security", security(route.access)))
        return .object(members)
    }

    /// `postJobsIdPause`: unique, because method and path are.
    private static func identifier(_ route: Route) -> String {
        let path =
            route.path.hasPrefix(RouteTable.prefix)
            ? route.path.dropFirst(RouteTable.prefix.count) : route.path[...]
        let words = path.split { !$0.isLetter && !$0.isNumber }
        let name = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return route.method.lowercased() + (name.isEmpty ? "Root" : name)
    }

    private static func parameters(_ route: Route) -> [JSON] {
        let text = JSON.object([JSON.Member("type", .string("string"))])
        var all = route.pathParameters.map { name in
            JSON.compact([
                ("name", .string(name)), ("in", .string("path")), ("required", .bool(true)), ("schema", text),
            ])
        }
        all += route.query.map { parameter in
            JSON.compact([
                ("name", .string(parameter.name)), ("in", .string("query")),
                ("description", .string(parameter.summary)), ("schema", text),
                ("example", parameter.example.isEmpty ? nil : .string(parameter.example)),
            ])
        }
        if route.isConditional {
            all.append(
                .compact([
                    ("name", .string("If-Match")), ("in", .string("header")),
                    ("description", .string("the ETag of the last answer; 412 when it has changed since")),
                    ("schema", text),
                ])
            )
        }
        return all
    }

    private static func answers(_ route: Route) -> [JSON.Member] {
        var good = [JSON.Member("description", .string("done"))]
        if let schema = route.answerSchema {
            good.append(JSON.Member("content", content(route.answerType, schema)))
        } else if route.answerType != "application/json" {
            good.append(JSON.Member("content", .object([JSON.Member(route.answerType, .object([]))])))
        }
        var answers = [JSON.Member("\(route.answerStatus)", .object(good))]
        var problems = route.problems
        if route.access.asksGate { problems += [.unauthorized, .forbidden, .throttled] }
        if !route.query.isEmpty, !route.takesAnyQuery { problems.append(.invalid) }
        for status in Set(problems.map(\.status)).sorted() {
            let title = problems.first { $0.status == status }?.title ?? ""
            answers.append(
                JSON.Member(
                    "\(status)",
                    .object([
                        JSON.Member("description", .string(title)),
                        JSON.Member("content", content("application/problem+json", "Problem")),
                    ])
                )
            )
        }
        return answers
    }

    private static func content(_ type: String, _ schema: String) -> JSON {
        .object([JSON.Member(type, .object([JSON.Member("schema", Schemas.reference(schema))]))])
    }

    private static func security(_ access: Route.Access) -> JSON {
        let bearer = JSON.object([JSON.Member("token", .array([]))])
        let basic = JSON.object([JSON.Member("scheduler", .array([]))])
        return switch access {
        case .anyone: .array([])
        case .scheduler: .array([basic, bearer])
        case .operatorOnly: .array([bearer])
        case .marketplace: .array([.object([JSON.Member("marketplace", .array([]))])])
        }
    }

    private static let securitySchemes = [
        JSON.Member(
            "marketplace",
            .object([
                JSON.Member("type", .string("apiKey")), JSON.Member("in", .string("header")),
                JSON.Member("name", .string("Authorization")),
            ])
        ),
        JSON.Member(
            "scheduler",
            .object([JSON.Member("type", .string("http")), JSON.Member("scheme", .string("basic"))])
        ),
        JSON.Member(
            "token",
            .object([JSON.Member("type", .string("http")), JSON.Member("scheme", .string("bearer"))])
        ),
    ]
}
