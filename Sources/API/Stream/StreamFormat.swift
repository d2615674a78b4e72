internal import Domain
internal import NIOCore
internal import Streaming
internal import WebSocket

/// How events are written to a subscriber: in what form, and in what frame.
struct StreamFormat: Hashable, Sendable {
    enum Dialect: String, Hashable, Sendable, CaseIterable {
        /// Tutum's and Docker Cloud's messages, and our own fields behind theirs.
        case tutum
        /// CloudEvents 1.0 in JSON.
        case cloudEvents = "cloudevents"
    }

    enum Framing: Hashable, Sendable {
        /// One text message an event.
        case webSocket
        /// `text/event-stream`, each event one HTTP chunk.
        case serverSent
    }

    var dialect: Dialect
    var framing: Framing

    func write(_ event: StreamEvent, source: String, to out: inout [UInt8]) {
        var payload: [UInt8] = []
        switch dialect {
        case .tutum: event.tutum.write(to: &payload)
        case .cloudEvents: event.cloudEvent(source: source).write(to: &payload)
        }
        switch framing {
        case .webSocket:
            Frame.appendHead(.text, count: payload.count, to: &out)
            out += payload
        case .serverSent:
            Self.appendChunk(Array("id: \(event.sequence)\ndata: ".utf8) + payload + [10, 10], to: &out)
        }
    }

    /// RFC 9112, 7.1.
    static func appendChunk(_ bytes: [UInt8], to out: inout [UInt8]) {
        out += String(bytes.count, radix: 16).utf8
        out += [13, 10]
        out += bytes
        out += [13, 10]
    }
}
