internal import Domain

/// One route: what registers it, what documents it, and what answers it are the same value.
package struct Route: Sendable {
    package enum Access: String, Sendable {
        case anyone
        /// A scheduler for what is its own, or the operator.
        case scheduler
        case operatorOnly
        /// A marketplace by its own proof (a signature, a signed link, a session); the route checks it.
        case marketplace

        var asksGate: Bool { self == .scheduler || self == .operatorOnly }
    }

    package struct Parameter: Sendable {
        var name: String
        var summary: String
        var example: String

        init(_ name: String, _ summary: String, _ example: String = "") {
            self.name = name
            self.summary = summary
            self.example = example
        }
    }

    /// Upper case.
    package var method: String
    /// `/chronatogapi/1/jobs/{id}`
    package var path: String
    package var access: Access
    package var summary: String
    var query: [Parameter] = []
    /// Query names are the caller's own business (the sink).
    var takesAnyQuery = false
    /// Of a longer body, this many bytes are kept and the rest is read and dropped; nil refuses it (413).
    var bodyKeptBytesMax: Int?
    /// What it answers is, or may hold, a secret: not for tokens that may only read.
    var showsSecrets = false
    /// Accepts `If-Match`.
    var isConditional = false
    /// Named schemas (`Schemas`); nil without a body.
    var requestSchema: String?
    var isRequestOptional = false
    var answerStatus = 200
    var answerSchema: String?
    var answerType = "application/json"
    var problems: [Problem.Kind] = []
    /// How this route refuses.
    var refuse: @Sendable (Problem) -> Reply = { .problem($0) }
    let answer: @Sendable (Site, APIRequest) async throws -> Reply

    init(
        _ method: String,
        _ path: String,
        _ access: Access,
        _ summary: String,
        answer: @escaping @Sendable (Site, APIRequest) async throws -> Reply
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.summary = summary
        self.answer = answer
    }

    /// A copy with more said about it.
    func with(_ change: (inout Route) -> Void) -> Route {
        var route = self
        change(&route)
        return route
    }

    /// The parameters named in the path, in order.
    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    /// The path's parameters when it fits, percent-decoded; nil when it does not. `{rest}` at the end takes
    /// what is left.
    package func match(_ text: String) -> [String: String]? {
        let wanted = path.split(separator: "/")
        let given = text.split(separator: "/", omittingEmptySubsequences: true)
        guard wanted.last == "{rest}" ? given.count >= wanted.count : given.count == wanted.count else {
            return nil
        }
        var parameters: [String: String] = [:]
        for (pattern, part) in zip(wanted, given) {
            if pattern == "{rest}" { return parameters }
            guard pattern.hasPrefix("{") else {
                guard pattern == part else { return nil }
                continue
            }
            guard let value = QueryFields.decode(part, plusIsSpace: false) else { return nil }
            parameters[String(pattern.dropFirst().dropLast())] = value
        }
        return parameters
    }
}
