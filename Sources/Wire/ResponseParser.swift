/// Reads one HTTP/1.x answer from bytes that arrive in any pieces (RFC 9112), as a machine without I/O.
///
/// Strict where leniency has been used to smuggle one answer into another: a second `Content-Length`, both
/// framings at once, any transfer coding but `chunked`, folded lines, spaces before the colon, control
/// bytes and bare LF in chunked framing are all faults. Lenient in one place: a bare LF may end a line of
/// the head, which small devices do and which frames nothing. No input can trap it.
package struct ResponseParser: Sendable, Equatable {
    /// What the bytes so far amount to.
    package enum Progress: Sendable, Equatable {
        case wantsMore
        /// The answer is whole; `consumed` bytes of the last piece belonged to it.
        case finished(consumed: Int)
        case broken(Fault)
    }

    /// The longest a part of an answer may be.
    package struct Limits: Sendable, Equatable {
        package var statusLineBytesMax: Int
        /// All header lines together, those of interim answers and trailers included.
        package var headerBytesMax: Int
        /// One chunk-size line with its extensions.
        package var chunkLineBytesMax: Int

        package init(
            statusLineBytesMax: Int = 8 * 1024,
            headerBytesMax: Int = 64 * 1024,
            chunkLineBytesMax: Int = 4 * 1024
        ) {
            self.statusLineBytesMax = statusLineBytesMax
            self.headerBytesMax = headerBytesMax
            self.chunkLineBytesMax = chunkLineBytesMax
        }
    }

    private enum State: Sendable, Equatable {
        case statusLine
        case header
        /// So many bytes of the body are still to come.
        case fixed(UInt64)
        case untilClose
        case chunkSize
        case chunk(UInt64)
        /// The CRLF after a chunk's bytes.
        case chunkEnd
        case trailer
        case finished
        case broken(Fault)
    }

    /// How the body's end is known, as far as the header lines read so far say.
    private struct Framing: Sendable, Equatable {
        var contentLength: UInt64?
        var isChunked = false
    }

    private let limits: Limits
    private var state = State.statusLine
    private var framing = Framing()
    private var minorVersion: UInt8 = 1
    private var saysClose = false
    private var saysKeepAlive = false
    private var answersHEAD = false
    private var keepBodyBytesMax = 0
    /// The name of one more header to keep, in lower case; empty for none.
    private var keepHeader: [UInt8] = []
    private var headBytes = 0
    /// The beginning of a line whose end has not arrived yet.
    private var partial: [UInt8] = []

    /// At least one byte of the answer has arrived.
    package private(set) var hasBegun = false
    package private(set) var status: UInt16 = 0
    package private(set) var retryAfter: String?
    package private(set) var location: String?
    /// What stood in the header that was to be kept; several lines are joined with commas.
    package private(set) var keptHeader: String?
    package private(set) var body: [UInt8] = []
    package private(set) var isTruncated = false

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Makes ready for the answer to the next request on the same connection.
    package mutating func begin(answersHEAD: Bool, keepBodyBytesMax: Int, keepHeader: String = "") {
        state = .statusLine
        framing = Framing()
        saysClose = false
        saysKeepAlive = false
        self.answersHEAD = answersHEAD
        self.keepBodyBytesMax = max(0, keepBodyBytesMax)
        self.keepHeader = Array(keepHeader.utf8)
        headBytes = 0
        partial.removeAll(keepingCapacity: partial.capacity <= 4096)
        hasBegun = false
        status = 0
        retryAfter = nil
        location = nil
        keptHeader = nil
        body = []
        isTruncated = false
    }

    /// The connection may carry another request after this answer.
    package var keepsConnection: Bool {
        guard state == .finished, !saysClose else { return false }
        return minorVersion >= 1 || saysKeepAlive
    }

    /// Takes the next piece.
    package mutating func consume(_ bytes: Span<UInt8>) -> Progress {
        var index = 0
        if !bytes.isEmpty { hasBegun = true }
        while true {
            switch state {
            case .finished:
                return .finished(consumed: index)
            case .broken(let fault):
                return .broken(fault)
            case _ where index == bytes.count:
                return .wantsMore
            case .fixed(let left):
                let taken = take(bytes, from: index, atMost: left)
                index += taken
                let rest = left - UInt64(taken)
                state = rest == 0 ? .finished : .fixed(rest)
            case .chunk(let left):
                let taken = take(bytes, from: index, atMost: left)
                index += taken
                let rest = left - UInt64(taken)
                state = rest == 0 ? .chunkEnd : .chunk(rest)
            case .untilClose:
                index += take(bytes, from: index, atMost: .max)
            case .statusLine, .header, .chunkSize, .chunkEnd, .trailer:
                index = takeLine(bytes, from: index)
            }
        }
    }

    /// The connection is at its end: an answer framed by that is whole, any other is cut.
    package mutating func consumeEnd() -> Progress {
        switch state {
        case .untilClose:
            saysClose = true
            state = .finished
            return .finished(consumed: 0)
        case .finished:
            return .finished(consumed: 0)
        case .broken(let fault):
            return .broken(fault)
        case .statusLine, .header:
            state = .broken(hasBegun ? .cutInHead : .nothing)
            return .broken(hasBegun ? .cutInHead : .nothing)
        case .fixed, .chunkSize, .chunk, .chunkEnd, .trailer:
            state = .broken(.cutInBody)
            return .broken(.cutInBody)
        }
    }

    /// Keeps what is still wanted of the body and counts the rest as read.
    private mutating func take(_ bytes: Span<UInt8>, from index: Int, atMost limit: UInt64) -> Int {
        let available = bytes.count - index
        let taken = limit < UInt64(available) ? Int(limit) : available
        let kept = min(taken, keepBodyBytesMax - body.count)
        if kept > 0 {
            let piece = bytes.extracting(index..<(index + kept))
            // unsafe because the span lends its bytes only inside this closure, which copies them.
            unsafe piece.withUnsafeBufferPointer { unsafe body.append(contentsOf: $0) }
        }
        if kept < taken { isTruncated = true }
        return taken
    }

    /// Reads up to the next LF; a line in one piece is read where it lies.
    private mutating func takeLine(_ bytes: Span<UInt8>, from index: Int) -> Int {
        var end = index
        while end < bytes.count, bytes[end] != 0x0a { end += 1 }
        guard hasRoom(for: end - index + 1) else { return end }
        if end == bytes.count {
            for position in index..<end { partial.append(bytes[position]) }
            return end
        }
        if partial.isEmpty {
            takeWhole(line: bytes.extracting(index..<end))
        } else {
            for position in index..<end { partial.append(bytes[position]) }
            let line = partial
            partial.removeAll(keepingCapacity: false)
            takeWhole(line: line.span)
        }
        return end + 1
    }

    private mutating func hasRoom(for count: Int) -> Bool {
        let length = partial.count + count
        switch state {
        case .statusLine where length > limits.statusLineBytesMax:
            state = .broken(.statusLineTooLong(bytesMax: limits.statusLineBytesMax))
        case .header where headBytes + length > limits.headerBytesMax,
            .trailer where headBytes + length > limits.headerBytesMax:
            state = .broken(.headTooLong(bytesMax: limits.headerBytesMax))
        case .chunkSize where length > limits.chunkLineBytesMax:
            state = .broken(.badChunk)
        case .chunkEnd where length > 2:
            state = .broken(.badChunk)
        default:
            return true
        }
        return false
    }

    private mutating func takeWhole(line raw: Span<UInt8>) {
        let endsInCRLF = raw.count > 0 && raw[raw.count - 1] == 0x0d
        let line = endsInCRLF ? raw.extracting(0..<(raw.count - 1)) : raw
        switch state {
        case .statusLine:
            takeStatus(line)
        case .header:
            headBytes += raw.count + 1
            line.isEmpty ? endHead() : takeHeader(line)
        case .chunkSize:
            if endsInCRLF { takeChunkSize(line) } else { state = .broken(.badChunk) }
        case .chunkEnd:
            state = endsInCRLF && line.isEmpty ? .chunkSize : .broken(.badChunk)
        case .trailer:
            headBytes += raw.count + 1
            if !endsInCRLF {
                state = .broken(.badChunk)
            } else if line.isEmpty {
                state = .finished
            } else if HeaderLine(line) == nil {
                state = .broken(.badHeader)
            }
        case .fixed, .untilClose, .chunk, .finished, .broken:
            break
        }
    }

    /// `HTTP/1.1 200 OK`; the reason may be missing.
    private mutating func takeStatus(_ line: Span<UInt8>) {
        let prefix: StaticString = "HTTP/1."
        guard line.count >= 12, line.begins(with: prefix), (0x30...0x39).contains(line[7]), line[8] == 0x20,
            line.count == 12 || line[12] == 0x20
        else {
            state = .broken(.notHTTP)
            return
        }
        var code: UInt16 = 0
        for position in 9..<12 {
            let digit = line[position]
            guard (0x30...0x39).contains(digit) else {
                state = .broken(.notHTTP)
                return
            }
            code = code * 10 + UInt16(digit - 0x30)
        }
        guard (100...599).contains(code), code != 101 else {
            state = .broken(code == 101 ? .switchedProtocols : .notHTTP)
            return
        }
        guard line.extracting(12..<line.count).isFieldText else {
            state = .broken(.badHeader)
            return
        }
        minorVersion = line[7] - 0x30
        status = code
        state = .header
    }

    private mutating func takeHeader(_ line: Span<UInt8>) {
        guard let header = HeaderLine(line) else {
            state = .broken(.badHeader)
            return
        }
        let value = line.extracting(header.value)
        if !keepHeader.isEmpty, header.nameCount == keepHeader.count, line.begins(with: keepHeader.span) {
            keptHeader = keptHeader.map { "\($0), \(value.text)" } ?? value.text
        }
        switch header.nameCount {
        case 8 where status >= 300 && status < 400 && line.begins(with: "location"):
            location = value.text
        case 10 where line.begins(with: "connection"):
            saysClose = saysClose || value.listContains("close")
            saysKeepAlive = saysKeepAlive || value.listContains("keep-alive")
        case 11 where line.begins(with: "retry-after"):
            retryAfter = value.text
        case 14 where line.begins(with: "content-length"):
            guard framing.contentLength == nil, let length = value.decimal else {
                state = .broken(.badContentLength)
                return
            }
            framing.contentLength = length
        case 17 where line.begins(with: "transfer-encoding"):
            guard !framing.isChunked, value.count == 7, value.begins(with: "chunked") else {
                state = .broken(.badTransferCoding)
                return
            }
            framing.isChunked = true
        default:
            break
        }
    }

    /// The empty line: RFC 9112, section 6.3 decides how long the body is.
    private mutating func endHead() {
        if framing.isChunked && (framing.contentLength != nil || minorVersion == 0) {
            state = .broken(.bothFramings)
        } else if status < 200 {
            framing = Framing()
            saysClose = false
            saysKeepAlive = false
            retryAfter = nil
            keptHeader = nil
            state = .statusLine
        } else if answersHEAD || status == 204 || status == 304 {
            state = .finished
        } else if framing.isChunked {
            state = .chunkSize
        } else if let length = framing.contentLength {
            state = length == 0 ? .finished : .fixed(length)
        } else {
            state = .untilClose
        }
    }

    /// Hexadecimal digits, then perhaps extensions, which mean nothing to us.
    private mutating func takeChunkSize(_ line: Span<UInt8>) {
        var size: UInt64 = 0
        var digits = 0
        while digits < line.count, let value = line[digits].hexValue {
            // Sixteen digits would reach beyond what a byte count can be; leading zeroes count too.
            guard digits < 15 else {
                state = .broken(.badChunk)
                return
            }
            size = size << 4 | UInt64(value)
            digits += 1
        }
        let rest = line.extracting(digits..<line.count)
        guard digits > 0, rest.isEmpty || rest[0] == 0x3b || rest[0] == 0x20 || rest[0] == 0x09,
            rest.isFieldText
        else {
            state = .broken(.badChunk)
            return
        }
        state = size == 0 ? .trailer : .chunk(size)
    }
}
