internal import Domain

/// An entry without its payload: enough to skip it, to follow a chain, or to decode it.
struct EntryHead {
    var kind: UInt8
    var visibility: UInt8
    var account: UInt32
    /// The job's number; 0 for none.
    var subject: UInt32
    var time: Timestamp
    /// Bytes back to the former entry about the subject; 0 for none.
    var distance: UInt64
    var payload: Range<Int>

    /// Reads one entry of a frame's body and moves the cursor past it.
    @inline(__always)
    init(_ bytes: Swift.Span<UInt8>, _ cursor: inout ByteCursor, base: Timestamp) throws(FieldError) {
        kind = try cursor.byte(bytes)
        visibility = try cursor.byte(bytes)
        let account = try cursor.varint(bytes)
        let subject = try cursor.varint(bytes)
        guard account <= UInt32.max, subject <= UInt32.max else { throw .overlong }
        self.account = UInt32(account)
        self.subject = UInt32(subject)
        time = Timestamp(microseconds: base.microseconds &+ (try cursor.zigzag(bytes)))
        distance = try cursor.varint(bytes)
        payload = try cursor.block(bytes)
    }

    func previous(of position: Position) -> Position {
        distance == 0 || distance >= position.byte ? .none : Position(position.byte - distance)
    }

    /// The record with its place. `kinds` names what this build does not know.
    func entry(_ bytes: [UInt8], _ sequence: Sequence, kinds: KindNames) throws(JournalError) -> Entry {
        guard let known = RecordKind(rawValue: kind) else {
            throw .unknownKind(name: kinds.name(of: kind), sequence: sequence)
        }
        guard let visibility = Visibility(rawValue: visibility) else {
            throw .unreadableRecord(kind: known.name, sequence: sequence, reason: "visibility \(visibility)")
        }
        do {
            let context = PayloadContext(sequence: sequence, time: time, subject: subject)
            return Entry(
                sequence: sequence,
                time: time,
                account: account,
                visibility: visibility,
                record: try decodePayload(known, context, bytes[payload])
            )
        } catch {
            throw .unreadableRecord(kind: known.name, sequence: sequence, reason: error.sentence)
        }
    }
}

extension FieldError {
    var sentence: String {
        switch self {
        case .truncated: "it ends in the middle of a field"
        case .overlong: "a number has too many bytes"
        case .invalid(let field, let what): "field \(field) of \(what) is unknown or out of range"
        }
    }
}
