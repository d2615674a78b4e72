import Crypto
import Domain
import Effects
import Integrations

/// Sentry's ingestion: parses envelopes as strictly as Relay does, keeps events by id.
struct SentryStub {
    var project: String
    var key: String
    var events: [String: JSON] = [:]
    var checkIns: [(monitor: String, status: String)] = []
    var requestCount = 0
    /// The next answers' rate limits.
    var limits: [String] = []

    mutating func answer(_ request: ChannelRequest) -> Answer {
        requestCount += 1
        guard request.method == "POST", request.address.path == "/api/\(project)/envelope/" else {
            return .text(404, "")
        }
        guard let auth = request.header("X-Sentry-Auth"), auth.hasPrefix("Sentry sentry_version=7, "),
            auth.contains("sentry_key=\(key)"), auth.contains("sentry_client=")
        else { return .text(403, #"{"detail":"bad sentry DSN public key"}"#) }
        guard request.header("Content-Type") == "application/x-sentry-envelope" else { return .text(415, "") }
        guard request.keepHeader == "x-sentry-rate-limits" else {
            return .text(400, "the limits would be lost")
        }
        let limit = limits.isEmpty ? nil : limits.removeFirst()
        guard let (header, items) = SentryStub.parse(request.body), items.count == 1 else {
            return .text(400, #"{"detail":"invalid event envelope"}"#)
        }
        guard header["sent_at"]?.string != nil else { return .text(400, #"{"detail":"no sent_at"}"#) }
        if limit?.hasPrefix("429 ") == true {
            return Answer(status: 429, keptHeader: String(limit?.dropFirst(4) ?? ""))
        }
        let fault = take(items[0].type, items[0].payload, header)
        if let fault { return .text(400, #"{"detail":"\#(fault)"}"#) }
        return Answer(status: 200, keptHeader: limit, body: Array(#"{"id":"x"}"#.utf8))
    }

    private mutating func take(_ type: String, _ item: JSON, _ header: JSON) -> String? {
        switch type {
        case "event":
            guard let id = item["event_id"]?.string, Self.isIdentifier(id) else { return "event_id" }
            guard header["event_id"]?.string == id else { return "event_id differs" }
            guard item["timestamp"]?.string != nil, item["platform"]?.string == "other" else {
                return "timestamp"
            }
            guard ["fatal", "error", "warning", "info", "debug"].contains(item["level"]?.string) else {
                return "level"
            }
            guard let text = item["message"]?["formatted"]?.string, text.unicodeScalars.count <= 8192 else {
                return "message"
            }
            events[id] = item
        case "check_in":
            guard let id = item["check_in_id"]?.string, Self.isIdentifier(id) else { return "check_in_id" }
            guard let monitor = item["monitor_slug"]?.string, let status = item["status"]?.string,
                ["in_progress", "ok", "error"].contains(status)
            else { return "status" }
            checkIns.append((monitor, status))
        default: return "unknown item"
        }
        return nil
    }

    private static func isIdentifier(_ text: String) -> Bool {
        text.utf8.count == 32 && text.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }

    /// Header line, then items of a header line with the length, the payload and a line end.
    static func parse(_ bytes: [UInt8]) -> (header: JSON, items: [(type: String, payload: JSON)])? {
        var rest = bytes[...]
        func line() -> JSON? {
            guard let end = rest.firstIndex(of: 0x0a) else { return nil }
            defer { rest = rest[(end + 1)...] }
            return try? JSONReader.value(of: Array(rest[..<end]))
        }
        guard let header = line() else { return nil }
        var items: [(type: String, payload: JSON)] = []
        while !rest.isEmpty {
            guard let item = line(), let type = item["type"]?.string, let length = item["length"]?.number,
                length <= rest.count
            else { return nil }
            let payload = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            guard rest.isEmpty || rest.popFirst() == 0x0a else { return nil }
            guard let json = try? JSONReader.value(of: payload) else { return nil }
            items.append((type, json))
        }
        return (header, items)
    }
}
