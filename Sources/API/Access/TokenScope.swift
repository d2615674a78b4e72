internal import Domain
internal import Synchronization

/// What a request is about to do, as far as the role of a token decides it.
enum Intention: Sendable {
    case look
    /// Start a run of the job with this id, as the path has it.
    case start(job: String)
    /// Anything else: change something, or be shown a secret.
    case govern

    init(_ route: Route, _ request: APIRequest) {
        if route.method == "GET", !route.showsSecrets {
            self = .look
        } else if route.method == "POST", route.path == JobStateRoutes.runPath {
            self = .start(job: request.parameters["id"] ?? "")
        } else {
            self = .govern
        }
    }
}

extension AccessToken {
    /// Why this token is not good for that; nil when it is.
    func objection(to intention: Intention) -> Problem? {
        switch (role, intention) {
        case (.admin, _), (.read, .look): return nil
        case (.trigger, .start(let id)):
            guard let job, "\(job)" != id else { return nil }
            return Problem(.forbidden, "The token \(name) starts job \(job) only.")
        case (.read, _):
            return Problem(
                .forbidden,
                "The token \(name) has the role read: it looks at all but secrets, and changes nothing."
            )
        case (.trigger, _):
            return Problem(
                .forbidden,
                "The token \(name) has the role trigger: it starts runs, and nothing else."
            )
        }
    }
}

/// The engine's list of tokens as the gate knows it.
struct TokensRead: Sendable {
    /// Nil until somebody asks.
    var list: [AccessToken]?
    /// How often something changed.
    var changes = 0
}

extension Gate {
    // MARK: Tokens

    func tokens() async throws -> [AccessToken] {
        let (known, changes) = tokensRead.withLock { ($0.list, $0.changes) }
        if let known { return known }
        let list = try await engine.tokens().map(\.token)
        tokensRead.withLock { read in
            // What was read while something changed may be the state before.
            if read.changes == changes { read.list = list }
        }
        return list
    }

    /// The list of tokens changed.
    func forgetTokens() {
        tokensRead.withLock { read in
            read.list = nil
            read.changes += 1
        }
    }

    /// From this moment the token opens nothing, and streams that it opened are about to end.
    func revokeToken(_ name: String) async throws {
        let list = try await tokens()
        tokensRead.withLock { read in
            read.list = (read.list ?? list).filter { $0.name != name }
            read.changes += 1
        }
    }

    /// Whether a token still counts. While the list is being read again it does.
    func counts(_ token: AccessToken) -> Bool { tokensRead.withLock { $0.list?.contains(token) ?? true } }

    /// The token with this text. All are compared, whatever comes out.
    func knownToken(_ text: String) async throws -> AccessToken? {
        let digest = Self.digest(text)
        var found: AccessToken?
        for token in try await tokens() where Self.isEqual(token.digest, digest) { found = token }
        return found
    }

    /// The job that a trigger URL starts, by the key in it.
    /// - Throws: `Problem` 404 for a key that is unknown, revoked, or no URL's; 429 after too many of them
    ///   from one address.
    func admitTrigger(_ request: APIRequest) async throws -> (token: AccessToken, job: JobID) {
        try admitProof(request, key: "trigger")
        guard let token = try await knownToken(request.parameters["key"] ?? ""), token.role == .trigger,
            let job = token.job
        else {
            proofFailed(request, key: "trigger")
            throw Problem(.notFound, "There is no such trigger; its URL may have been revoked.")
        }
        return (token, job)
    }
}
