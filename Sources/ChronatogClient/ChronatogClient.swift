internal import Domain

/// Asks a Chronatog server to make web calls on time.
///
///     let client = try ChronatogClient.fromConfiguration()
///     let job = try await client.createJob("https://example.com/tick", "*/5 * * * *")
///
/// Jobs are addressed by their `url`, as the server gave it. One client may be used from many tasks.
public struct ChronatogClient: Sendable {
    /// The service URL that stands for a server in this process, kept in memory (`InMemoryServer`).
    public static let inMemory = "in-memory"

    /// The jobs collection: `https://host/chronatogapi/1/jobs`.
    public let serviceURL: String
    private let login: String
    private let transport: any ClientTransport

    /// - Parameters:
    ///   - serviceURL: where jobs are made, `https://host/chronatogapi/1/jobs`; `in-memory` needs no
    ///     credentials.
    ///   - transport: how requests travel; a client of its own over the network when nil, and a server in
    ///     memory for `in-memory`.
    /// - Throws: `ChronatogError.unconfigured` when the URL is none.
    public init(
        serviceURL: String,
        username: String = "",
        password: String = "",
        transport: (any ClientTransport)? = nil
    ) throws(ChronatogError) {
        let isInMemory = serviceURL == Self.inMemory
        self.serviceURL = isInMemory ? InMemoryServer.serviceURL : Self.trimmed(serviceURL)
        login = "Basic " + Base64.encode(Array("\(username):\(password)".utf8))
        if let transport {
            self.transport = transport
        } else if isInMemory {
            self.transport = InMemoryServer()
        } else {
            self.transport = try NetworkTransport(serviceURL)
        }
    }

    /// The server in memory, to reset it or to see what it would have called; nil for a real one.
    public var memory: InMemoryServer? { transport as? InMemoryServer }

    private static func trimmed(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }

    // MARK: Jobs

    /// Makes a job.
    /// - Parameters:
    ///   - callbackURL: called at each time of the schedule.
    ///   - schedule: five-field cron, `@hourly`, `@every 90s`, `@at 2027-01-01T00:00:00Z`.
    ///   - options: further fields of the API, such as `zone`, `name`, `retries`, `timeouts`.
    /// - Throws: `ChronatogError.refused` with the server's sentences when it does not take it.
    public func createJob(
        _ callbackURL: String,
        _ schedule: String,
        options: [String: JobOption] = [:]
    ) async throws(ChronatogError) -> ClientJob {
        var members = [
            JSON.Member("callback_url", .string(callbackURL)), JSON.Member("schedule", .string(schedule)),
        ]
        members += options.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.json) }
        return try ClientJob(try await ask("POST", serviceURL, .object(members), expecting: 201))
    }

    /// All jobs of these credentials, in the order in which they were made.
    public func listJobs() async throws(ChronatogError) -> [ClientJob] {
        var jobs: [ClientJob] = []
        while true {
            let after = jobs.last.map { "&after=\($0.id)" } ?? ""
            let target = "\(serviceURL)?limit=\(Self.pageSize)\(after)"
            let page = try await ask("GET", target).array ?? []
            for job in page { jobs.append(try ClientJob(job)) }
            guard page.count == Self.pageSize else { return jobs }
        }
    }

    private static let pageSize = 1000

    /// - Throws: `ChronatogError.notFound` when there is no such job.
    public func getJob(_ url: String) async throws(ChronatogError) -> ClientJob {
        try ClientJob(try await ask("GET", url))
    }

    /// - Throws: `ChronatogError.notFound` when there is no such job.
    public func destroyJob(_ url: String) async throws(ChronatogError) {
        _ = try await ask("DELETE", url)
    }

    /// Changes the fields that are given; all others stay.
    /// - Parameter options: fields of the API, as in `createJob`; `.none` takes one back to its default.
    @discardableResult
    public func changeJob(_ url: String, _ options: [String: JobOption]) async throws(ChronatogError)
        -> ClientJob
    {
        let members = options.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.json) }
        return try ClientJob(try await ask("PATCH", url, .object(members)))
    }

    // MARK: What a job does

    /// Runs the job now; its schedule stays as it is.
    /// - Returns: the id of the run.
    @discardableResult
    public func runNow(_ url: String) async throws(ChronatogError) -> String {
        try await ask("POST", url + "/run", expecting: 202)["id"]?.string ?? ""
    }

    /// No further runs until `resume`.
    @discardableResult
    public func pause(_ url: String, reason: String = "") async throws(ChronatogError) -> ClientJob {
        let body = JSON.object(reason.isEmpty ? [] : [JSON.Member("reason", .string(reason))])
        return try ClientJob(try await ask("POST", url + "/pause", body))
    }

    @discardableResult
    public func resume(_ url: String) async throws(ChronatogError) -> ClientJob {
        try ClientJob(try await ask("POST", url + "/resume"))
    }

    // MARK: One request

    /// The API's root, `https://host/chronatogapi/1`, which the jobs collection is in.
    var root: String {
        let last = serviceURL.split(separator: "/").last?.count ?? 0
        return String(serviceURL.dropLast(last + 1))
    }

    func ask(
        _ method: String,
        _ url: String,
        _ body: JSON? = nil,
        expecting status: Int = 200
    ) async throws(ChronatogError) -> JSON {
        // Credentials go to the service they are for, whatever address somebody hands in.
        guard url == serviceURL || url.hasPrefix(root + "/") || url.hasPrefix(serviceURL + "?") else {
            throw .notFound(url: url)
        }
        var headers = ["Authorization": login, "Accept": "application/json"]
        if body != nil { headers["Content-Type"] = "application/json" }
        let answer = try await transport.send(
            ClientRequest(
                method: method,
                url: url,
                headers: headers,
                body: body.map { Array($0.text.utf8) } ?? []
            )
        )
        let text = String(decoding: answer.body, as: UTF8.self)
        let json = try? JSONReader.value(of: text)
        guard answer.status == status else {
            let messages = json?["error_messages"]?.array?.compactMap(\.string) ?? []
            switch answer.status {
            case 401: throw .unauthorized
            case 404: throw .notFound(url: url)
            case 400, 409, 422: throw .refused(messages: messages)
            default: throw .unexpected(status: answer.status, body: text)
            }
        }
        guard let json else {
            if text.isEmpty { return .null }
            throw .unexpected(status: answer.status, body: text)
        }
        return json
    }
}

/// Why a request did not do what was asked.
public enum ChronatogError: Error, Sendable, Equatable {
    /// No configuration, or one that cannot be used; the sentence says what to do.
    case unconfigured(String)
    /// The credentials are not known (any more).
    case unauthorized
    /// No such job, or another one's.
    case notFound(url: String)
    /// The server's own sentences.
    case refused(messages: [String])
    /// Nobody answered.
    case unreachable(String)
    case unexpected(status: Int, body: String)
}
