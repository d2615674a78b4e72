import WebSocket

/// The machine behind a WebSocket, either end of it: whatever the peer sends, in whatever pieces.
///
/// The first bytes choose the end and the longest message, and where the rest is cut.
enum WebSocketBytes {
    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        var choices = Choices(bytes)
        let choice = Int(choices.byte())
        let role: WebSocketMachine.Role = choice & 1 == 0 ? .server : .client
        let messageBytesMax = choice >> 1
        let cut = Int(choices.byte()) + 1
        let input = Array(choices.rest)
        let whole = run(input, role, messageBytesMax, by: max(1, input.count))
        let pieces = run(input, role, messageBytesMax, by: cut)
        try BrokenProperty.check(whole == pieces, "\(whole) in one piece, \(pieces) in pieces of \(cut)")
        var overs = 0
        for action in whole {
            switch action {
            case .text(let text):
                try BrokenProperty.check(text.count <= messageBytesMax, "a text of \(text.count) bytes")
                try BrokenProperty.check(
                    String(validating: text, as: UTF8.self) != nil,
                    "\(text) is told as text"
                )
                try BrokenProperty.check(overs == 0, "a text after the end")
            case .binary(let data):
                try BrokenProperty.check(data.count <= messageBytesMax, "a message of \(data.count) bytes")
                try BrokenProperty.check(overs == 0, "a message after the end")
            case .send(let frame):
                try BrokenProperty.check(
                    frame.payload.count <= 125,
                    "an answer of \(frame.payload.count) bytes"
                )
                try BrokenProperty.check(overs == 0, "an answer after the end")
            case .over: overs += 1
            case .pong, .hangUp: break
            }
        }
        try BrokenProperty.check(overs <= 1, "it ended \(overs) times")
    }

    private static func run(
        _ input: [UInt8],
        _ role: WebSocketMachine.Role,
        _ messageBytesMax: Int,
        by size: Int
    ) -> [WebSocketMachine.Action] {
        var machine = WebSocketMachine(role, messageBytesMax: messageBytesMax)
        var actions: [WebSocketMachine.Action] = []
        for start in stride(from: 0, to: input.count, by: size) {
            actions += machine.receive(Array(input[start..<min(start + size, input.count)]).span)
        }
        return actions
    }
}
