/// The one number: journal position of a record in order, event id, `Last-Event-ID`, alert cursor and ETag.
/// The first record of a folder has sequence 1; 0 means "before everything".
package struct Sequence: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var value: UInt64
    package init(_ value: UInt64) { self.value = value }
    package static let zero = Sequence(0)
    package static func < (a: Sequence, b: Sequence) -> Bool { a.value < b.value }
    package var next: Sequence { Sequence(value + 1) }
    package var description: String { String(value) }
}

/// A job's number: dense from 1, never reused, and what the API writes in decimal.
package struct JobID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var number: UInt32
    package init(_ number: UInt32) { self.number = number }
    package static func < (a: JobID, b: JobID) -> Bool { a.number < b.number }
    package var description: String { String(number) }
}

/// A run is named by the sequence of the record that opened it.
package typealias RunID = Sequence

/// A byte offset in the journal as one endless file: a segment's base plus the offset in it.
/// `none` ends a chain.
package struct Position: Sendable, Hashable, Comparable {
    package var byte: UInt64
    package init(_ byte: UInt64) { self.byte = byte }
    package static let none = Position(0)
    package static func < (a: Position, b: Position) -> Bool { a.byte < b.byte }
}

/// Who may see a record as an event.
package enum Visibility: UInt8, Sendable {
    /// Bookkeeping; never shown as an event.
    case `internal` = 0
    /// The operator only.
    case `operator` = 1
    /// The account that owns it, and the operator.
    case account = 2
}

/// A secret at rest: AES-GCM under the key that `keyID` names, bound to (account, object, field).
/// Only `Dispatching` opens one, at the moment of a call.
package struct Sealed: Sendable, Hashable {
    package var keyID: UInt32
    /// Nonce (12 bytes), ciphertext, tag (16 bytes).
    package var bytes: [UInt8]
    package init(keyID: UInt32, bytes: [UInt8]) {
        self.keyID = keyID
        self.bytes = bytes
    }
}
