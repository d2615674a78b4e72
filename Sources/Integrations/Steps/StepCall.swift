internal import Domain
internal import Effects

/// The call of a step that has a URL of its own (`http`).
struct StepCall: ChannelConversation {
    private let said: StepMessage
    private let address: WebAddress
    private let message: AlertMessage
    private let sender: AlertSender

    init(_ said: StepMessage, _ address: WebAddress, _ message: AlertMessage, _ sender: AlertSender) {
        self.said = said
        self.address = address
        self.message = message
        self.sender = sender
    }

    func judge(now: Timestamp) -> AnswerJudge {
        let values = said.members(of: "headers").map(\.text)
        return AnswerJudge(counterpart: address.authority, secrets: address.secrets + values, now: now)
    }

    mutating func begin(now: Timestamp) -> ChannelDelivery.Step {
        let own = said.members(of: "headers")
        let body = Array((said["body"] ?? "").utf8)
        var headers: [ChannelRequest.Header] = []
        func offer(_ name: String, _ value: String?) {
            guard let value, !own.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
                return
            }
            headers.append(.init(name, value))
        }
        offer("User-Agent", sender.userAgent)
        offer("Accept", "*/*")
        offer("Idempotency-Key", message.idempotencyKey)
        offer("Authorization", address.basicCredentials)
        if let first = body.first {
            let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
            offer("Content-Type", isJSON ? "application/json" : "text/plain; charset=utf-8")
        }
        headers += own.map { .init($0.name, $0.text) }
        let method = said["method"] ?? (body.isEmpty ? "GET" : "POST")
        return .call(ChannelRequest(method, address, headers: headers, body: body))
    }

    mutating func receive(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        (200...299).contains(answer.status)
            ? .end(ChannelVerdict(.delivered)) : .end(judge(now: now).other(answer))
    }
}
