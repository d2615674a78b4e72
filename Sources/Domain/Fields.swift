/// The compact, field-tagged encoding that definitions and record payloads share
/// (`Journaling.docc/Format.md`).
///
/// A field is a varint tag (`number << 1 | isBytes`), then a varint or a length and bytes. A field equal to
/// its default is left out, so adding a field never changes old bytes and old bytes always read.
package struct FieldWriter {
    package var bytes: [UInt8]

    package init(reusing bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    /// Writes an unsigned field unless it is zero.
    @inline(__always)
    package mutating func write(_ field: UInt8, _ value: UInt64) {
        guard value != 0 else { return }
        bytes.append(field << 1)
        varint(value)
    }

    /// Writes a signed field (zigzag) unless it is zero.
    @inline(__always)
    package mutating func write(_ field: UInt8, signed value: Int64) {
        write(field, UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Writes a text field unless it is empty.
    package mutating func write(_ field: UInt8, _ text: String) {
        guard !text.isEmpty else { return }
        bytes.append(field << 1 | 1)
        varint(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// Writes a byte field, empty or not: for repeated fields an empty element counts.
    package mutating func write(_ field: UInt8, _ value: [UInt8]) {
        bytes.append(field << 1 | 1)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Writes a nested message, even an empty one.
    package mutating func nest(_ field: UInt8, _ body: (inout FieldWriter) -> Void) {
        var inner = FieldWriter()
        body(&inner)
        write(field, inner.bytes)
    }

    @inline(__always)
    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// What a field holds, as read.
package enum FieldValue {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)

    /// The number, or nil when the field holds bytes.
    package var number: UInt64? {
        if case .number(let value) = self { value } else { nil }
    }
    /// The number read as zigzag.
    package var signed: Int64? {
        number.map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
    }
    /// The bytes as UTF-8, repaired where broken: what was journaled was valid.
    package var text: String? {
        if case .bytes(let slice) = self { String(decoding: slice, as: UTF8.self) } else { nil }
    }
    package var slice: ArraySlice<UInt8>? {
        if case .bytes(let slice) = self { slice } else { nil }
    }
}

/// Reads fields in the order they were written. Never traps, whatever the bytes are.
package struct FieldReader {
    private let bytes: ArraySlice<UInt8>
    private var index: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.index = bytes.startIndex
    }

    package init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    /// The next field, nil at the end.
    package mutating func next() throws(FieldError) -> (field: UInt8, value: FieldValue)? {
        guard index < bytes.endIndex else { return nil }
        let tag = bytes[index]
        index += 1
        let number = try varint()
        guard tag & 1 == 1 else { return (tag >> 1, .number(number)) }
        guard number <= UInt64(bytes.endIndex - index) else { throw .truncated }
        let start = index
        index += Int(number)
        return (tag >> 1, .bytes(bytes[start..<index]))
    }

    private mutating func varint() throws(FieldError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if shift == 63, byte > 1 { throw .overlong }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
            if shift > 63 { throw .overlong }
        }
        throw .truncated
    }
}

/// Why bytes are not fields.
package enum FieldError: Error, Equatable {
    /// A length points past the end.
    case truncated
    /// A number has more than 64 bits.
    case overlong
    /// A field that must be there is not, or holds a value outside its range.
    case invalid(field: UInt8, of: String)
}
