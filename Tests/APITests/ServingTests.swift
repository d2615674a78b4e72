import API
import Domain
import Testing

/// A real socket: what the network can do to a server.
struct ServingTests {
    private let jobs = "/chronatogapi/1/jobs"
    private let login = "Authorization: Bearer \(SiteRig.token)\r\n"

    @Test func `requests are answered on a kept connection`() async throws {
        try await LiveSite.serving { port in
            let request = "GET \(jobs) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(SiteRig.token)\r\n"
            let text = try await LiveSite.exchange(port, "\(request)\r\n\(request)Connection: close\r\n\r\n")
            #expect(text.components("HTTP/1.1 200 OK\r\n") == 2)
            #expect(text.contains("\r\nServer: chronatog\r\n"))
            #expect(text.contains("\r\nDate: "))
            #expect(text.hasSuffix("[]\n"))
        }
    }

    @Test func `what no route knows is 404, and a wrong method 405`() async throws {
        try await LiveSite.serving { port in
            let missing = try await LiveSite.exchange(
                port,
                "GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            #expect(missing.hasPrefix("HTTP/1.1 404 "))
            #expect(missing.contains("application/problem+json"))
            let wrong = try await LiveSite.exchange(
                port,
                "PUT \(jobs) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            #expect(wrong.hasPrefix("HTTP/1.1 405 "))
            #expect(wrong.contains("\r\nAllow: GET, HEAD, POST\r\n"))
            let head = try await LiveSite.exchange(
                port,
                "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            #expect(head.hasPrefix("HTTP/1.1 200 "))
            #expect(head.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `a body over the limit is 413, announced or not`() async throws {
        try await LiveSite.serving({ $0.limits.bodyBytesMax = 1000 }) { port in
            let start = "POST \(jobs) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(SiteRig.token)\r\n"
            let announced = try await LiveSite.exchange(port, "\(start)Content-Length: 1001\r\n\r\n")
            #expect(announced.hasPrefix("HTTP/1.1 413 "), "\(announced)")
            let chunk = "258\r\n\(String(repeating: "x", count: 600))\r\n"
            let chunked = try await LiveSite.exchange(
                port,
                "\(start)Transfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)\(chunk)"
            )
            #expect(chunked.hasPrefix("HTTP/1.1 413 "), "\(chunked)")
            #expect(chunked.contains("limited to 1000 bytes"))
        }
    }

    @Test func `a head over the limit is 431, ten megabytes of it too`() async throws {
        try await LiveSite.serving({ $0.limits.headerBytesMax = 8192 }) { port in
            for size in [9000, 10_000_000] {
                let long = String(repeating: "x", count: size)
                let text = try await LiveSite.exchange(
                    port,
                    "GET \(jobs) HTTP/1.1\r\nHost: x\r\nX-Long: \(long)\r\n\r\n"
                )
                #expect(text.hasPrefix("HTTP/1.1 431 "), "\(size): \(text.prefix(200))")
            }
            let many = (0..<300).map { "A\($0): b\r\n" }.joined()
            let text = try await LiveSite.exchange(port, "GET \(jobs) HTTP/1.1\r\nHost: x\r\n\(many)\r\n")
            #expect(text.hasPrefix("HTTP/1.1 431 "), "\(text.prefix(200))")
        }
    }

    @Test func `a request that does not arrive is 408, whether its head or its body is missing`() async throws
    {
        try await LiveSite.serving({ $0.limits.requestTimeout = .milliseconds(200) }) { port in
            let start = "POST \(jobs) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(SiteRig.token)\r\n"
            for part in ["G", start, "\(start)Content-Length: 100\r\n\r\n{\"callback_url\":"] {
                let text = try await LiveSite.exchange(port, part)
                #expect(text.hasPrefix("HTTP/1.1 408 "), "\(part): \(text)")
                #expect(text.contains("within 200ms"))
            }
        }
    }

    @Test func `a body that ends early changes nothing`() async throws {
        try await LiveSite.serving { port in
            let body = #"{"callback_url":"/_sink/200","schedule":"@hourly"}"#
            let start = "POST \(jobs) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(SiteRig.token)\r\n"
            let half = try await LiveSite.exchange(
                port,
                "\(start)Content-Length: 100\r\n\r\n\(body)",
                halfClose: true
            )
            #expect(!half.contains(" 201 "), "\(half)")
            let list =
                "GET \(jobs) HTTP/1.1\r\nHost: x\r\n\(login)Connection: close\r\n\r\n"
            #expect(try await LiveSite.exchange(port, list).hasSuffix("[]\n"))
        }
    }

    @Test func `bytes that are not HTTP, or not UTF-8, are 400`() async throws {
        try await LiveSite.serving { port in
            let text = try await LiveSite.exchange(port, "hello there\r\n\r\n")
            #expect(text.hasPrefix("HTTP/1.1 400 "), "\(text)")
            let head =
                "POST \(jobs) HTTP/1.1\r\nHost: x\r\n\(login)Connection: close\r\n"
            let bytes = Array("\(head)Content-Length: 2\r\n\r\n".utf8) + [0xc3, 0x28]
            let invalid = try await LiveSite.exchange(port, bytes)
            #expect(invalid.hasPrefix("HTTP/1.1 400 "), "\(invalid)")
            #expect(invalid.contains("not valid UTF-8"))
        }
    }

    @Test func `the sink answers over HTTP and lists what it got`() async throws {
        try await LiveSite.serving { port in
            let call =
                "POST /_sink/503/deep?bytes=3&after=1ms HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + "Content-Length: 2\r\n\r\nhi"
            let text = try await LiveSite.exchange(port, call)
            #expect(text.hasPrefix("HTTP/1.1 503 "), "\(text)")
            #expect(text.hasSuffix("\r\n\r\nxxx"), "\(text)")
            let list = try await LiveSite.exchange(
                port,
                "GET /_sink HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            #expect(list.contains("\"target\":\"/_sink/503/deep?bytes=3&after=1ms\""), "\(list)")
            #expect(list.contains("\"body\":\"hi\""))
            let gone = try await LiveSite.exchange(
                port,
                "GET /_sink/200?hang=1 HTTP/1.1\r\nHost: x\r\n\r\n",
                halfClose: true
            )
            #expect(gone.isEmpty)
        }
    }
}

extension String {
    fileprivate func components(_ text: String) -> Int { ranges(of: text).count }
}
