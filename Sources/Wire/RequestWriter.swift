import Effects
import NIOCore

/// Writes a call as an HTTP/1.1 request (RFC 9112, section 3) straight into the bytes that go out.
enum RequestWriter {
    /// What makes a call unfit to be written; a header or a request line must not be split by what a template
    /// filled in.
    static func fault(in call: Call) -> String? {
        guard !call.method.isEmpty, call.method.utf8.allSatisfy(\.isToken) else {
            return "the method is not an HTTP token"
        }
        guard call.target.utf8.first == UInt8(ascii: "/"),
            call.target.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
        else { return "the path or the query holds a space or a control character" }
        guard call.headerLines.isEmpty || call.headerLines.suffix(2) == [0x0d, 0x0a] else {
            return "the header does not end in a line break"
        }
        return nil
    }

    /// `hostLine` is the whole `Host` line; `absolutePrefix` is put before the target for a proxy.
    static func write(
        _ call: Call,
        hostLine: [UInt8],
        absolutePrefix: String,
        into buffer: inout ByteBuffer
    ) {
        buffer.clear(
            minimumCapacity: call.method.utf8.count + absolutePrefix.utf8.count + call.target.utf8.count
                + hostLine.count + call.headerLines.count + call.body.count + 64
        )
        buffer.writeString(call.method)
        buffer.writeInteger(UInt8(ascii: " "))
        if !absolutePrefix.isEmpty { buffer.writeString(absolutePrefix) }
        buffer.writeString(call.target)
        buffer.writeStaticString(" HTTP/1.1\r\n")
        buffer.writeBytes(hostLine)
        if !call.body.isEmpty || expectsBody(call.method) {
            buffer.writeStaticString("Content-Length: ")
            writeDecimal(call.body.count, into: &buffer)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeBytes(call.headerLines)
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(call.body)
    }

    /// The `Host` line of an origin: the port only where it is not the scheme's own.
    static func hostLine(of origin: Origin) -> [UInt8] {
        Array("Host: \(authority(of: origin))\r\n".utf8)
    }

    static func authority(of origin: Origin) -> String {
        let host = origin.host.utf8.contains(UInt8(ascii: ":")) ? "[\(origin.host)]" : origin.host
        return origin.port == (origin.isTLS ? 443 : 80) ? host : "\(host):\(origin.port)"
    }

    /// Methods whose requests say how long their body is even when there is none (RFC 9110, section 8.6).
    private static func expectsBody(_ method: String) -> Bool {
        method == "POST" || method == "PUT" || method == "PATCH"
    }

    private static func writeDecimal(_ value: Int, into buffer: inout ByteBuffer) {
        var divisor = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            buffer.writeInteger(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
