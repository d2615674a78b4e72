internal import Domain
internal import Engine
internal import Streaming
internal import WebSocket

/// Messages on a stream that are no events.
enum StreamMessage {
    /// The first one: the credentials were good.
    /// - Parameter head: the last durable record.
    static func auth(head: Sequence) -> [UInt8] {
        text(
            .object([
                JSON.Member("type", .string("auth")),
                JSON.Member("seq", .number(Int64(clamping: head.value))),
            ])
        )
    }

    /// The second one: what the account was told in the last minute.
    static func notifications(_ alerts: [AlertView]) -> [UInt8] {
        let list = alerts.map { view in
            JSON.object([
                JSON.Member("message", .string(view.alert.opened.title)),
                JSON.Member("datetime", view.alert.openedAt.json),
                JSON.Member("resource_uri", .string(ObjectView.uri(.alert, view.id))),
            ])
        }
        return text(
            .object([
                JSON.Member("type", .string("user-notifications")),
                JSON.Member("notifications", .array(list)),
            ])
        )
    }

    /// What Tutum's clients look for before a stream ends, in the subscriber's frame.
    static func error(_ word: String, _ detail: String, _ format: StreamFormat) -> [UInt8] {
        let json = JSON.object([
            JSON.Member("type", .string("error")),
            JSON.Member(
                "data",
                .object([JSON.Member("errorMessage", .string(word)), JSON.Member("detail", .string(detail))])
            ),
        ])
        guard format.framing == .serverSent else { return text(json) }
        var out: [UInt8] = []
        StreamFormat.appendChunk(Array("event: error\ndata: \(json.text)\n\n".utf8), to: &out)
        return out
    }

    private static func text(_ json: JSON) -> [UInt8] {
        Frame(.text, Array(json.text.utf8)).bytes(mask: nil)
    }
}
