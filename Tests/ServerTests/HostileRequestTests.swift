import NIOCore
import Testing

/// The real server against clients that are slow, greedy, contradictory, or gone: each has its answer, and
/// none takes anything from those after it. Limits of sizes are tested beside the server (`ServingTests`).
@Suite(.serialized, .timeLimit(.minutes(2)))
struct HostileRequestTests {
    private static let flags = ["--header-bytes-max", "8KiB", "--body-bytes-max", "16KiB"]
    private static let hasty = flags + ["--request-timeout", "1s"]

    @Test func `every hostile request has its answer, and the server goes on`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start(Self.flags)
            let exchange = RawExchange(port: server.api.port)
            for row in HostileRow.all {
                let reply = try await rig.apart { try exchange(row.pieces) }
                #expect(reply.statuses == row.statuses, "\(row.name): \(reply.text.prefix(300))")
                #expect(reply.isClosed, "\(row.name): the connection is still open")
            }
            try await expectUnharmed(server, rig)
        }
    }

    @Test func `slow clients are given up, all at once`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start(Self.hasty)
            let exchange = RawExchange(port: server.api.port)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for row in HostileRow.slow {
                    group.addTask {
                        let start = ContinuousClock.now
                        let reply = try await rig.apart { try exchange(row.pieces) }
                        #expect(reply.statuses == row.statuses, "\(row.name): \(reply.text.prefix(300))")
                        #expect(reply.isClosed, "\(row.name): the connection is still open")
                        // A byte now and then buys no time: whoever is heard out takes 40 seconds or more.
                        #expect(ContinuousClock.now - start < .seconds(25), "\(row.name)")
                    }
                }
                try await group.waitForAll()
            }
            try await expectUnharmed(server, rig)
        }
    }

    @Test func `two hundred connections that say nothing hold nobody up`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start(Self.flags)
            let exchange = RawExchange(port: server.api.port)
            try await rig.apart {
                try exchange.besides(connections: 200) {
                    let reply = try exchange([.text(HostileRow.health + HostileRow.close)])
                    guard reply.statuses == [200] else { throw Obstacle("not answered: \(reply.text)") }
                }
            }
            try await expectUnharmed(server, rig)
        }
    }

    private func expectUnharmed(_ server: ServerRig.Server, _ rig: ServerRig) async throws {
        let exchange = RawExchange(port: server.api.port)
        let reply = try await rig.apart { try exchange([.text(HostileRow.health + HostileRow.close)]) }
        #expect(reply.statuses == [200])
        #expect(reply.text.contains(#""status":"ok""#), "\(reply.text)")
        // What was meant as one request and read as two, or was cut, would have left something behind.
        let jobs = try await rig.apart { try Listed.all(server.api) }
        #expect(jobs.isEmpty)
        server.child.terminate()
        #expect(try await rig.ending(of: server.child).status == 0)
    }
}

/// One request, or what pretends to be one, and the statuses of all answers to it.
struct HostileRow: Sendable {
    let name: String
    let pieces: [RawExchange.Piece]
    let statuses: [Int]

    init(_ name: String, _ text: String, _ statuses: Int...) {
        self.init(name, [.text(text)], statuses)
    }

    init(_ name: String, _ pieces: [RawExchange.Piece], _ statuses: [Int]) {
        self.name = name
        self.pieces = pieces
        self.statuses = statuses
    }

    static let close = "Connection: close\r\n\r\n"
    static let health = "GET /healthz HTTP/1.1\r\nHost: x\r\n"
    private static let start =
        "POST /chronatogapi/1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n"
    /// Never accepted, for a schedule is missing: 422 says that it was read whole.
    private static let body = #"{"callback_url":"http://127.0.0.1:9/"}"#
    private static let count = body.utf8.count
    private static let chunk = "\(String(count, radix: 16))\r\n\(body)\r\n"
    private static let chunked = "\(start)Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"

    static var all: [HostileRow] { framing + chunks + heads + targets + connections }

