import Glibc

/// A client without manners: sends bytes as it is told and reads what comes.
struct RawExchange: Sendable {
    let port: UInt16

    enum Piece: Sendable {
        case bytes([UInt8])
        /// One byte after the other with a pause between them, for as long as the server listens.
        case dribble([UInt8], every: Int32)
        /// Says nothing more until something comes.
        case listen
        /// The client has said everything, and still listens.
        case halfClose

        static func text(_ text: String) -> Piece { .bytes(Array(text.utf8)) }
    }

    /// What came back until the connection's end.
    struct Reply: Sendable {
        var bytes: [UInt8]
        /// The server ended it; otherwise patience did.
        var isClosed: Bool

        var text: String { String(decoding: bytes, as: UTF8.self) }

        /// In order; interim ones included.
        var statuses: [Int] {
            text.ranges(of: "HTTP/1.1 ").compactMap { Int(text[$0.upperBound...].prefix(3)) }
        }
    }

    /// - Parameter patience: milliseconds without a byte after which it is given up.
    func callAsFunction(_ pieces: [Piece], patience: Int32 = 15_000) throws -> Reply {
        let descriptor = try connected()
        defer { close(descriptor) }
        var received: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): send(bytes, to: descriptor)
            case .listen: _ = isReadable(descriptor, within: patience)
            case .halfClose: shutdown(descriptor, Int32(SHUT_WR))
            case .dribble(let bytes, let pause):
                for byte in bytes {
                    // An answer in the middle is what ends it.
                    if isReadable(descriptor, within: pause) { break }
                    send([byte], to: descriptor)
                }
            }
        }
        while isReadable(descriptor, within: patience) {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            // because: the buffer outlives the call
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return Reply(bytes: received, isClosed: true) }
            received += buffer[..<count]
        }
        return Reply(bytes: received, isClosed: false)
    }

    private func isReadable(_ descriptor: Int32, within milliseconds: Int32) -> Bool {
        var interest = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&interest, 1, milliseconds) == 1  // because: the structure outlives the call
    }

    /// The server may stop listening before all is sent.
    private func send(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // because: the bytes outlive the call; no signal, for the server may have closed
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private func connected() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Obstacle("no socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // unsafe because sockets take addresses as bytes; the structure outlives the call.
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, length)
            }
        }
        guard status == 0 else {
            let reason = errno
            close(descriptor)
            throw Obstacle("no connection: errno \(reason)")
        }
        return descriptor
    }
}

extension RawExchange {
    /// Does something while so many connections are open that say nothing.
    func besides(connections count: Int, _ body: () throws -> Void) throws {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        for _ in 0..<count { descriptors.append(try connected()) }
        try body()
    }
}
