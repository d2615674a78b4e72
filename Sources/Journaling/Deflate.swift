internal import CZlib

// Raw deflate (RFC 1951) of whole chunks, by the system's zlib.

/// Packs chunk after chunk with one set of tables.
@safe struct Deflater: ~Copyable {
    // unsafe because zlib keeps a pointer to the stream: it has one address from the first call to the last.
    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe deflateInit2_(
            stream,
            1,
            Z_DEFLATED,
            -15,
            9,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        precondition(status == Z_OK, "zlib takes these settings, and 256 KiB are there for it")
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    mutating func pack(_ raw: [UInt8]) -> [UInt8] {
        // unsafe because zlib works on a stream that this value owns.
        unsafe deflateReset(stream)
        let bound = unsafe Int(deflateBound(stream, UInt(raw.count)))
        // unsafe because zlib reads and writes through pointers, which both closures keep valid for the call.
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { out, count in
            unsafe raw.withUnsafeBufferPointer { input in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = out.baseAddress
                unsafe stream.pointee.avail_out = UInt32(out.count)
                let status = unsafe deflate(stream, Z_FINISH)
                precondition(status == Z_STREAM_END, "the bound of zlib is one")
                count = unsafe out.count - Int(stream.pointee.avail_out)
            }
        }
    }
}

/// Unpacks one chunk; nil when the bytes are not the deflated form of exactly `count` bytes.
func inflate(_ packed: [UInt8], _ range: Range<Int>, count: Int) -> [UInt8]? {
    // A byte of deflate stands for 1,032 bytes at most: a larger claim is a lie, and not worth its memory.
    guard count <= (range.count + 1) * 1032 else { return nil }
    // unsafe because zlib takes the stream's address for the calls in this scope only.
    var stream = unsafe z_stream()
    guard unsafe inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        return nil
    }
    defer { unsafe _ = inflateEnd(&stream) }
    var isWhole = false
    // unsafe because zlib reads and writes through pointers, which both closures keep valid for the call.
    let raw = unsafe [UInt8](unsafeUninitializedCapacity: max(count, 1)) { out, filled in
        unsafe packed.withUnsafeBufferPointer { input in
            let input = unsafe UnsafeBufferPointer(rebasing: input[range])
            unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            unsafe stream.avail_in = UInt32(input.count)
            unsafe stream.next_out = out.baseAddress
            unsafe stream.avail_out = UInt32(count)
            let status = unsafe CZlib.inflate(&stream, Z_FINISH)
            isWhole = unsafe status == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0
            filled = unsafe count - Int(stream.avail_out)
        }
    }
    return isWhole ? raw : nil
}
