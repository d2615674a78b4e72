/// Where the two halves of a header line lie; nil for a line that is no header (RFC 9110, section 5).
struct HeaderLine {
    let nameCount: Int
    /// Without the white space around it.
    let value: Range<Int>

    init?(_ line: Span<UInt8>) {
        var colon = 0
        while colon < line.count, line[colon].isToken { colon += 1 }
        guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else { return nil }
        var start = colon + 1
        var end = line.count
        while start < end, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
        while end > start, line[end - 1] == 0x20 || line[end - 1] == 0x09 { end -= 1 }
        guard line.extracting(start..<end).isFieldText else { return nil }
        nameCount = colon
        value = start..<end
    }
}

extension UInt8 {
    /// A byte of a method or a header's name (`tchar`).
    var isToken: Bool {
        switch self {
        case 0x61...0x7a, 0x41...0x5a, 0x30...0x39, 0x2d, 0x5f, 0x2e, 0x21, 0x23...0x27, 0x2a, 0x2b, 0x5e,
            0x60,
            0x7c, 0x7e:
            true
        default:
            false
        }
    }

    var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}

extension Span<UInt8> {
    /// Free of control bytes, the tab excepted.
    var isFieldText: Bool {
        for position in 0..<count
        where self[position] < 0x20 && self[position] != 0x09 || self[position] == 0x7f {
            return false
        }
        return true
    }

    /// Compares without regard to the case of ASCII letters; `lowercased` must be in lower case.
    func begins(with lowercased: Span<UInt8>) -> Bool {
        guard count >= lowercased.count else { return false }
        for position in lowercased.indices {
            let byte = self[position]
            let isUpper = (0x41...0x5a).contains(byte)
            if (isUpper ? byte | 0x20 : byte) != lowercased[position] { return false }
        }
        return true
    }

    /// Compares without regard to the case of ASCII letters.
    func begins(with word: StaticString) -> Bool {
        guard count >= word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            for position in 0..<letters.count {
                let byte = self[position]
                // unsafe because the index is checked against the length above.
                let letter = unsafe letters[position]
                if byte != letter && (byte | 0x20 != letter | 0x20 || !(0x61...0x7a).contains(letter | 0x20))
                {
                    return false
                }
            }
            return true
        }
    }

    /// One of the comma-separated words is this one.
    func listContains(_ word: StaticString) -> Bool {
        var start = 0
        while start <= count {
            var end = start
            while end < count, self[end] != UInt8(ascii: ",") { end += 1 }
            var first = start
            var last = end
            while first < last, self[first] == 0x20 || self[first] == 0x09 { first += 1 }
            while last > first, self[last - 1] == 0x20 || self[last - 1] == 0x09 { last -= 1 }
            if last - first == word.utf8CodeUnitCount, extracting(first..<last).begins(with: word) {
                return true
            }
            start = end + 1
        }
        return false
    }

    /// Decimal digits only, within 63 bits.
    var decimal: UInt64? {
        guard (1...19).contains(count) else { return nil }
        var value: UInt64 = 0
        for position in 0..<count {
            let digit = self[position]
            guard (0x30...0x39).contains(digit) else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowToo) = tens.addingReportingOverflow(UInt64(digit - 0x30))
            if overflow || overflowToo || sum > UInt64(Int64.max) { return nil }
            value = sum
        }
        return value
    }

    /// The bytes as text; what is not UTF-8 is replaced.
    var text: String {
        // unsafe because the span lends its bytes only inside this closure, which copies them.
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension ResponseParser {
    /// What was wrong with an answer.
    package enum Fault: Error, Sendable, Equatable {
        case nothing
        case cutInHead
        case cutInBody
        case notHTTP
        case switchedProtocols
        case statusLineTooLong(bytesMax: Int)
        case headTooLong(bytesMax: Int)
        case badHeader
        case badContentLength
        case badTransferCoding
        case bothFramings
        case badChunk

        /// Fits after "HOST port N ".
        package var predicate: String {
            switch self {
            case .nothing: "closed the connection without answering"
            case .cutInHead: "closed the connection in the middle of the answer's header"
            case .cutInBody: "closed the connection before the answer's body was whole"
            case .notHTTP: "answered with something that is not HTTP/1.1"
            case .switchedProtocols: "switched to another protocol, which nobody asked for"
            case .statusLineTooLong(let max): "answered with a status line longer than \(max) bytes"
            case .headTooLong(let max): "answered with more than \(max) bytes of header lines"
            case .badHeader: "answered with a malformed header line"
            case .badContentLength: "answered with a Content-Length that is malformed or given twice"
            case .badTransferCoding: "answered with a transfer coding other than chunked"
            case .bothFramings:
                "answered with contradictory framing (Transfer-Encoding beside Content-Length or HTTP/1.0)"
            case .badChunk: "answered with malformed chunks"
            }
        }
    }
}
