import Domain
import Effects
import Integrations

/// A Slack incoming webhook: answers as the real one does, and keeps what would be posted.
struct SlackStub {
    var path: String
    var posted: [String] = []
    var isArchived = false
    /// The next so many messages are too many.
    var limited = 0

    mutating func answer(_ request: ChannelRequest) -> Answer {
        guard request.method == "POST", request.address.path == path else { return .text(404, "no_service") }
        if isArchived { return .text(410, "channel_is_archived") }
        if limited > 0 {
            limited -= 1
            return .text(429, "rate_limited", retryAfter: "2")
        }
        guard request.header("Content-Type") == "application/json", let json = request.json else {
            return .text(400, "invalid_payload")
        }
        guard let text = json["text"]?.string, !text.isEmpty else { return .text(400, "no_text") }
        guard text.unicodeScalars.count <= 40_000, Self.isWellFormed(text) else {
            return .text(400, "invalid_payload")
        }
        posted.append(text)
        return .text(200, "ok")
    }

    /// `&` only begins one of three entities, and `<…>` only encloses links of ours.
    static func isWellFormed(_ text: String) -> Bool {
        var rest = Substring(text)
        while let place = rest.firstIndex(where: { "&<>".contains($0) }) {
            let tail = rest[place...]
            if tail.first == "&" {
                guard ["&amp;", "&lt;", "&gt;"].contains(where: { tail.hasPrefix($0) }) else { return false }
                rest = tail.dropFirst()
            } else {
                guard tail.hasPrefix("<https://cron.example.com/"), let end = tail.firstIndex(of: ">") else {
                    return false
                }
                guard tail[..<end].filter({ $0 == "|" }).count == 1 else { return false }
                rest = tail[tail.index(after: end)...]
            }
        }
        return true
    }
}
