/// The little of the tar format (POSIX.1-2017, pax, "ustar Interchange Format") that a backup needs: plain
/// files in one folder, so that any tar program can list and unpack it.
enum Tar {
    static let blockBytes = 512
    /// Two blocks of zeros.
    static let end = [UInt8](repeating: 0, count: 2 * blockBytes)

    /// Zeros that fill a file's last block.
    static func padding(after bytes: Int) -> Int { (blockBytes - bytes % blockBytes) % blockBytes }

    /// - Parameter name: at most 100 bytes.
    static func header(_ name: String, bytes: Int, seconds: Int64) -> [UInt8] {
        precondition(name.utf8.count <= 100, "names in a data folder are short")
        var block = [UInt8](repeating: 0, count: blockBytes)
        func put(_ text: String, _ offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        put(name, 0)
        put(octal(0o600, 7), 100)
        put(octal(0, 7), 108)
        put(octal(0, 7), 116)
        put(octal(UInt64(bytes), 11), 124)
        put(octal(UInt64(max(0, seconds)), 11), 136)
        put("        ", 148)
        put("0", 156)
        put("ustar", 257)
        put("00", 263)
        let sum = block.reduce(UInt64(0)) { $0 + UInt64($1) }
        put(octal(sum, 6), 148)
        block[154] = 0
        return block
    }

    /// Name and length of the file that a header announces; nil at the archive's end. Throws for what is no
    /// header.
    static func file(_ block: [UInt8]) throws(BackupError) -> (name: String, bytes: Int)? {
        guard block.count == blockBytes else { throw .damaged("it ends in the middle of a header") }
        if block.allSatisfy({ $0 == 0 }) { return nil }
        var sum = UInt64(0)
        for (index, byte) in block.enumerated() {
            sum += (148..<156).contains(index) ? 32 : UInt64(byte)
        }
        guard number(block[148..<156]) == sum, block[156] == UInt8(ascii: "0") || block[156] == 0,
            let bytes = number(block[124..<136]), bytes <= UInt64(Int64.max)
        else { throw .damaged("a header is not what was written") }
        return (String(decoding: block[..<100].prefix { $0 != 0 }, as: UTF8.self), Int(bytes))
    }

    private static func octal(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static func number(_ field: ArraySlice<UInt8>) -> UInt64? {
        let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
        return UInt64(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}
