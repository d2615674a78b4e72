internal import Domain
internal import Effects
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// Between Hummingbird's requests and ours: bodies collected and bounded, answers written.
struct Responder: Sendable {
    let site: Site
    let dates: DateLine
    let logger: Logger
    private let router: RouterResponder<SiteContext>

    init(site: Site, dates: DateLine, logger: Logger) {
        self.site = site
        self.dates = dates
        self.logger = logger
        router = Self.router(site, RouteTable.routes(hasSink: site.sink != nil)).buildResponder()
    }

    /// Registers the table; nothing else registers a route.
    static func router(_ site: Site, _ routes: [Route]) -> Router<SiteContext> {
        let router = Router(context: SiteContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: UnknownRoutes(routes: routes))
        for route in routes {
            guard let method = HTTPRequest.Method(route.method) else { continue }
            router.on(RouterPath(pattern(route.path)), method: method) { request, context in
                try await answer(site, request, context, route)
            }
        }
        return router
    }

    /// `/jobs/{id}` as Hummingbird writes it.
    static func pattern(_ path: String) -> String {
        path.split(separator: "/")
            .map { part in
                if part == "{rest}" { return "**" }
                return part.hasPrefix("{") ? ":\(part.dropFirst().dropLast())" : String(part)
            }
            .joined(separator: "/")
    }

    /// - Throws: when nobody waits for an answer any more.
    func respond(_ request: Request, _ channel: any Channel) async throws -> Response {
        let context = SiteContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        return signed(try await router.respond(to: request, context: context))
    }

    /// What is answered to a request that never met a route.
    func refusal(_ problem: Problem) -> Response { signed(Self.response(.problem(problem))) }

    private func signed(_ response: Response) -> Response {
        var response = response
        response.headers[.server] = "chronatog"
        response.headers[.date] = dates.text
        return response
    }

    private static func answer(
        _ site: Site,
        _ request: Request,
        _ context: SiteContext,
        _ route: Route
    ) async throws -> Response {
        let reply: Reply
        do {
            reply = await site.answer(
                try await own(request, context, route, site.options.limits.bodyBytesMax),
                by: route
            )
        } catch let problem as Problem {
            var answer = response(.problem(problem))
            // What was not read cannot be skipped either.
            answer.headers[.connection] = "close"
            return answer
        }
        guard let pacing = reply.pacing else { return response(reply) }
        return try await paced(pacing, reply, context.channel)
    }

    /// - Throws: `Problem` for what has to be answered; anything else means that nobody is there any more.
    private static func own(
        _ request: Request,
        _ context: SiteContext,
        _ route: Route,
        _ bytesMax: Int
    ) async throws -> APIRequest {
        let target = request.head.path ?? "/"
        guard let parameters = route.match(String(target.prefix { $0 != "?" })) else {
            throw Problem(.malformed, "The path is not percent-encoded UTF-8.")
        }
        // The decoder lets digits through, and more of them than an Int holds.
        let announced = request.headers[.contentLength].map { Int($0) ?? .max }
        if let announced, announced > bytesMax, route.bodyKeptBytesMax == nil { throw tooLarge(bytesMax) }
        let (body, bytes) = try await collect(request.body, upTo: bytesMax, keeping: route.bodyKeptBytesMax)
        if let announced, announced != bytes { throw Problem(.malformed, "The body ended early.") }
        var own = APIRequest(
            method: request.method.rawValue,
            target: target,
            headers: request.headers.map { ($0.name.rawName, $0.value) },
            body: body,
            remoteAddress: context.remoteAddress
        )
        own.parameters = parameters
        own.bodyBytes = bytes
        return own
    }

    private static func tooLarge(_ max: Int) -> Problem {
        Problem(.tooLarge, "The body is limited to \(max) bytes (body-bytes-max).")
    }

    /// The body, or the first bytes of it, and how long all of it was.
    private static func collect(
        _ body: HummingbirdCore.RequestBody,
        upTo max: Int,
        keeping kept: Int?
    ) async throws -> ([UInt8], Int) {
        var bytes: [UInt8] = []
        var count = 0
        for try await buffer in body {
            count += buffer.readableBytes
            guard kept != nil || count <= max else { throw tooLarge(max) }
            bytes.append(contentsOf: buffer.readableBytesView.prefix((kept ?? max) - bytes.count))
        }
        return (bytes, count)
    }

    // MARK: Answers

    static func response(_ reply: Reply) -> Response {
        var headers = HTTPFields()
        for header in reply.headers {
            if let name = HTTPField.Name(header.name) { headers[name] = header.value }
        }
        return Response(
            status: HTTPResponse.Status(code: reply.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
        )
    }

    /// The sink's answers take their time. One that hangs ends when the client goes away.
    private static func paced(
        _ pacing: SinkReply,
        _ reply: Reply,
        _ channel: any Channel
    ) async throws -> Response {
        if pacing.hangs {
            try await channel.triggerUserOutboundEvent(NoAnswerComes())
            try await channel.closeFuture.get()
            throw RequestRefused()
        }
        try await Task.sleep(for: .microseconds(pacing.delay.microseconds))
        var answer = response(reply)
        guard pacing.after > .zero else { return answer }
        let body = ByteBuffer(bytes: reply.body)
        answer.body = ResponseBody(contentLength: reply.body.count) { writer in
            try await Task.sleep(for: .microseconds(pacing.after.microseconds))
            try await writer.write(body)
            try await writer.finish(nil)
        }
        return answer
    }
}

/// What no route answers, in our own words: 405 where another method would do, 404 elsewhere.
private struct UnknownRoutes: RouterMiddleware {
    typealias Context = SiteContext
    let routes: [Route]

    @concurrent
    func handle(
        _ request: Request,
        context: SiteContext,
        next: @concurrent (Request, SiteContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch is HTTPError {
            return Responder.response(.problem(problem(request)))
        }
    }

    private func problem(_ request: Request) -> Problem {
        let path = String((request.head.path ?? "").prefix { $0 != "?" })
        var methods = Set(routes.filter { $0.match(path) != nil }.map(\.method))
        guard !methods.isEmpty else { return .notFound("route \(path)") }
        // The router makes one of each.
        if methods.contains("GET") { methods.insert("HEAD") }
        let allowed = methods.sorted().joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "\(request.method) is not allowed here; \(allowed) is.")
        problem.headers = [Problem.Header(name: "Allow", value: allowed)]
        return problem
    }
}

/// What Hummingbird carries along with a request.
struct SiteContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Without the port; empty when unknown.
    let remoteAddress: String
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress?.ipAddress ?? ""
    }
}