    /// Where a request ends: whatever could be read in two ways is refused, and the connection with it.
    private static let framing: [HostileRow] = [
        with(
            "both framings",
            "Content-Length: \(count)\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)0\r\n\r\n"
        ),
        with(
            "both the other way",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n\(chunk)0\r\n\r\n"
        ),
        with("two lengths", "Content-Length: \(count)\r\nContent-Length: 5\r\n\r\n\(body)"),
        with("one length twice", "Content-Length: \(count)\r\nContent-Length: \(count)\r\n\r\n\(body)"),
        with("a list of lengths", "Content-Length: \(count), \(count)\r\n\r\n\(body)"),
        with("a negative length", "Content-Length: -1\r\n\r\n\(body)"),
        with("a length with a sign", "Content-Length: +\(count)\r\n\r\n\(body)"),
        with("a hexadecimal length", "Content-Length: 0x10\r\n\r\n\(body)"),
        with("an empty length", "Content-Length:\r\n\r\n\(body)"),
        with("a length of two words", "Content-Length: 1 2\r\n\r\n\(body)"),
        with("a length beyond 64 bits", "Content-Length: 99999999999999999999\r\n\r\n\(body)"),
        HostileRow("a length beyond 63 bits", "\(start)Content-Length: 9223372036854775808\r\n\r\n", 413),
        with("another coding", "Transfer-Encoding: identity\r\n\r\n\(body)"),
        with("almost chunked", "Transfer-Encoding: xchunked\r\n\r\n\(chunk)0\r\n\r\n"),
        with("chunked, but not last", "Transfer-Encoding: chunked, identity\r\n\r\n\(chunk)0\r\n\r\n"),
        with("two codings", "Transfer-Encoding: gzip, chunked\r\n\r\n\(chunk)0\r\n\r\n"),
        with(
            "chunked twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)0\r\n\r\n"
        ),
        with("a coding after a vertical tab", "Transfer-Encoding: \u{b}chunked\r\n\r\n\(chunk)0\r\n\r\n"),
        with("a space before the colon", "Transfer-Encoding : chunked\r\n\r\n\(chunk)0\r\n\r\n"),
        with("a folded coding", "Transfer-Encoding:\r\n chunked\r\n\r\n\(chunk)0\r\n\r\n"),
        HostileRow(
            "chunks in HTTP/1.0",
            "POST /chronatogapi/1/jobs HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)0\r\n\r\n",
            400
        ),
    ]

    private static func with(_ name: String, _ rest: String) -> HostileRow {
        HostileRow(name, start + rest, 400)
    }

    private static let chunks: [HostileRow] = [
        HostileRow("sound chunks", "\(chunked)\(chunk)0\r\n\r\n", 422),
        HostileRow("extensions", "\(chunked)\(hexadecimal);a=b;c=\"d e\"\r\n\(body)\r\n0;x\r\n\r\n", 422),
        HostileRow("an extension with a bare LF", "\(chunked)\(hexadecimal);\n\(body)\r\n0\r\n\r\n", 400),
        HostileRow("a size beyond 64 bits", "\(chunked)fffffffffffffffff\r\n\(body)", 400),
        HostileRow("a size with 0x", "\(chunked)0x\(hexadecimal)\r\n\(body)\r\n0\r\n\r\n", 400),
        HostileRow("a negative size", "\(chunked)-1\r\n\(body)\r\n0\r\n\r\n", 400),
        HostileRow("no size", "\(chunked)\r\n\(body)\r\n0\r\n\r\n", 400),
        HostileRow("a chunk longer than its size", "\(chunked)5\r\n\(body)\r\n0\r\n\r\n", 400),
        HostileRow("chunks with bare LFs", "\(chunked)\(hexadecimal)\n\(body)\n0\n\n", 400),
        HostileRow("a space after a size", "\(chunked)\(hexadecimal) \r\n\(body)\r\n0\r\n\r\n", 400),
        HostileRow("a byte a chunk", chunked + String(repeating: "1\r\nx\r\n", count: 20_000), 413),
        HostileRow(
            "endless trailers",
            "\(chunked)\(chunk)0\r\n" + (0..<20_000).map { "X\($0): y\r\n" }.joined() + "\r\n",
            400
        ),
        HostileRow("a length among trailers", "\(chunked)\(chunk)0\r\nContent-Length: 5\r\n\r\n", 400),
    ]

    private static let hexadecimal = String(count, radix: 16)

