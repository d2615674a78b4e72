internal import Crypto
internal import Domain
internal import Effects
internal import Engine
internal import FoundationEssentials
internal import Synchronization

/// Who is asking: Basic credentials of a scheduler, the operator's bearer token, or one that the operator
/// gave out (`TokenScope.swift`).
///
/// Schedulers come and go only through this API, so the list is read once and again after it changed, or when
/// a name is unknown. Comparisons take the same time whatever they are given.
final class Gate: Sendable {
    private let token: [UInt8]?
    private let configured: APIOptions.Credentials?
    let engine: any EngineFace
    private let time: any TimeSource
    private let known = Mutex<[SchedulerRegistered]?>(nil)
    let tokensRead = Mutex(TokensRead())
    private let throttle: Mutex<LoginThrottle>
    /// Of what marketplaces prove with: by address and key, so that a stranger who guesses does not lock out
    /// the marketplace itself.
    private let proofs: Mutex<LoginThrottle>

    init(options: APIOptions, engine: any EngineFace, time: any TimeSource) {
        token = options.token.map { Array($0.utf8) }
        configured = options.defaultCredentials
        self.engine = engine
        self.time = time
        throttle = Mutex(LoginThrottle(options.limits))
        proofs = Mutex(LoginThrottle(options.limits))
    }

    /// The list of schedulers changed.
    func forget() { known.withLock { $0 = nil } }

    /// Somebody with valid credentials.
    struct Visitor: Sendable {
        var caller: Caller
        /// What they hold, unless it is the operator's own token or a scheduler's password.
        var token: AccessToken?
    }

    /// - Throws: `Problem` 401 without valid credentials, 403 when a token's role does not allow it, 429
    ///   after too many failures from the same address.
    func admit(_ request: APIRequest, to intention: Intention) async throws -> Visitor {
        guard let header = request.header("authorization") else {
            throw Self.refusal("Send the operator's token as Bearer, or a scheduler's credentials as Basic.")
        }
        if let wait = throttle.withLock({ $0.wait(request.remoteAddress, now: time.uptime) }) {
            throw Self.throttled("Too many failed logins from this address; wait \(wait.text).", wait)
        }
        if let visitor = try await visitor(header) {
            if let objection = visitor.token?.objection(to: intention) { throw objection }
            return visitor
        }
        throttle.withLock { $0.failed(request.remoteAddress, now: time.uptime) }
        throw Self.refusal("The credentials are not known here.")
    }

    // MARK: Proofs of marketplaces

    /// - Parameter key: what the proof is said to be made with; one of ours, or empty, so that a stranger
    ///   cannot make up any number of them.
    /// - Throws: `Problem` 429 after too many failures of this address with this key.
    func admitProof(_ request: APIRequest, key: String) throws {
        let name = "\(request.remoteAddress) \(key)"
        if let wait = proofs.withLock({ $0.wait(name, now: time.uptime) }) {
            throw Self.throttled("Too many failed signatures from this address; wait \(wait.text).", wait)
        }
    }

    func proofFailed(_ request: APIRequest, key: String) {
        proofs.withLock { $0.failed("\(request.remoteAddress) \(key)", now: time.uptime) }
    }

    private static func throttled(_ detail: String, _ wait: Span) -> Problem {
        var problem = Problem(.throttled, detail)
        problem.headers = [
            Problem.Header(name: "Retry-After", value: "\(max(1, wait.microseconds / 1_000_000))")
        ]
        return problem
    }

    private func visitor(_ header: String) async throws -> Visitor? {
        let parts = header.trimmed.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0].lowercased() {
        case "bearer":
            if let token, Self.isEqual(Array(parts[1].utf8), token) { return Visitor(caller: .operator) }
            return try await knownToken(String(parts[1])).map { Visitor(caller: .operator, token: $0) }
        case "basic":
            guard let data = Data(base64Encoded: String(parts[1])),
                let text = String(validating: data, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { return nil }
            return try await scheduler(
                String(text[..<colon]),
                password: String(text[text.index(after: colon)...])
            ).map { Visitor(caller: $0) }
        default: return nil
        }
    }

    private func scheduler(_ username: String, password: String) async throws -> Caller? {
        if let configured, Self.isEqual(Array(username.utf8), Array(configured.username.utf8)),
            Self.isEqual(Array(password.utf8), Array(configured.password.utf8))
        {
            return .scheduler(try await defaultScheduler())
        }
        var found = try await schedulers().first { $0.username == username }
        if found == nil {
            forget()
            found = try await schedulers().first { $0.username == username }
        }
        // An unknown name costs the same hash as a known one.
        let salt = found?.salt ?? [UInt8](repeating: 0, count: 16)
        let hash = Array(SHA256.hash(data: salt + Array(password.utf8)))
        guard let found, Self.isEqual(hash, found.passwordHash) else { return nil }
        return .scheduler(found.number)
    }

    /// Where the operator's jobs go when nothing else is said.
    func defaultScheduler() async throws -> UInt32 {
        try await schedulers().first { $0.name == "default" }?.number ?? 1
    }

    func schedulers() async throws -> [SchedulerRegistered] {
        if let list = known.withLock({ $0 }) { return list }
        let list = try await engine.schedulers()
        known.withLock { $0 = list }
        return list
    }

    private static func refusal(_ detail: String) -> Problem {
        var problem = Problem(.unauthorized, detail)
        problem.headers = [Problem.Header(name: "WWW-Authenticate", value: "Basic realm=\"chronatog\"")]
        return problem
    }

    /// As tokens are kept.
    static func digest(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Array(token.utf8))) }

    /// Compares digests, so that neither the length nor the first difference shows in the time taken.
    static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        let (left, right) = (SHA256.hash(data: a), SHA256.hash(data: b))
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
