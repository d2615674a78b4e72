import Domain
import Testing

/// Pings are answered beside all other requests, and yet in their order.
struct PingLaneTests {
    private let close = "Connection: close\r\n"

    /// A check, as the path of its ping URL.
    private func check(_ rig: SiteRig) async throws -> String {
        let made = await rig.send("POST", "/chronatogapi/1/checks", #"{"name":"x"}"#)
        let url = try #require(made.json["ping_url"]?.string)
        return "/ping/\(url.suffix(36))"
    }

    private func get(_ target: String, _ fields: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
    }

    private func kinds(_ rig: SiteRig) async -> [String] {
        let pings = await rig.send("GET", "/chronatogapi/1/checks/1/pings?limit=20")
        return (pings.json.array ?? []).reversed().compactMap { $0["kind"]?.string }
    }

    /// The last line of each answer, in order.
    private func bodies(_ text: String) -> [Substring] {
        text.split(separator: "HTTP/1.1 ").map { $0.split(separator: "\r\n\r\n").last ?? "" }
    }

    @Test func `pings and other requests in one packet are answered in their order`() async throws {
        try await LiveSite.serving { port, rig in
            let ping = try await check(rig)
            let text = try await LiveSite.exchange(
                port,
                get("\(ping)/start") + get("/_sink/200?bytes=3") + get("\(ping)/fail") + get(ping)
                    + get("/_sink/200?bytes=4", close)
            )
            #expect(bodies(text) == ["OK", "xxx", "OK", "OK", "xxxx"], "\(text)")
            #expect(await kinds(rig) == ["start", "fail", "success"])
        }
    }

    @Test func `a ping behind a slow answer waits for it, with all that follows`() async throws {
        try await LiveSite.serving { port, rig in
            let ping = try await check(rig)
            let text = try await LiveSite.exchange(
                port,
                get("/_sink/200?bytes=3&delay=200ms") + get(ping) + get("/_sink/200?bytes=4")
                    + get(ping, close)
            )
            #expect(bodies(text) == ["xxx", "OK", "xxxx", "OK"], "\(text)")
        }
    }

    @Test func `every shape of a ping has the same answer`() async throws {
        try await LiveSite.serving { port, rig in
            let ping = try await check(rig)
            let body = "Content-Length: 4\r\n\r\nbody"
            let shapes = [
                get(ping, "Connection: keep-alive\r\n") + get("/healthz", close),
                get(ping, close),
                "POST \(ping) HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" + get("/healthz", close),
                "POST \(ping) HTTP/1.1\r\nHost: x\r\n\(close)\(body)",
                "POST \(ping) HTTP/1.1\r\nHost: x\r\n\(close)Expect: 100-continue\r\n\(body)",
                "GET \(ping) HTTP/1.0\r\n\r\n",
                get("\(ping)?from=a%20script", close),
                get("\(ping)?%zz", "") + get("/healthz", close),
                get("\(ping)?%zz", close),
            ]
            var heads: Set<[String]> = []
            for shape in shapes {
                let text = try await LiveSite.exchange(port, shape)
                    .replacing("HTTP/1.1 100 Continue\r\n\r\n", with: "")
                let answer = text.split(separator: "HTTP/1.1 ").first ?? ""
                #expect(answer.hasSuffix("\r\n\r\nOK"), "\(shape): \(text)")
                let fields = answer.split(separator: "\r\n").dropLast().map { $0.lowercased() }
                heads.insert(
                    fields.filter { !$0.hasPrefix("date:") && !$0.hasPrefix("connection:") }.sorted()
                )
            }
            #expect(heads.count == 1, "\(heads)")
            let pings = await rig.send("GET", "/chronatogapi/1/checks/1/pings").json.array ?? []
            #expect(pings.count == shapes.count)
            #expect(pings.allSatisfy { $0["source"]?.string == "127.0.0.1" }, "\(pings)")
            #expect(pings.map { $0["body_bytes"]?.text }.filter { $0 == "4" }.count == 2, "\(pings)")
        }
    }

    @Test func `what is no ping, or none of ours, is answered as elsewhere`() async throws {
        try await LiveSite.serving { port, rig in
            let ping = try await check(rig)
            let strange = "/ping/6e1b3f0a-9c2d-4e5f-8a7b-0123456789ab"
            let text = try await LiveSite.exchange(
                port,
                get("\(ping)/256") + get(strange) + get("\(ping)?rid=7") + get("/ping/") + get("\(ping)/a/b")
                    + get("\(strange)?rid=7") + get("\(strange)/256") + get("/ping/key/slug?rid=7")
                    + get("/ping/key/slug?rid=7&create=1") + get(ping, close)
            )
            let statuses = text.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
            let wanted = ["400", "404", "400", "404", "404", "404", "404", "404", "400", "200"]
            #expect(statuses == wanted.map { $0[...] }, "\(text)")
        }
    }

    @Test func `PUT pings, a page of another origin may ask first, and 405 says what is allowed`()
        async throws
    {
        try await LiveSite.serving { port, rig in
            let ping = try await check(rig)
            let put = "PUT \(ping)/fail HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
            let asked = "OPTIONS \(ping)/start HTTP/1.1\r\nHost: x\r\nOrigin: https://example.com\r\n\r\n"
            let wrong = "DELETE \(ping) HTTP/1.1\r\nHost: x\r\n\(close)\r\n"
            let text = try await LiveSite.exchange(port, put + asked + wrong)
            let answers = text.split(separator: "HTTP/1.1 ")
            #expect(answers.map { $0.prefix(3) } == ["200", "204", "405"], "\(text)")
            let free = answers.dropFirst().first ?? ""
            #expect(free.contains("\r\nAccess-Control-Allow-Origin: *\r\n"), "\(free)")
            #expect(free.contains("\r\nAccess-Control-Allow-Methods: GET, POST, PUT, HEAD, OPTIONS\r\n"))
            #expect(free.contains("\r\nAccess-Control-Max-Age: 86400\r\n"))
            #expect(!free.contains("Content-Length"), "\(free)")
            #expect(text.contains("\r\nAllow: GET, HEAD, OPTIONS, POST, PUT\r\n"), "\(text)")
            #expect(await kinds(rig) == ["fail"])
        }
    }

    @Test func `a client that has said everything still gets its answer`() async throws {
        try await LiveSite.serving { port, rig in
            let ping = try await check(rig)
            let text = try await LiveSite.exchange(port, get(ping) + get(ping), halfClose: true)
            #expect(bodies(text) == ["OK", "OK"], "\(text)")
        }
    }

    @Test func `what is no HTTP behind a ping is refused after its answer`() async throws {
        try await LiveSite.serving { port, rig in
            let text = try await LiveSite.exchange(port, get(try await check(rig)) + "nonsense\r\n\r\n")
            #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)")
            #expect(await kinds(rig) == ["success"])
        }
    }

    @Test func `pings of many connections at once are all kept, each for its own check`() async throws {
        try await LiveSite.serving { port, rig in
            var checks: [String] = []
            for _ in 0..<8 { checks.append(try await check(rig)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    let ping = checks[number % checks.count]
                    group.addTask {
                        let request = String(repeating: get(ping), count: 4) + get(ping, close)
                        let text = try await LiveSite.exchange(port, request)
                        #expect(text.ranges(of: "\r\n\r\nOK").count == 5, "\(text)")
                    }
                }
                try await group.waitForAll()
            }
            for number in 1...checks.count {
                let view = await rig.send("GET", "/chronatogapi/1/checks/\(number)")
                #expect(view.json["pings"]?.text == "40")
            }
        }
    }
}
