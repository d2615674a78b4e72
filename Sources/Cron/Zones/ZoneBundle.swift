internal import Assets

/// The zones embedded in the executable (`Sources/Assets/bundle-zones.py` describes the layout).
struct ZoneBundle: Sendable {
    let version: String
    let names: [String]
    /// Where each name's file lies in the embedded bytes.
    private let files: [Range<Int>]

    static let embedded = ZoneBundle()

    /// The bytes are our own, made at build time: a flaw in them is a programmer's mistake.
    private init() {
        var position = 8
        precondition(
            String(decoding: Self.embeddedBytes(0..<position), as: UTF8.self) == "CHRZONE1",
            "zones.bin is not of the layout that bundle-zones.py makes"
        )
        func take(_ count: Int) -> [UInt8] {
            defer { position += count }
            return Self.embeddedBytes(position..<position + count)
        }
        func number(_ size: Int) -> Int { take(size).reduce(0) { $0 << 8 | Int($1) } }
        version = String(decoding: take(number(1)), as: UTF8.self)
        let count = number(2)
        var names: [String] = []
        var relative: [Range<Int>] = []
        names.reserveCapacity(count)
        relative.reserveCapacity(count)
        for _ in 0..<count {
            names.append(String(decoding: take(number(1)), as: UTF8.self))
            let offset = number(4)
            relative.append(offset..<offset + number(4))
        }
        self.names = names
        files = relative.map { position + $0.lowerBound..<position + $0.upperBound }
    }

    func bytes(named name: String) -> [UInt8]? {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle] == name { return Self.embeddedBytes(files[middle]) }
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// A copy of a part of the embedded file.
    private static func embeddedBytes(_ range: Range<Int>) -> [UInt8] {
        precondition(range.upperBound <= chronatog_zones_count(), "zones.bin ends early")
        // unsafe because C hands out a bare pointer; it is static, and the range was checked just above.
        return unsafe Array(
            UnsafeBufferPointer(start: chronatog_zones_bytes() + range.lowerBound, count: range.count)
        )
    }
}