    private static let heads: [HostileRow] = [
        HostileRow("no host", "GET /healthz HTTP/1.1\r\n\(close)", 400),
        HostileRow("two hosts", "\(health)Host: y\r\n\(close)", 400),
        HostileRow("a folded line", "\(health)X: a\r\n b\r\n\(close)", 400),
        HostileRow("a folded first line", "GET /healthz HTTP/1.1\r\n Host: x\r\n\(close)", 400),
        HostileRow("bare LFs", "GET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n", 400),
        HostileRow("one bare LF", "\(health)X: a\nY: b\r\n\(close)", 400),
        HostileRow("a bare CR", "\(health)X: a\rY: b\r\n\(close)", 400),
        HostileRow("a NUL in a value", "\(health)X: a\0b\r\n\(close)", 400),
        HostileRow("a NUL in a name", "\(health)X\0: a\r\n\(close)", 400),
        HostileRow("a control character", "\(health)X: a\u{1}b\r\n\(close)", 400),
        HostileRow("no name", "\(health): a\r\n\(close)", 400),
        HostileRow("a name with a space", "\(health)X y: a\r\n\(close)", 400),
        HostileRow("no colon", "\(health)Xy\r\n\(close)", 400),
        HostileRow("HTTP/0.9", "GET /healthz\r\n\r\n", 400),
        HostileRow("HTTP/3.0", "GET /healthz HTTP/3.0\r\nHost: x\r\n\(close)", 400),
        HostileRow("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        HostileRow("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}" + String(repeating: "a", count: 300), 400),
        HostileRow("an upgrade", "\(health)Upgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n", 200),
        HostileRow("a method that is none", "FOO /healthz HTTP/1.1\r\nHost: x\r\n\(close)", 400),
        HostileRow("an endless method", String(repeating: "A", count: 100_000), 400),
        HostileRow("empty lines first", "\r\n\r\n\(health)\(close)", 200),
        HostileRow("a body nobody asked for", "\(health)Content-Length: 5\r\n\(close)hello", 200),
    ]

    private static let targets: [HostileRow] = [
        get("an absolute target", "http://x/healthz", 200),
        get("an absolute target without a path", "http://x", 200),
        get("a relative target", "healthz", 400),
        get("a target with a space", "/healthz x", 400),
        get("a target with a NUL", "/healthz\0", 400),
        get("a target with more than ASCII", "/health\u{e9}", 400),
        get("a target that is no UTF-8", "/chronatogapi/1/jobs/%ff%00", 400),
        get("a way out", "/../../etc/passwd", 404),
        get("an endless target", "/" + String(repeating: "a", count: 100_000), 431),
        HostileRow("a tunnel", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\(close)", 404),
        HostileRow("options of everything", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\(close)", 404),
    ]

    private static func get(_ name: String, _ target: String, _ status: Int) -> HostileRow {
        HostileRow(name, "GET \(target) HTTP/1.1\r\nHost: x\r\n\(close)", status)
    }

    /// Several requests, and clients that stop talking.
    private static let connections: [HostileRow] = [
        HostileRow(
            "fifty in one piece",
            [.text(String(repeating: "\(health)\r\n", count: 49) + health + close)],
            Array(repeating: 200, count: 50)
        ),
        HostileRow("garbage behind a request", "\(health)\r\ngarbage\r\n\r\n", 200),
        HostileRow(
            "garbage behind a body",
            "\(start)Content-Length: \(count)\r\n\r\n\(body)more\r\n\r\n",
            422
        ),
        HostileRow("HTTP/1.0 is closed after its answer", "GET /healthz HTTP/1.0\r\n\r\n", 200),
        HostileRow("half closed behind a request", [.text("\(health)\r\n"), .halfClose], [200]),
        HostileRow("half closed in a head", [.text("GET /hea"), .halfClose], [400]),
        HostileRow(
            "half closed in a body",
            [.text("\(start)Content-Length: 9\r\n\r\n{}"), .halfClose],
            [400]
        ),
        HostileRow("half closed in a chunk", [.text("\(chunked)5\r\nhe"), .halfClose], [400]),
        HostileRow("half closed without a word", [.halfClose], []),
        HostileRow(
            "waiting for 100 Continue",
            [
                .text(
                    "\(start)Content-Length: \(count)\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
                ),
                .listen, .text(body),
            ],
            [100, 422]
        ),
        HostileRow(
            "waiting for 100 Continue with too much",
            "\(start)Content-Length: 1000000\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
            413
        ),
    ]

    static let slow: [HostileRow] = [
        HostileRow("nothing more of a head", [.text("GET /hea")], [408]),
        HostileRow(
            "a head by and by",
            [dribble("\(health)X: \(String(repeating: "a", count: 1000))")],
            [408]
        ),
        HostileRow(
            "lines by and by",
            [dribble(health + (0..<100).map { "A\($0): b\r\n" }.joined())],
            [408]
        ),
        HostileRow(
            "a body by and by",
            [.text("\(start)Content-Length: 1000\r\n\r\n"), dribble(String(repeating: "x", count: 1000))],
            [408]
        ),
        HostileRow(
            "chunks by and by",
            [.text(chunked), dribble(String(repeating: "1\r\nx\r\n", count: 200))],
            [408]
        ),
        HostileRow("a huge chunk that never comes", [.text("\(chunked)7fffffffffffffff\r\n\(body)")], [408]),
    ]

    private static func dribble(_ text: String) -> RawExchange.Piece { .dribble(Array(text.utf8), every: 50) }
}
