import Testing
import Wire

struct ResponseParserTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: String
        var status: UInt16 = 200
        var body = ""
        var keeps = true
        var isHEAD = false
        var endsByClose = false
        var testDescription: String { name }
    }

    static let good: [Row] = [
        Row(
            name: "content-length",
            bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            body: "hello"
        ),
        Row(name: "no reason", bytes: "HTTP/1.1 204\r\n\r\n", status: 204),
        Row(name: "empty reason", bytes: "HTTP/1.1 404 \r\ncontent-length:0\r\n\r\n", status: 404),
        Row(name: "zero length", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Row(name: "bare LF", bytes: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", body: "ok"),
        Row(
            name: "chunked",
            bytes:
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
                + "006;a=b;c=\"d e\"\r\n world\r\n0\r\n\r\n",
            body: "hello world"
        ),
        Row(
            name: "chunked with trailers",
            bytes:
                "HTTP/1.1 200 OK\r\ntransfer-encoding:\tCHUNKED \r\n\r\n"
                + "A\r\n0123456789\r\n0\r\nX: y\r\nZ: w\r\n\r\n",
            body: "0123456789"
        ),
        Row(
            name: "until close",
            bytes: "HTTP/1.1 200 OK\r\n\r\nall there is",
            body: "all there is",
            keeps: false,
            endsByClose: true
        ),
        Row(
            name: "interim answers",
            bytes:
                "HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\nHTTP/1.1 103 x\r\nLink: a\r\n\r\n"
                + "HTTP/1.1 201 C\r\nContent-Length: 1\r\n\r\nx",
            status: 201,
            body: "x"
        ),
        Row(name: "304 with a length", bytes: "HTTP/1.1 304 N\r\nContent-Length: 99\r\n\r\n", status: 304),
        Row(name: "HEAD", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", isHEAD: true),
        Row(
            name: "close",
            bytes: "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\nx",
            body: "x",
            keeps: false
        ),
        Row(
            name: "HTTP/1.0",
            bytes: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
            body: "x",
            keeps: false
        ),
        Row(
            name: "HTTP/1.0 kept alive",
            bytes: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
            body: "x"
        ),
        Row(name: "obs-text", bytes: "HTTP/1.1 200 Größe\r\nX: ü\r\nContent-Length: 0\r\n\r\n"),
    ]

    struct Hostile: Sendable, CustomTestStringConvertible {
        let bytes: String
        let fault: ResponseParser.Fault
        var testDescription: String { String(bytes.prefix(60)) }
    }

    static let hostile: [Hostile] = [
        Hostile(bytes: "SSH-2.0-OpenSSH_9.2\r\n", fault: .notHTTP),
        Hostile(bytes: "\r\n", fault: .notHTTP),
        Hostile(bytes: "HTTP/2 200\r\n", fault: .notHTTP),
        Hostile(bytes: "HTTP/1.1 20 OK\r\n", fault: .notHTTP),
        Hostile(bytes: "HTTP/1.1 2000 OK\r\n", fault: .notHTTP),
        Hostile(bytes: "HTTP/1.1 099 OK\r\n", fault: .notHTTP),
        Hostile(bytes: "HTTP/1.1 600 OK\r\n", fault: .notHTTP),
        Hostile(bytes: "HTTP/1.1 2x0 OK\r\n", fault: .notHTTP),
        Hostile(bytes: "HTTP/1.1  200 OK\r\n", fault: .notHTTP),
        Hostile(bytes: "HTTP/1.1 200 O\u{0}K\r\n", fault: .badHeader),
        Hostile(bytes: "HTTP/1.1 101 S\r\n", fault: .switchedProtocols),
        Hostile(bytes: String(repeating: "x", count: 9000), fault: .statusLineTooLong(bytesMax: 8192)),
        Hostile(
            bytes: ok("X: " + String(repeating: "y", count: 66_000)),
            fault: .headTooLong(bytesMax: 65_536)
        ),
        Hostile(
            bytes: ok(String(repeating: "X: y\r\n", count: 20_000)),
            fault: .headTooLong(bytesMax: 65_536)
        ),
        Hostile(
            bytes: String(repeating: "HTTP/1.1 100 C\r\n\r\n", count: 40_000),
            fault: .headTooLong(bytesMax: 65_536)
        ),
        Hostile(bytes: ok("X : y\r\n"), fault: .badHeader),
        Hostile(bytes: ok(": y\r\n"), fault: .badHeader),
        Hostile(bytes: ok("no colon\r\n"), fault: .badHeader),
        Hostile(bytes: ok("X: y\r\n folded\r\n"), fault: .badHeader),
        Hostile(bytes: ok("X: a\rb\r\n"), fault: .badHeader),
        Hostile(bytes: ok("Content-Length: -1\r\n"), fault: .badContentLength),
        Hostile(bytes: ok("Content-Length: +1\r\n"), fault: .badContentLength),
        Hostile(bytes: ok("Content-Length: \r\n"), fault: .badContentLength),
        Hostile(bytes: ok("Content-Length: 1, 1\r\n"), fault: .badContentLength),
        Hostile(bytes: ok("Content-Length: 0x10\r\n"), fault: .badContentLength),
        Hostile(bytes: ok("Content-Length: 9223372036854775808\r\n"), fault: .badContentLength),
        Hostile(bytes: ok("Content-Length: 99999999999999999999\r\n"), fault: .badContentLength),
        Hostile(bytes: ok("Content-Length: 1\r\nContent-Length: 1\r\n"), fault: .badContentLength),
        Hostile(bytes: ok("Content-Length: 1\r\nContent-Length: 2\r\n"), fault: .badContentLength),
        Hostile(bytes: ok("Transfer-Encoding: gzip\r\n"), fault: .badTransferCoding),
        Hostile(bytes: ok("Transfer-Encoding: gzip, chunked\r\n"), fault: .badTransferCoding),
        Hostile(
            bytes: ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
            fault: .badTransferCoding
        ),
        Hostile(bytes: ok("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"), fault: .bothFramings),
        Hostile(bytes: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", fault: .bothFramings),
        Hostile(bytes: chunked("x\r\n"), fault: .badChunk),
        Hostile(bytes: chunked("\r\n"), fault: .badChunk),
        Hostile(bytes: chunked("-1\r\n"), fault: .badChunk),
        Hostile(bytes: chunked("5\nhello"), fault: .badChunk),
        Hostile(bytes: chunked("fffffffffffffffff\r\n"), fault: .badChunk),
        Hostile(bytes: chunked("1\r\nxx\r\n"), fault: .badChunk),
        Hostile(bytes: chunked("1\r\nx\n"), fault: .badChunk),
        Hostile(bytes: chunked("1;" + String(repeating: "e", count: 5000)), fault: .badChunk),
        Hostile(bytes: chunked("0\r\nbad trailer\r\n"), fault: .badHeader),
    ]

    private static func ok(_ header: String) -> String { "HTTP/1.1 200 OK\r\n" + header }
    private static func chunked(_ body: String) -> String { ok("Transfer-Encoding: chunked\r\n\r\n") + body }

    @Test(arguments: good)
    func `an answer is read the same however it is cut into pieces`(_ row: Row) {
        let bytes = Array(row.bytes.utf8)
        for cut in 0...bytes.count {
            var parser = ResponseParser()
            parser.begin(answersHEAD: row.isHEAD, keepBodyBytesMax: 1000)
            var progress = feed(&parser, Array(bytes[..<cut]))
            if progress == .wantsMore { progress = feed(&parser, Array(bytes[cut...])) }
            expect(row, parser, row.endsByClose ? end(&parser, progress) : progress)
        }
        var parser = ResponseParser()
        parser.begin(answersHEAD: row.isHEAD, keepBodyBytesMax: 1000)
        var progress = ResponseParser.Progress.wantsMore
        for byte in bytes where progress == .wantsMore { progress = feed(&parser, [byte]) }
        expect(row, parser, row.endsByClose ? end(&parser, progress) : progress)
    }

    @Test(arguments: hostile)
    func `an answer that could be misread is refused`(_ row: Hostile) {
        var parser = ResponseParser()
        parser.begin(answersHEAD: false, keepBodyBytesMax: 10)
        #expect(feed(&parser, Array(row.bytes.utf8)) == .broken(row.fault))
        parser.begin(answersHEAD: false, keepBodyBytesMax: 10)
        var progress = ResponseParser.Progress.wantsMore
        for byte in row.bytes.utf8 where progress == .wantsMore { progress = feed(&parser, [byte]) }
        #expect(progress == .broken(row.fault))
    }

    @Test
    func `an end in the middle is a fault that says where`() {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".utf8)
        for cut in 0..<bytes.count {
            var parser = ResponseParser()
            parser.begin(answersHEAD: false, keepBodyBytesMax: 1000)
            #expect(feed(&parser, Array(bytes[..<cut])) == .wantsMore)
            let fault: ResponseParser.Fault = cut == 0 ? .nothing : cut < 38 ? .cutInHead : .cutInBody
            #expect(parser.consumeEnd() == .broken(fault), "cut at \(cut)")
        }
    }

    @Test
    func `no more of the body is kept than asked for`() {
        var parser = ResponseParser()
        parser.begin(answersHEAD: false, keepBodyBytesMax: 3)
        #expect(
            feed(&parser, Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".utf8))
                == .finished(consumed: 43)
        )
        #expect(parser.body == Array("hel".utf8))
        #expect(parser.isTruncated)
        parser.begin(answersHEAD: false, keepBodyBytesMax: 5)
        _ = feed(&parser, Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".utf8))
        #expect(!parser.isTruncated)
    }

    @Test
    func `one more header is kept when it is asked for`() {
        var parser = ResponseParser()
        let head = "HTTP/1.1 103 E\r\nX-Limits: early\r\n\r\nHTTP/1.1 200 OK\r\nX-Limit: 0\r\n"
        let text = head + "X-LIMITS:  a:b \r\nx-limits: c\r\nContent-Length: 0\r\n\r\n"
        parser.begin(answersHEAD: false, keepBodyBytesMax: 3, keepHeader: "x-limits")
        for byte in text.utf8 { _ = feed(&parser, [byte]) }
        #expect(parser.keptHeader == "a:b, c")
        parser.begin(answersHEAD: false, keepBodyBytesMax: 3)
        _ = feed(&parser, Array(text.utf8))
        #expect(parser.keptHeader == nil)
    }

    @Test
    func `bytes after the answer are not taken`() {
        var parser = ResponseParser()
        parser.begin(answersHEAD: false, keepBodyBytesMax: 3)
        #expect(feed(&parser, Array("HTTP/1.1 204 N\r\n\r\nHTTP/1.1 200".utf8)) == .finished(consumed: 18))
    }

    @Test
    func `retry-after and location are handed over`() {
        var parser = ResponseParser()
        parser.begin(answersHEAD: false, keepBodyBytesMax: 3)
        let text = "HTTP/1.1 302 F\r\nRETRY-AFTER:  120 \r\nlocation: /x y\r\nContent-Length: 0\r\n\r\n"
        _ = feed(&parser, Array(text.utf8))
        #expect(parser.retryAfter == "120")
        #expect(parser.location == "/x y")
        parser.begin(answersHEAD: false, keepBodyBytesMax: 3)
        #expect(parser.retryAfter == nil)
    }

    @Test
    func `no bytes trap it`() {
        // A fixed generator (SplitMix64), and pieces of real answers as letters, so that deep states are
        // reached.
        var state: UInt64 = 42
        let random = { (bound: Int) -> Int in
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return Int((mixed ^ mixed >> 31) % UInt64(bound))
        }
        let letters = [
            "HTTP/1.1 ", "200", " OK", "\r\n", "\r", "\n", "Content-Length: ", "5",
            "Transfer-Encoding: chunked",
            "ffffffffffffff", "0", ";", " ", "\t", ":", "\u{0}", "x", "Connection: close", "100", "-",
        ]
        for _ in 0..<20_000 {
            var parser = ResponseParser()
            parser.begin(answersHEAD: random(8) == 0, keepBodyBytesMax: random(10))
            var bytes = Array("HTTP/1.1 200 OK\r\n".utf8.prefix(random(2) * 17))
            for _ in 0..<random(30) { bytes += Array(letters[random(letters.count)].utf8) }
            let cut = random(bytes.count + 1)
            _ = feed(&parser, Array(bytes[..<cut]))
            _ = feed(&parser, Array(bytes[cut...]))
            let progress = parser.consumeEnd()
            #expect(progress != .wantsMore)
        }
    }

    private func feed(_ parser: inout ResponseParser, _ bytes: [UInt8]) -> ResponseParser.Progress {
        parser.consume(bytes.span)
    }

    private func end(
        _ parser: inout ResponseParser,
        _ progress: ResponseParser.Progress
    ) -> ResponseParser.Progress {
        progress == .wantsMore ? parser.consumeEnd() : progress
    }

    private func expect(_ row: Row, _ parser: ResponseParser, _ progress: ResponseParser.Progress) {
        guard case .finished = progress else {
            Issue.record("\(row.name): \(progress)")
            return
        }
        #expect(parser.status == row.status)
        #expect(String(decoding: parser.body, as: UTF8.self) == row.body)
        #expect(parser.keepsConnection == row.keeps)
        #expect(parser.retryAfter == nil)
    }
}
