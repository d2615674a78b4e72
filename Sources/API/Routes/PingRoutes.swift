internal import Domain
internal import Engine

/// `/ping/…`: what checks hear, with the URLs, answers and headers that Healthchecks gives, so that a
/// script written for it needs another host and nothing else. Facts: https://healthchecks.io/docs/http_api/
///
/// Who knows the URL may ping: there is no other credential. A first part that looks like a UUID is a check;
/// anything else is a ping key.
enum PingRoutes {
    static let all: [Route] = routes("GET") + routes("POST")

    private static func routes(_ method: String) -> [Route] {
        [
            Route(method, "/ping/{check}", .anyone, "Say that it works", answer: answer).with(told),
            Route(
                method,
                "/ping/{check}/{word}",
                .anyone,
                "With a UUID: start, fail, log or an exit code; with a ping key: a slug's success",
                answer: answer
            ).with(told),
            Route(
                method,
                "/ping/{check}/{word}/{action}",
                .anyone,
                "With a ping key and a slug: start, fail, log or an exit code",
                answer: answer
            ).with(told),
        ]
    }

    private static let told: @Sendable (inout Route) -> Void = {
        $0.query = [
            .init("rid", "a UUID that matches an end with its own start"),
            .init("create", "1: make the check when the slug is new", "1"),
        ]
        $0.takesAnyQuery = true
        $0.bodyKeptBytesMax = Ping.bodyBytesMax
        $0.answerType = "text/plain"
        $0.problems = [.malformed, .notFound, .storageFull]
    }

    @Sendable private static func answer(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let reading: Reading
        do throws(Refusal) {
            reading = try Reading(request)
        } catch {
            return reply(error.status, error.text)
        }
        switch try await site.engine.ping(reading.target, reading.ping, creating: reading.definition) {
        case .taken: return taken
        case .created: return reply(201, "Created")
        case .noSuchCheck: return reply(404, "not found")
        }
    }

    private static let taken = reply(200, "OK")

    static func reply(_ status: Int, _ text: String) -> Reply {
        Reply(
            status: status,
            headers: [
                ("Content-Type", "text/plain; charset=utf-8"), ("Ping-Body-Limit", "\(Ping.bodyBytesMax)"),
                ("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-store"),
            ],
            body: Array(text.utf8)
        )
    }

    /// What is wrong with a URL, in the words that scripts may look for.
    private enum Refusal: Error {
        case unknown
        case badURL
        case badRun

        var status: Int { self == .unknown ? 404 : 400 }

        var text: String {
            switch self {
            case .unknown: "not found"
            case .badURL: "invalid url format"
            case .badRun: "invalid uuid format"
            }
        }
    }

    /// A request as a ping.
    private struct Reading {
        var target: PingTarget
        var ping: Ping
        /// The check to make when there is none (`create=1`).
        var definition: CheckDefinition?

        init(_ request: APIRequest) throws(Refusal) {
            let key = request.parameters["check"] ?? ""
            var action: String?
            if let address = UniqueID(key) {
                guard request.parameters["action"] == nil else { throw .unknown }
                target = .address(address)
                action = request.parameters["word"]
            } else {
                guard let slug = request.parameters["word"] else { throw .unknown }
                target = .slug(key: key, slug: slug)
                action = request.parameters["action"]
                if request.query["create"] == "1" {
                    guard CheckForm.isSlug(slug) else { throw .badURL }
                    var made = CheckDefinition()
                    made.name = slug
                    made.slug = slug
                    definition = made
                }
            }
            ping = try Self.ping(action)
            if let text = request.query["rid"] {
                guard let run = UniqueID(text) else { throw .badRun }
                ping.run = run
            }
            ping.method = String(request.method.prefix(Self.methodBytesMax))
            ping.source = request.remoteAddress
            ping.body = request.body
            ping.bodyBytes = UInt64(request.bodyBytes)
        }

        private static let methodBytesMax = 8

        private static func ping(_ action: String?) throws(Refusal) -> Ping {
            switch action {
            case nil: return Ping(.success)
            case "start": return Ping(.start)
            case "fail": return Ping(.fail)
            case "log": return Ping(.log)
            case .some(let text):
                guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                    throw .unknown
                }
                guard let code = UInt8(text) else { throw .badURL }
                return Ping(code == 0 ? .success : .fail, exitCode: code)
            }
        }
    }
}
