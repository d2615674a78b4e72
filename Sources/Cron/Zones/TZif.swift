/// The content of a TZif file (RFC 9636): tabulated transitions, local time types, and the footer.
///
/// The bytes may come from anybody: every count is checked against what is there, and every fault is an
/// error.
struct TZif {
    struct LocalType: Hashable {
        var offset: Int
        var isDaylight: Bool
        var name: String
    }

    /// Strictly ascending instants, each with the index of the type that begins there.
    var transitions: [(instant: Int64, type: Int)] = []
    /// At least one; the first holds before the first transition.
    var types: [LocalType] = []
    var footer: PosixRule?

    static let bytesMax = 1 << 20
    private static let magic = Array("TZif".utf8)
    private static let headerLength = 44
    /// RFC 9636 §3.2: offsets lie strictly between −25 and +26 hours.
    private static let offsets = -89_999...93_599
    /// RFC 9636 §3.2: no time before this, the age of the universe and more.
    private static let times = -(Int64(1) << 59)...(Int64(1) << 59)

    private struct Header {
        var version: UInt8
        var isUTCount: Int
        var isStandardCount: Int
        var leapCount: Int
        var timeCount: Int
        var typeCount: Int
        var nameBytes: Int

        func blockLength(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + nameBytes + leapCount * (timeSize + 4)
                + isStandardCount + isUTCount
        }
    }

    /// - Parameter name: for the error only.
    init(_ bytes: [UInt8], name: String) throws(ZoneError) {
        guard bytes.count <= Self.bytesMax else {
            throw .malformed(name: name, reason: "\(bytes.count) bytes are more than \(Self.bytesMax)")
        }
        do throws(Fault) {
            try read(bytes)
        } catch {
            throw .malformed(name: name, reason: error.reason)
        }
    }

    private struct Fault: Error {
        var reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private mutating func read(_ bytes: [UInt8]) throws(Fault) {
        let first = try Self.header(bytes, at: 0)
        if first.version == 0 {
            try readBlock(bytes, at: Self.headerLength, header: first, timeSize: 4)
            return
        }
        let second = Self.headerLength + first.blockLength(timeSize: 4)
        let header = try Self.header(bytes, at: second)
        let block = second + Self.headerLength
        try readBlock(bytes, at: block, header: header, timeSize: 8)
        try readFooter(bytes, at: block + header.blockLength(timeSize: 8))
    }

    private static func header(_ bytes: [UInt8], at start: Int) throws(Fault) -> Header {
        guard bytes.count - start >= headerLength else { throw Fault("it ends within a header") }
        guard Array(bytes[start..<start + 4]) == magic else { throw Fault("it does not begin with TZif") }
        let version = bytes[start + 4]
        guard version == 0 || version >= UInt8(ascii: "2") else { throw Fault("its version is unknown") }
        let counts = (0..<6).map { integer(bytes, at: start + 20 + $0 * 4, size: 4) }
        // No count can exceed the file, so that the sums below cannot overflow.
        guard counts.allSatisfy({ (0...Int64(bytesMax)).contains($0) }) else {
            throw Fault("a count in its header is too large")
        }
        return Header(
            version: version,
            isUTCount: Int(counts[0]),
            isStandardCount: Int(counts[1]),
            leapCount: Int(counts[2]),
            timeCount: Int(counts[3]),
            typeCount: Int(counts[4]),
            nameBytes: Int(counts[5])
        )
    }

    /// Big-endian, two's complement.
    private static func integer(_ bytes: [UInt8], at start: Int, size: Int) -> Int64 {
        var value = Int64(Int8(bitPattern: bytes[start]))
        for byte in bytes[start + 1..<start + size] { value = value << 8 | Int64(byte) }
        return value
    }

    private mutating func readBlock(
        _ bytes: [UInt8],
        at start: Int,
        header: Header,
        timeSize: Int
    ) throws(Fault) {
        guard bytes.count - start >= header.blockLength(timeSize: timeSize) else {
            throw Fault("it ends within its table")
        }
        guard (1...256).contains(header.typeCount) else { throw Fault("it has \(header.typeCount) types") }
        guard header.leapCount == 0 else { throw Fault("it counts leap seconds, which POSIX time does not") }
        let indices = start + header.timeCount * timeSize
        let typeTable = indices + header.timeCount
        let names = typeTable + header.typeCount * 6
        let nameTable = bytes[names..<names + header.nameBytes]
        for number in 0..<header.typeCount {
            try readType(bytes, at: typeTable + number * 6, nameTable: nameTable)
        }
        for number in 0..<header.timeCount {
            let instant = Self.integer(bytes, at: start + number * timeSize, size: timeSize)
            let type = Int(bytes[indices + number])
            guard type < types.count else { throw Fault("a transition has no type") }
            guard Self.times.contains(instant) else { throw Fault("a transition is out of range") }
            if let last = transitions.last, last.instant >= instant {
                throw Fault("its transitions are out of order")
            }
            transitions.append((instant, type))
        }
    }

    private mutating func readType(
        _ bytes: [UInt8],
        at start: Int,
        nameTable: ArraySlice<UInt8>
    ) throws(Fault) {
        let offset = Int(Self.integer(bytes, at: start, size: 4))
        guard Self.offsets.contains(offset) else { throw Fault("an offset is out of range") }
        guard bytes[start + 4] <= 1 else { throw Fault("a daylight flag is neither 0 nor 1") }
        let tail = nameTable.dropFirst(Int(bytes[start + 5]))
        guard let end = tail.firstIndex(of: 0) else { throw Fault("an abbreviation has no end") }
        let name = String(decoding: tail[..<end], as: UTF8.self)
        types.append(LocalType(offset: offset, isDaylight: bytes[start + 4] == 1, name: name))
    }

    private mutating func readFooter(_ bytes: [UInt8], at start: Int) throws(Fault) {
        let newline = UInt8(ascii: "\n")
        let rest = bytes[min(start, bytes.count)...]
        guard rest.first == newline, let end = rest.dropFirst().firstIndex(of: newline) else {
            throw Fault("its footer is missing")
        }
        let text = rest[rest.startIndex + 1..<end]
        if text.isEmpty { return }
        guard let rule = PosixRule(text) else {
            throw Fault("its footer \"\(String(decoding: text, as: UTF8.self))\" is not a POSIX rule")
        }
        guard Self.offsets.contains(rule.standard.offset) else { throw Fault("an offset is out of range") }
        guard rule.alternates else { throw Fault("its footer's changes overlap") }
        footer = rule
    }
}
