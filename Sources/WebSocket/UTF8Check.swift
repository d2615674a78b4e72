/// Judges text byte by byte, so that a message is refused at its first wrong byte, however it is cut
/// (Unicode, table 3-7: no overlong forms, no surrogates, nothing beyond U+10FFFF).
struct UTF8Check: Sendable, Equatable {
    /// Bytes that the character under way still needs.
    private var needed: UInt8 = 0
    /// What the next of them may be.
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xbf

    /// Whether the text may end here.
    var isWhole: Bool { needed == 0 }

    /// False when no text goes on like this.
    mutating func accepts(_ byte: UInt8) -> Bool {
        if needed > 0 {
            guard byte >= low, byte <= high else { return false }
            (low, high) = (0x80, 0xbf)
            needed -= 1
            return true
        }
        switch byte {
        case 0...0x7f: return true
        case 0xc2...0xdf: needed = 1
        case 0xe0: (needed, low) = (2, 0xa0)
        case 0xed: (needed, high) = (2, 0x9f)
        case 0xe1...0xef: needed = 2
        case 0xf0: (needed, low) = (3, 0x90)
        case 0xf1...0xf3: needed = 3
        case 0xf4: (needed, high) = (3, 0x8f)
        default: return false
        }
        return true
    }
}
