import API
import ChronatogClient
import Domain
import FoundationEssentials
import Testing

/// The client against a real server in this process and against the one in memory: the same battery.
struct ClientTests {
    /// Requests into the site, without a socket.
    private struct SiteTransport: ClientTransport {
        let rig: SiteRig

        func send(_ request: ClientRequest) async throws(ChronatogError) -> ClientAnswer {
            let answer = await rig.send(
                request.method,
                String(request.url.dropFirst("http://chronatog.test".count)),
                String(decoding: request.body, as: UTF8.self),
                as: request.headers["Authorization"] ?? ""
            )
            return ClientAnswer(status: answer.status, body: answer.body)
        }
    }

    enum Server: String, CaseIterable, CustomTestStringConvertible {
        case real
        case memory
        var testDescription: String { rawValue }
    }

    private func with(_ server: Server, _ body: (ChronatogClient) async throws -> Void) async throws {
        switch server {
        case .memory: try await body(try ChronatogClient(serviceURL: ChronatogClient.inMemory))
        case .real:
            let rig = try await SiteRig()
            let client = try ChronatogClient(
                serviceURL: "http://chronatog.test/chronatogapi/1/jobs",
                username: "Udefault",
                password: "Pdefault",
                transport: SiteTransport(rig: rig)
            )
            try await body(client)
            await rig.stop()
        }
    }

