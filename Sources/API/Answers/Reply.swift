internal import Domain
package import Effects

/// One HTTP answer, before it meets a socket.
package struct Reply: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Set by the sink: the waits that the answer takes.
    package var pacing: SinkReply?

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// JSON, one line and its end.
    static func json(_ value: JSON, status: Int = 200, headers: [(name: String, value: String)] = []) -> Reply
    {
        var body: [UInt8] = []
        value.write(to: &body)
        body.append(UInt8(ascii: "\n"))
        return Reply(status: status, headers: [("Content-Type", "application/json")] + headers, body: body)
    }

    static func text(_ text: String, type: String, status: Int = 200) -> Reply {
        Reply(status: status, headers: [("Content-Type", "\(type); charset=utf-8")], body: Array(text.utf8))
    }

    /// Done, and nothing to say.
    static let empty = Reply(status: 200)

    package static func problem(_ problem: Problem) -> Reply {
        var body: [UInt8] = []
        problem.json.write(to: &body)
        body.append(UInt8(ascii: "\n"))
        let own = problem.headers.map { (name: $0.name, value: $0.value) }
        return Reply(
            status: problem.kind.status,
            headers: [("Content-Type", "application/problem+json")] + own,
            body: body
        )
    }
}
