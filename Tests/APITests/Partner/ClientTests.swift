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