    @Test(arguments: Server.allCases)
    func `69 and 70: a job is created, listed, read and destroyed`(_ server: Server) async throws {
        try await with(server) { client in
            let job = try await client.createJob(
                "https://example.com/tick",
                "*/2 * * * *",
                options: ["name": "tick"]
            )
            #expect(job.url.hasPrefix(client.serviceURL + "/"))
            #expect(job.schedule == ["*/2 * * * *"] && job.callbackURL == "https://example.com/tick")
            #expect(job.name == "tick" && job.state == "active")
            #expect(try await client.listJobs().map(\.url) == [job.url])
            #expect(try await client.getJob(job.url).url == job.url)
            try await client.destroyJob(job.url)
            #expect(try await client.listJobs().isEmpty)
            await #expect(throws: ChronatogError.notFound(url: job.url)) { try await client.getJob(job.url) }
            await #expect(throws: ChronatogError.notFound(url: job.url)) {
                try await client.destroyJob(job.url)
            }
        }
    }

    @Test(arguments: Server.allCases)
    func `a job is run, paused and resumed`(_ server: Server) async throws {
        try await with(server) { client in
            let job = try await client.createJob("https://example.com/tick", "@daily")
            let run = try await client.runNow(job.url)
            #expect(try await client.runs(job.url).map(\.id) == [run])
            #expect(try await client.pause(job.url, reason: "lunch").state == "paused")
            await #expect(throws: ChronatogError.self) { try await client.pause(job.url) }
            #expect(try await client.resume(job.url).state == "active")
            #expect(try await !client.explain(job.url, at: "2026-01-01T00:00:00Z").isEmpty)
        }
    }

    @Test(arguments: Server.allCases)
    func `what the server refuses comes back in its words`(_ server: Server) async throws {
        try await with(server) { client in
            do {
                _ = try await client.createJob("ftp://x", "61 * * * *")
                Issue.record("it was taken")
            } catch ChronatogError.refused(let messages) {
                #expect(!messages.isEmpty)
            }
            await #expect(throws: ChronatogError.notFound(url: "https://elsewhere.test/1")) {
                try await client.getJob("https://elsewhere.test/1")
            }
        }
    }

    @Test(arguments: Server.allCases)
    func `what has happened is told in order, and only to whom it may concern`(_ server: Server) async throws
    {
        try await with(server) { client in
            let job = try await client.createJob("https://example.com/tick", "@daily")
            let other = try await client.createJob("https://example.com/tock", "@daily")
            let run = try await client.runNow(job.url)
            try await client.pause(job.url)
            try await client.resume(job.url)
            try await client.changeJob(job.url, ["name": "tick"])
            let own = try await client.events(types: ["job.*", "run.opened"], job: job.url)
            #expect(
                own.map(\.type) == [
                    "job.registered", "run.opened", "job.paused", "job.resumed", "job.revised",
                ]
            )
            #expect(own.allSatisfy { $0.job == job.id && !$0.time.isEmpty })
            #expect(own.first { $0.type == "run.opened" }?.run == run)
            let registered = try await client.events(types: ["job.registered"])
            #expect(registered.map(\.job) == [job.id, other.id])
            let later = try await client.events(since: own[1].sequence, types: ["job.*"], job: job.url)
            #expect(later.map(\.sequence) == own.dropFirst(2).map(\.sequence))
            #expect(try await client.events(types: ["job.*"], limit: 2).count == 2)
            await #expect(throws: ChronatogError.self) {
                try await client.events(job: "\(client.serviceURL)/99")
            }
        }
    }

    @Test(arguments: Server.allCases)
    func `a job is changed, and what is given up goes back to its default`(_ server: Server) async throws {
        try await with(server) { client in
            let job = try await client.createJob("https://example.com/a", "@daily", options: ["name": "a"])
            #expect(try await client.changeJob(job.url, ["schedule": "@hourly"]).schedule == ["@hourly"])
            #expect(try await client.getJob(job.url).name == "a")
            #expect(try await client.changeJob(job.url, ["name": .none]).name.isEmpty)
            await #expect(throws: ChronatogError.self) {
                try await client.changeJob(job.url, ["schedule": "61 * * * *"])
            }
            #expect(try await client.getJob(job.url).schedule == ["@hourly"])
            await #expect(throws: ChronatogError.self) {
                try await client.changeJob(client.serviceURL + "/99", ["name": "b"])
            }
        }
    }

    @Test(arguments: Server.allCases)
    func `runs are read one by one and as a list, and a job that never ran has no slots`(_ server: Server)
        async throws
    {
        try await with(server) { client in
            let job = try await client.createJob("https://example.com/a", "@daily")
            #expect(job.nextAt != nil)
            #expect(try await client.slots(job.url).isEmpty)
            let first = try await client.runNow(job.url)
            let second = try await client.runNow(job.url)
            #expect(try await client.runs(job.url).map(\.id) == [first, second])
            #expect(try await client.runs(job.url, limit: 1).map(\.id) == [second])
            let run = try await client.run(first)
            #expect(run.id == first && run.trigger == "manual")
            await #expect(throws: ChronatogError.self) { try await client.run("999999") }
        }
    }

    @Test(arguments: Server.allCases)
    func `an expression is tried without making a job of it`(_ server: Server) async throws {
        try await with(server) { client in
            let instants = try await client.next(
                "30 2 * * *",
                zone: "America/New_York",
                from: "2026-03-07T00:00:00Z",
                count: 2
            )
            #expect(instants == ["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z"])
            #expect(try await client.next("@at 2027-01-01T00:00:00Z").count == 1)
            for (expression, zone) in [("61 * * * *", ""), ("@daily", "Mars/Olympus")] {
                await #expect(throws: ChronatogError.self) {
                    try await client.next(expression, zone: zone)
                }
            }
            #expect(try await client.listJobs().isEmpty)
        }
    }

    @Test(arguments: Server.allCases)
    func `faults are told all at once`(_ server: Server) async throws {
        try await with(server) { client in
            for options: [String: JobOption] in [
                ["no_such_field": 1], ["zone": "Mars/Olympus"],
                ["name": .text(String(repeating: "x", count: 300))],
            ] {
                await #expect(throws: ChronatogError.self) {
                    try await client.createJob("https://example.com/a", "@daily", options: options)
                }
            }
            do {
                _ = try await client.createJob("no-url", "nonsense", options: ["no_such_field": 1])
            } catch ChronatogError.refused(let messages) {
                #expect(messages.count == 3, "\(messages)")
            }
            #expect(try await client.listJobs().isEmpty)
        }
    }

    /// The credentials are in every request, so none may leave for another place.
    @Test func `nothing is sent to other addresses than the service's`() async throws {
        let client = try ChronatogClient(
            serviceURL: "http://a.test/chronatogapi/1/jobs",
            transport: Tripwire()
        )
        for url in ["http://a.test/chronatogapi/2/jobs/1", "http://a.test.evil/chronatogapi/1/jobs/1"] {
            await #expect(throws: ChronatogError.notFound(url: url)) { try await client.getJob(url) }
        }
    }

    private struct Tripwire: ClientTransport {
        func send(_ request: ClientRequest) async throws(ChronatogError) -> ClientAnswer {
            Issue.record("sent to \(request.url)")
            return ClientAnswer(status: 200, body: [])
        }
    }

    @Test func `the server in memory knows the fields that the server knows`() async throws {
        let rig = try await SiteRig()
        let document = await rig.send("GET", "/chronatogapi/1/openapi.json", as: "")
        await rig.stop()
        let schema = document.json["components"]?["schemas"]?["JobRequest"]?["properties"]
        guard case .object(let members)? = schema else { throw Unexpected(document) }
        #expect(Set(members.map(\.key)) == InMemoryServer.jobFields)
    }

    @Test func `wrong credentials are told as such`() async throws {
        let rig = try await SiteRig()
        let client = try ChronatogClient(
            serviceURL: "http://chronatog.test/chronatogapi/1/jobs/",
            username: "Udefault",
            password: "no",
            transport: SiteTransport(rig: rig)
        )
        await #expect(throws: ChronatogError.unauthorized) { try await client.listJobs() }
        await rig.stop()
    }

    @Test func `a server in memory forgets when it is told to, and says what it would have called`()
        async throws
    {
        let client = try ChronatogClient(serviceURL: "in-memory")
        let job = try await client.createJob("https://example.com/a", "@daily")
        try await client.runNow(job.url)
        #expect(client.memory?.calls == ["https://example.com/a"])
        #expect(try await ChronatogClient(serviceURL: "in-memory").listJobs().isEmpty)
        client.memory?.reset()
        #expect(try await client.listJobs().isEmpty)
    }

    @Test func `70: credentials come from the environment, the deploy file or the local one, in this order`()
        throws
    {
        let folder = FreshFolder.make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: ChronatogError.self) {
            try ChronatogClient.fromConfiguration(environment: [:], folder: folder)
        }
        try write("chronatog:\n  service_url: in-memory\n", "local.yml", folder)
        #expect(try ChronatogClient.fromConfiguration(environment: [:], folder: folder).memory != nil)
        try write(
            "---\nother:\n  a: b\n:chronatog:\n  :service_url: \"https://c.test/jobs\" # here\n",
            "deploy.yml",
            folder
        )
        let deployed = try ChronatogClient.fromConfiguration(environment: [:], folder: folder)
        #expect(deployed.serviceURL == "https://c.test/jobs" && deployed.memory == nil)
        let named = ["CHRONOS_SERVICE_URL": "http://e.test/jobs"]
        #expect(
            try ChronatogClient.fromConfiguration(environment: named, folder: folder).serviceURL
                == "http://e.test/jobs"
        )
        try write("other:\n  a: b\n", "deploy.yml", folder)
        #expect(throws: ChronatogError.self) {
            try ChronatogClient.fromConfiguration(environment: [:], folder: folder)
        }
    }

    private func write(_ text: String, _ name: String, _ folder: String) throws {
        let path = "\(folder)/config/ey_services_config_\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}

private enum FreshFolder {
    static func make() -> String {
        let path = "/tmp/chronatog-client-\(UInt64.random(in: 0 ... .max))"
        try? FileManager.default.createDirectory(atPath: path + "/config", withIntermediateDirectories: true)
        return path
    }
}
