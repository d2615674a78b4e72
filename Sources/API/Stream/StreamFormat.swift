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

/// Consecutive events, written once for everybody who gets them.
final class EventBatch: Sendable {
    /// It tells everything behind this record…
    let after: Sequence
    /// …up to this one, whoever may see it.
    let through: Sequence
    /// Nothing durable lay behind it when it was read.
    let isAtEnd: Bool
    private let events: [StreamEvent]
    private let written: [StreamFormat: Written]

    private struct Written {
        let bytes: ByteBuffer
        /// Where each event ends.
        let ends: [Int]
    }

    /// - Parameter source: what CloudEvents name as theirs.
    init(
        _ events: [StreamEvent],
        after: Sequence,
        through: Sequence,
        isAtEnd: Bool,
        formats: some Collection<StreamFormat>,
        source: String
    ) {
        self.events = events
        self.after = after
        self.through = through
        self.isAtEnd = isAtEnd
        var written: [StreamFormat: Written] = [:]
        for format in formats {
            var bytes: [UInt8] = []
            var ends: [Int] = []
            for event in events {
                format.write(event, source: source, to: &bytes)
                ends.append(bytes.count)
            }
            written[format] = Written(bytes: ByteBuffer(bytes: bytes), ends: ends)
        }
        self.written = written
    }

    /// What one subscriber gets: slices of the shared bytes, neighbours as one.
    /// - Parameter wants: nil for all of them.
    func pieces(_ format: StreamFormat, after last: Sequence, _ wants: ((StreamEvent) -> Bool)?)
        -> [ByteBuffer]
    {
        guard let written = written[format] else { return [] }
        let first = events.firstIndex { $0.sequence > last } ?? events.count
        var pieces: [ByteBuffer] = []
        var start = first == 0 ? 0 : written.ends[first - 1]
        var end = start
        for index in first..<events.count {
            if wants?(events[index]) ?? true {
                end = written.ends[index]
            } else {
                Self.add(written.bytes, start..<end, to: &pieces)
                start = written.ends[index]
                end = start
            }
        }
        Self.add(written.bytes, start..<end, to: &pieces)
        return pieces
    }

    private static func add(_ bytes: ByteBuffer, _ range: Range<Int>, to pieces: inout [ByteBuffer]) {
        guard !range.isEmpty else { return }
        if let slice = bytes.getSlice(at: range.lowerBound, length: range.count) { pieces.append(slice) }
    }
}
