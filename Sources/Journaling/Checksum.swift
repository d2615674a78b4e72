/// CRC-32C (Castagnoli), eight bytes a step.
///
/// `seed` ties a checksum to a place: the same bytes elsewhere do not match.
func checksum(_ bytes: [UInt8], _ range: Range<Int>, seed: UInt32 = 0) -> UInt32 {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "the range lies in the bytes")
    // unsafe because a bounds check per byte would cost more than the checksum: the range was checked above
    // and the tables have 2,048 entries, more than any index formed from a byte and a row.
    return unsafe bytes.withUnsafeBytes { all in
        unsafe tables.withUnsafeBufferPointer { table in
            var crc = ~seed
            var index = range.lowerBound
            while range.upperBound - index >= 8 {
                let word = unsafe UInt64(
                    littleEndian: all.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                )
                let low = UInt32(truncatingIfNeeded: word) ^ crc
                let high = UInt32(truncatingIfNeeded: word >> 32)
                let a = unsafe table[1792 + Int(low & 255)] ^ table[1536 + Int(low >> 8 & 255)]
                let b = unsafe table[1280 + Int(low >> 16 & 255)] ^ table[1024 + Int(low >> 24)]
                let c = unsafe table[768 + Int(high & 255)] ^ table[512 + Int(high >> 8 & 255)]
                let d = unsafe table[256 + Int(high >> 16 & 255)] ^ table[Int(high >> 24)]
                crc = a ^ b ^ c ^ d
                index += 8
            }
            while index < range.upperBound {
                crc = unsafe table[Int(UInt8(truncatingIfNeeded: crc) ^ all[index])] ^ crc >> 8
                index += 1
            }
            return ~crc
        }
    }
}

/// Row `k` holds the checksum of each byte followed by `k` zero bytes.
private let tables: [UInt32] = {
    var rows = [UInt32](repeating: 0, count: 2048)
    for byte in 0..<256 {
        var value = UInt32(byte)
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
        rows[byte] = value
    }
    for index in 256..<2048 {
        let former = rows[index - 256]
        rows[index] = rows[Int(former & 255)] ^ former >> 8
    }
    return rows
}()

/// Index of the first byte that is not zero, from `start` on; nil when all are zero.
func firstNonzero(_ bytes: [UInt8], from start: Int) -> Int? {
    precondition(start >= 0, "the search begins in the bytes")
    // unsafe because unused space is megabytes of zeros and is looked at word by word; `index + 4096` is
    // checked.
    return unsafe bytes.withUnsafeBytes { all in
        var index = start
        while index + 4096 <= all.count {
            var seen: UInt64 = 0
            for offset in stride(from: index, to: index + 4096, by: 8) {
                seen |= unsafe all.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            }
            if seen != 0 { break }
            index += 4096
        }
        while index < all.count {
            if unsafe all[index] != 0 { return index }
            index += 1
        }
        return nil
    }
}

/// One past the last byte that is not zero; `start` when all from there on are zero.
func endOfNonzero(_ bytes: [UInt8], from start: Int) -> Int {
    var end = bytes.count
    while end > start, bytes[end - 1] == 0 { end -= 1 }
    return max(end, start)
}
