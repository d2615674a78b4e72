import Domain

@testable import Journaling

/// The decoder of frames and records, and the ledger behind it, as a start uses them.
///
/// The input is a frame's body after its number of entries: checksums are put right, because bytes that fail
/// them are never looked at.
enum FrameBytes {
    private static let start = Position(1 << 40)
    private static let first = Sequence(1)
    private static let base = Timestamp(microseconds: 1_700_000_000_000_000)

    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        try feedHeader(bytes)
        var choices = Choices(bytes)
        let count = UInt32(choices.byte())
        guard count > 0 else { return }
        let frame = frame(count, Array(choices.rest))
        guard let placed = decoded(frame) else { return }
        applyAll(placed)
        // Numbers may be written longer than they have to be: the encoder's own bytes are the measure.
        let written = encoded(placed)
        guard let again = decoded(written) else {
            throw BrokenProperty(description: "records that were read and written cannot be read again")
        }
        try BrokenProperty.check(
            again.map(\.entry) == placed.map(\.entry),
            "records differ when written again"
        )
        try BrokenProperty.check(
            encoded(again).bytes == written.bytes,
            "a frame's bytes differ when re-encoded"
        )
    }

    /// Any 40 bytes: a header is only ever accepted as it was written.
    private static func feedHeader(_ bytes: [UInt8]) throws(BrokenProperty) {
        guard let header = FrameHeader(bytes, at: 0, position: start) else { return }
        var copy = [UInt8](repeating: 0, count: FrameHeader.byteCount)
        header.write(to: &copy, at: 0, position: start)
        try BrokenProperty.check(
            copy == Array(bytes.prefix(40)),
            "a header's bytes differ when written again"
        )
    }

    private struct Placed {
        var entry: Entry
        var position: Position
        var distance: UInt64
    }

    private static func frame(_ count: UInt32, _ body: [UInt8]) -> LoadedFrame {
        let header = FrameHeader(
            bodyBytes: body.count,
            bodyChecksum: checksum(body, 0..<body.count),
            first: first,
            base: base,
            count: count
        )
        var bytes = [UInt8](repeating: 0, count: FrameHeader.byteCount) + body
        header.write(to: &bytes, at: 0, position: start)
        return LoadedFrame(header: header, position: start, bytes: bytes, offset: 0)
    }

    /// nil when the bytes are no frame.
    private static func decoded(_ frame: LoadedFrame) -> [Placed]? {
        var placed: [Placed] = []
        do throws(JournalError) {
            try frame.forEach { (head, sequence, position) throws(JournalError) in
                let entry = try head.entry(frame.bytes, sequence, kinds: .known)
                placed.append(Placed(entry: entry, position: position, distance: head.distance))
                return .next
            }
            return placed
        } catch {
            return nil
        }
    }

    private static func encoded(_ placed: [Placed]) -> LoadedFrame {
        var builder = FrameBuilder(start: start, first: first, reusing: [], payloadBytesMax: 1 << 20)
        for item in placed {
            let position = start.byte + UInt64(builder.byteCount)
            let isNear = item.distance > 0 && item.distance < position
            _ = builder.append(
                item.entry.record,
                time: item.entry.time,
                account: item.entry.account,
                visibility: item.entry.visibility,
                previous: isNear ? Position(position - item.distance) : .none
            )
        }
        let header = builder.seal()
        return LoadedFrame(header: header, position: start, bytes: builder.bytes, offset: 0)
    }

    /// A record that does not follow is refused; none traps.
    private static func applyAll(_ placed: [Placed]) {
        var ledger = Ledger()
        for item in placed {
            do throws(LedgerError) {
                try ledger.apply(item.entry, at: item.position)
            } catch {
                return
            }
            if let job = item.entry.record.job { _ = ledger.definition(of: job) }
        }
    }
}
