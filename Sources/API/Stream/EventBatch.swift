internal import Domain
internal import Engine
internal import NIOCore
internal import Streaming
internal import Synchronization

/// What a subscriber gets, and in what form. A crowd that wants the same is served the same bytes.
struct Selection: Hashable, Sendable {
    var format: StreamFormat
    var caller: Caller
    var filter: EventFilter

    func wants(_ event: StreamEvent) -> Bool {
        if case .scheduler(let own) = caller, !event.view.isForAccounts || event.owner != own { return false }
        return filter.allows(event)
    }

    /// Nothing is left out.
    var isWhole: Bool { caller == .operator && filter.isEmpty }
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
    private let chosen = Mutex<[Selection: ByteBuffer]>([:])

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

    /// The bytes for one subscriber, all of them at once; empty when there is nothing for it.
    /// - Parameter last: what it has already.
    func bytes(_ selection: Selection, after last: Sequence) -> ByteBuffer {
        // Who has some of it is the exception, and served by itself.
        guard last <= after else { return cut(selection, after: last) }
        return chosen.withLock { chosen in
            if let known = chosen[selection] { return known }
            let made = cut(selection, after: after)
            chosen[selection] = made
            return made
        }
    }

    private func cut(_ selection: Selection, after last: Sequence) -> ByteBuffer {
        guard let written = written[selection.format] else { return ByteBuffer() }
        let first = events.firstIndex { $0.sequence > last } ?? events.count
        let start = first == 0 ? 0 : written.ends[first - 1]
        if selection.isWhole { return slice(written.bytes, start..<written.bytes.readableBytes) }
        var joined = ByteBuffer()
        var begin = start
        for index in first..<events.count {
            let end = written.ends[index]
            if selection.wants(events[index]) {
                joined.writeImmutableBuffer(slice(written.bytes, begin..<end))
            }
            begin = end
        }
        return joined
    }

    private func slice(_ bytes: ByteBuffer, _ range: Range<Int>) -> ByteBuffer {
        bytes.getSlice(at: range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
