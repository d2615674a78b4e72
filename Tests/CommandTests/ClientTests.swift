import Domain
import Effects
import Synchronization
import Testing

@testable import chronatog

struct ClientTests {
    @Test func `the server is found by option, variable or the data folder, in this order`() throws {
        let files = ["/data/endpoint": "http://127.0.0.1:3\n", "/data/token": "local\n"]
        var options = ServerChoice(dataFolder: "/data")
        #expect(
            try find(options, files: files)
                == ServerAddress(origin: "http://127.0.0.1:3", login: .bearer("local"))
        )
        let environment = ["CHRONATOG_URL": "http://h:2/", "CHRONATOG_TOKEN": "t"]
        options = ServerChoice()
        #expect(try find(options, environment) == ServerAddress(origin: "http://h:2", login: .bearer("t")))
        options = ServerChoice(url: "http://h:1", token: "o")
        #expect(try find(options, environment) == ServerAddress(origin: "http://h:1", login: .bearer("o")))
    }

    @Test func `the local token is not sent to a server that somebody names`() throws {
        let files = ["./data/endpoint": "http://127.0.0.1:3", "./data/token": "local"]
        let named = try find(ServerChoice(url: "http://elsewhere:1"), files: files)
        #expect(named.login == .none)
        #expect(try find(ServerChoice(), files: files).login == .bearer("local"))
    }

    @Test func `credentials of the original are the login`() throws {
        let environment = [
            "CHRONATOG_URL": "http://h", "CHRONOS_AUTH_USERNAME": "u", "CHRONOS_AUTH_PASSWORD": "p",
        ]
        #expect(try find(ServerChoice(), environment).login == .basic(username: "u", password: "p"))
    }

    @Test func `no server anywhere says what to do`() throws {
        let failure = #expect(throws: CommandFailure.self) { try find(ServerChoice()) }
        #expect(failure?.status == 1)
        #expect(failure?.text.contains("chronatog serve") == true)
    }

    @Test func `in a container the listening address is enough`() throws {
        let found = try find(ServerChoice(), ["CHRONATOG_LISTEN": "0.0.0.0:8090"])
        #expect(found.origin == "http://127.0.0.1:8090")
    }

    @Test func `an answer is read, and the request carries the login`() async throws {
        let transport = OneAnswer(status: 200, body: #"{"now":"2026-01-01T00:00:00Z"}"#)
        let server = try connection(transport)
        let clock = try await server.request("GET", "/chronatogapi/1/clock")
        #expect(clock.plain("now") == "2026-01-01T00:00:00Z")
        let call = try #require(transport.calls.first)
        #expect(call.target == "/base/chronatogapi/1/clock")
        #expect(String(decoding: call.headerLines, as: UTF8.self).contains("Authorization: Basic dTpw\r\n"))
    }

    @Test func `a problem is told in the server's words, every fault, with hints`() async throws {
        let body = #"""
            {"title":"Invalid","detail":"2 faults","errors":[
            {"field":"schedule","message":"minute \"61\" is more than 59","hint":"0-59"},
            {"field":"zone","message":"no such zone"}]}
            """#
        let server = try connection(OneAnswer(status: 422, body: body))
        let failure = await #expect(throws: CommandFailure.self) { try await server.request("POST", "/jobs") }
        let text = try #require(failure).text
        #expect(failure?.status == 2)
        #expect(text.contains(#"schedule: minute "61" is more than 59"#))
        #expect(text.contains("zone: no such zone"))
        #expect(text.contains("(0-59)"))
    }

    @Test func `a field is called as the command line calls it`() async throws {
        let body = #"""
            {"errors":[{"field":"failures_to_open","message":"a"},{"field":"max_runtime","message":"b"},
            {"field":"settings.url","message":"c"},{"field":"rules.after","message":"d"},
            {"field":"headers.X-Key","message":"e"}]}
            """#
        let flags = ["failures_to_open": "--failures", "rules.after": "--after", "headers": "--header"]
        let server = try connection(OneAnswer(status: 422, body: body), flags: flags)
        let failure = await #expect(throws: CommandFailure.self) {
            try await server.request("POST", "/checks")
        }
        let lines = [
            "--failures: a", "--max-runtime: b", "settings.url: c", "--after: d", "--header X-Key: e",
        ]
        #expect(failure == .asked(lines, hint: nil))
    }

    @Test func `a server that is not there is named`() async throws {
        let server = try connection(
            OneAnswer(failure: Failure(.refused, "127.0.0.1 port 1 refused the connection"))
        )
        let failure = await #expect(throws: CommandFailure.self) { try await server.request("GET", "/") }
        #expect(failure?.status == 1)
        #expect(failure?.text.contains("http://h:1/base cannot be reached") == true)
    }

    @Test func `lists are read page by page`() async throws {
        let transport = OneAnswer(status: 200, body: "[]")
        let server = try connection(transport)
        try await server.pages("/jobs", query: [("a", "b c")], limit: 7) { _ in }
        #expect(transport.calls.first?.target == "/base/chronatogapi/1/jobs?a=b%20c&limit=7")
    }

    private func connection(
        _ transport: OneAnswer,
        flags: [String: String]? = nil
    ) throws(CommandFailure) -> ServerConnection {
        let address = ServerAddress(origin: "http://h:1/base", login: .basic(username: "u", password: "p"))
        return try ServerConnection(address, transport: transport, flags: flags)
    }

    private func find(
        _ choice: ServerChoice,
        _ environment: [String: String] = [:],
        files: [String: String] = [:]
    ) throws(CommandFailure) -> ServerAddress {
        try ServerAddress.find(choice, environment: environment) { (path) throws(FileFault) in
            guard let text = files[path] else { throw FileFault("read", path, errno: 2) }
            return text
        }
    }
}

/// Answers every call alike.
private final class OneAnswer: Transport {
    private let result: Outcome.Result
    private let receiver = Mutex<(@Sendable ([Outcome]) -> Void)?>(nil)
    private let sent = Mutex<[Call]>([])

    var calls: [Call] { sent.withLock { $0 } }

    init(status: UInt16, body: String) {
        result = .answered(Answer(status: status, body: Array(body.utf8)))
    }

    init(failure: Failure) {
        result = .failed(failure)
    }

    func send(_ calls: [Call]) {
        sent.withLock { $0 += calls }
        let outcomes = calls.map { Outcome(id: $0.id, result: result, timings: Timings(), address: "") }
        receiver.withLock { $0 }?(outcomes)
    }

    func abort(_ ids: [UInt64]) {}
    func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {
        receiver.withLock { $0 = receive }
    }
    func shutdown(drain: Span) async {}
}
