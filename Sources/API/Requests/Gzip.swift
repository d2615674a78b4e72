internal import CZlib

/// Request bodies that arrive packed (RFC 1952).
enum Gzip {
    enum Fault: Error {
        /// No gzip, not whole, or more than one.
        case damaged
        case tooLong
    }

    /// - Parameter bytesMax: of what comes out.
    static func unpack(_ packed: [UInt8], bytesMax: Int) throws(Fault) -> [UInt8] {
        // unsafe because zlib takes the stream's address for the calls in this scope only.
        var stream = unsafe z_stream()
        // 16 asks for gzip's head and checksum around the deflated bytes.
        let bits = MAX_WBITS + 16
        guard unsafe inflateInit2_(&stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .damaged }
        defer { unsafe _ = inflateEnd(&stream) }
        // A byte of deflate stands for 1,032 bytes at most.
        let capacity = min(bytesMax, packed.count * 1032) + 1
        var status: Int32 = 0
        // unsafe because zlib reads and writes through pointers, which both closures keep valid for the call.
        let raw = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { out, filled in
            unsafe packed.withUnsafeBufferPointer { input in
                unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = out.baseAddress
                unsafe stream.avail_out = UInt32(capacity)
                status = unsafe inflate(&stream, Z_FINISH)
                filled = unsafe capacity - Int(stream.avail_out)
            }
        }
        guard raw.count <= bytesMax else { throw .tooLong }
        guard unsafe status == Z_STREAM_END && stream.avail_in == 0 else { throw .damaged }
        return raw
    }
}
