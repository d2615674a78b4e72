internal import Domain

// Numbers in bytes: fixed width for headers, varints for entries and rows (`Journaling.docc/Format.md`).

extension [UInt8] {
    mutating func append(fixed value: some FixedWidthInteger & UnsignedInteger, bytes count: Int) {
        for shift in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
    }

    mutating func set(fixed value: some FixedWidthInteger & UnsignedInteger, bytes count: Int, at offset: Int)
    {
        for shift in 0..<count { self[offset + shift] = UInt8(truncatingIfNeeded: value >> (8 * shift)) }
    }

    func fixed32(at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << (8 * $1) }
    }

    func fixed64(at offset: Int) -> UInt64 {
        UInt64(fixed32(at: offset)) | UInt64(fixed32(at: offset + 4)) << 32
    }

    @inline(__always)
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func append(zigzag value: Int64) {
        append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }
}

/// Reads numbers from bytes that may be anything: past the end or overlong, it says so instead of trapping.
struct ByteCursor {
    var index: Int
    let end: Int

    init(_ range: Range<Int>) {
        index = range.lowerBound
        end = range.upperBound
    }

    @inline(__always)
    mutating func byte(_ bytes: Swift.Span<UInt8>) throws(FieldError) -> UInt8 {
        guard index < end else { throw .truncated }
        defer { index += 1 }
        return bytes[index]
    }

    @inline(__always)
    mutating func varint(_ bytes: Swift.Span<UInt8>) throws(FieldError) -> UInt64 {
        guard index < end else { throw .truncated }
        let first = bytes[index]
        index += 1
        if first < 0x80 { return UInt64(first) }
        return try longVarint(bytes, UInt64(first & 0x7f))
    }

    private mutating func longVarint(_ bytes: Swift.Span<UInt8>, _ low: UInt64) throws(FieldError) -> UInt64 {
        var value = low
        var shift: UInt64 = 7
        while index < end {
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

    @inline(__always)
    mutating func zigzag(_ bytes: Swift.Span<UInt8>) throws(FieldError) -> Int64 {
        let value = try varint(bytes)
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// A length and as many bytes: their range.
    @inline(__always)
    mutating func block(_ bytes: Swift.Span<UInt8>) throws(FieldError) -> Range<Int> {
        let count = try varint(bytes)
        guard count <= UInt64(end - index) else { throw .truncated }
        let start = index
        index += Int(count)
        return start..<index
    }
}
