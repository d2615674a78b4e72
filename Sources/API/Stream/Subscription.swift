internal import Cron
internal import Domain
internal import Engine
internal import HTTPTypes
internal import Streaming
internal import WebSocket

/// What a request to `/v1/events` asks for.
struct Subscription: Sendable {
    var format: StreamFormat
    var filter: EventFilter
    /// Events after this one; nil: from now on.
    var since: Sequence?
    /// Of a WebSocket.
    var key = ""
    /// The one that is spoken, if the client named any.
    var subprotocol: String?
    /// Docker Cloud refuses the handshake of somebody unknown; Tutum accepts it and says so then.
    var refusesHandshake: Bool

    static let parameters = [
        Route.Parameter("since", "a `seq`: what came after it, then what happens; 0 for all", "0"),
        Route.Parameter("type", "run, job, alert, …, or run.closed, run.*; several with commas", "run"),
        Route.Parameter("object", "a `resource_uri`; several with commas", "/api/v1/job/1/"),
        Route.Parameter("parents", "a parent's `resource_uri`; several with commas", "/api/v1/job/1/"),
        Route.Parameter("format", "tutum (the default) or cloudevents", "cloudevents"),
        Route.Parameter("token", "an API key, with `user`; alone, the operator's token"),
        Route.Parameter("user", "the user name that belongs to `token`"),
        Route.Parameter("auth", "a whole Authorization value"),
    ]

    /// Tutum's path, and Docker Cloud's with a name space or without.
    static func isStream(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return parts == ["v1", "events"] || isCloud(path)
    }

    private static func isCloud(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return parts.starts(with: ["api", "audit", "v1"]) && (4...5).contains(parts.count)
            && parts.last == "events"
    }

    /// - Parameter request: to a path that `isStream`.
    /// - Returns: nil when it asks neither for a WebSocket nor for server-sent events.
    /// - Throws: `Problem` for what cannot be served.
    init?(_ request: APIRequest) throws {
        refusesHandshake = Self.isCloud(request.path)
        let accepts = request.values("accept").map { $0.prefix { $0 != ";" }.lowercased() }
        var dialect = StreamFormat.Dialect.tutum
        switch Handshake.judge(method: request.method, request.values) {
        case .accepted(let key):
            self.key = key
            format = StreamFormat(dialect: .tutum, framing: .webSocket)
            if request.values("sec-websocket-protocol").contains("cloudevents.json") {
                dialect = .cloudEvents
                subprotocol = "cloudevents.json"
            }
        case .otherVersion:
            var problem = Problem(.upgradeRequired, "Version 13 of WebSocket is spoken here.")
            problem.headers += [Problem.Header(name: "Sec-WebSocket-Version", value: "13")]
            throw problem
        case .broken(let reason): throw Problem(.malformed, "This is no WebSocket handshake: \(reason).")
        case .otherwise:
            guard request.method == "GET", accepts.contains("text/event-stream") else { return nil }
            refusesHandshake = true
            format = StreamFormat(dialect: .tutum, framing: .serverSent)
            if accepts.contains("application/cloudevents+json") { dialect = .cloudEvents }
        }
        try request.query.refuseUnknown(Self.parameters.map(\.name))
        if let word = request.query["format"] {
            guard let named = StreamFormat.Dialect(rawValue: word) else {
                throw Problem("format", "\"\(word)\" is neither tutum nor cloudevents")
            }
            dialect = named
        }
        format.dialect = dialect
        filter = try Self.filter(request.query)
        since = try Self.since(request)
    }

    private static func filter(_ query: QueryFields) throws -> EventFilter {
        var filter = EventFilter()
        filter.types = query.list("type")
        filter.objects = Set(query.list("object"))
        filter.parents = Set(query.list("parents"))
        for word in filter.types where !EventFilter.isKnown(word) {
            throw Problem(
                "type",
                "\"\(word)\" is not a type of event",
                hint: NearestWord.hint(for: word, among: EventFilter.words)
            )
        }
        return filter
    }

    /// A browser that comes back knows better than the address it was given.
    private static func since(_ request: APIRequest) throws -> Sequence? {
        guard let text = request.header("last-event-id") ?? request.query["since"], !text.isEmpty else {
            return nil
        }
        guard let number = UInt64(text), number < UInt64(Int64.max) else {
            throw Problem(
                "since",
                "\"\(text)\" is not a sequence",
                hint: "the seq of the last event seen, or 0"
            )
        }
        return Sequence(number)
    }
}

extension QueryFields {
    /// All values of a name, split at commas.
    func list(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.flatMap { $0.value.split(separator: ",").map { String($0) } }
    }
}

extension APIRequest {
    /// All fields of a name, split at commas and trimmed.
    func values(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name }
            .flatMap { $0.value.split(separator: ",").map { String($0).trimmed } }
    }

    /// With the credentials that stand in the query, where Tutum's clients put them, as if they had been sent
    /// in the header.
    func withQueryCredentials() -> APIRequest {
        var request = self
        var value: String?
        if let auth = query["auth"] {
            // Only the first blank is one: the others were `+` in Base64 that nobody escaped.
            let words = auth.split(separator: " ", maxSplits: 1)
            value = words.count == 2 ? "\(words[0]) \(words[1].replacing(" ", with: "+"))" : auth
        } else if let token = query["token"] {
            value =
                query["user"].map { "Basic \(Base64.encode(Array("\($0):\(token)".utf8)))" }
                ?? "Bearer \(token)"
        } else if let old = header("authorization"), old.lowercased().hasPrefix("apikey ") {
            value = "Basic \(Base64.encode(Array(old.dropFirst(7).utf8)))"
        }
        if let value {
            request.headers.removeAll { $0.name.lowercased() == "authorization" }
            request.headers.append(("Authorization", value))
        }
        return request
    }

    /// A page of somebody else's may not make a browser use the credentials that it keeps.
    var comesFromForeignPage: Bool {
        guard let origin = header("origin"), query["auth"] == nil, query["token"] == nil else { return false }
        let authority = origin.split(separator: "/", maxSplits: 2).last.map { String($0) }
        return authority?.lowercased() != header("host")?.lowercased()
    }
}
