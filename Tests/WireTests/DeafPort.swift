import Glibc

/// A loopback port that is taken and not listened on: whoever connects is refused, and nobody else can get
/// the port meanwhile.
struct DeafPort: ~Copyable {
    let port: UInt16
    private let descriptor: Int32

    struct Failed: Error {
        let call: String
        let code: Int32
    }

    init() throws(Failed) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failed(call: "socket", code: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let taken = descriptor
        // unsafe because the system takes any address by a pointer to its head, valid for the calls.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { head in
                unsafe bind(taken, head, length) == 0 && getsockname(taken, head, &length) == 0
            }
        }
        guard isBound else {
            let code = errno
            Glibc.close(taken)
            throw Failed(call: "bind", code: code)
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    consuming func close() {}

    deinit { Glibc.close(descriptor) }
}
