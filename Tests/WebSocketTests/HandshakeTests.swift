import Testing
import WebSocket

struct HandshakeTests {
    private let key = "dGhlIHNhbXBsZSBub25jZQ=="

    @Test func `the proof is the RFC's`() {
        #expect(Handshake.accept(key: key) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    private func judge(_ change: (inout [String: [String]]) -> Void, method: String = "GET")
        -> Handshake.Verdict
    {
        var fields = [
            "upgrade": ["websocket"], "connection": ["keep-alive", "Upgrade"],
            "sec-websocket-version": ["13"], "sec-websocket-key": [key],
        ]
        change(&fields)
        return Handshake.judge(method: method) { fields[$0] ?? [] }
    }

    @Test func `a request is judged by its fields`() {
        #expect(judge { _ in } == .accepted(key: key))
        #expect(judge { $0["upgrade"] = nil } == .otherwise)
        #expect(judge { $0["connection"] = ["close"] } == .otherwise)
        #expect(judge { $0["sec-websocket-version"] = ["8"] } == .otherVersion)
        for keys in [[], ["abc"], [key, key], ["c2hvcnQ="]] {
            let verdict = judge { $0["sec-websocket-key"] = keys }
            if case .broken = verdict {} else { Issue.record("\(keys): \(verdict)") }
        }
        if case .broken = judge({ _ in }, method: "POST") {} else { Issue.record("POST is no handshake") }
    }

    private func read(_ text: String, piece: Int = .max) -> HandshakeReply.Progress {
        var reply = HandshakeReply(key: key)
        var progress = HandshakeReply.Progress.wantsMore
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty, progress == .wantsMore {
            progress = reply.consume(Array(bytes.prefix(piece)).span)
            bytes = bytes.dropFirst(piece)
        }
        return progress
    }

    private let good = """
        HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n
        """

    @Test func `an answer with the proof is accepted, and frames behind it are left`() {
        #expect(read(good + "\u{1}") == .accepted(consumed: good.utf8.count))
        #expect(read(good, piece: 1) == .accepted(consumed: 1))
    }

    @Test func `another status is told with its Retry-After`() {
        let text = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\n\r\n"
        #expect(read(text) == .refused(status: 429, retryAfter: "2"))
        #expect(read("HTTP/1.1 401 No\r\n\r\n") == .refused(status: 401, retryAfter: nil))
    }

    @Test func `an answer without the proof, or with an extension, is none`() {
        for text in [
            good.replacing("s3pP", with: "AAAA"), good.replacing("upgrade: WebSocket\r\n", with: ""),
            good.replacing("\r\n\r\n", with: "\r\nSec-WebSocket-Extensions: x\r\n\r\n"),
            "SSH-2.0-OpenSSH\r\n\r\n",
        ] {
            if case .broken = read(text) {} else { Issue.record("\(text)") }
        }
    }
}
