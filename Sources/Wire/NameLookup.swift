import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Turns host names into numeric addresses with the system's resolver, which blocks and therefore runs on a
/// few threads of its own. Lookups of one name at the same time share one answer, and answers are kept for
/// a while. Belongs to one transport, which stops it.
package final class NameLookup: Sendable {
    /// Why a name has no address.
    package struct Fault: Error, Sendable, Equatable {
        /// The resolver's own words.
        package let reason: String

        package init(reason: String) {
            self.reason = reason
        }
    }

    package typealias Answer = Result<[IPAddress], Fault>
    package typealias Resolver = @Sendable (String) -> Answer

    private struct Waiter {
        let loop: any EventLoop
        let receive: @Sendable (Answer) -> Void
    }

    private struct Kept {
        var addresses: [IPAddress]
        var until: Int64
    }

    private struct State {
        var kept: [String: Kept] = [:]
        var waiters: [String: [Waiter]] = [:]
        var isStarted = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let threads: NIOThreadPool
    private let resolve: Resolver
    private let keptFor: Int64
    private let namesMax: Int

    /// `keptSeconds`: how long an answer is used again. `namesMax`: how many answers are kept.
    package init(
        threadCount: Int = 4,
        keptSeconds: Int = 30,
        namesMax: Int = 10_000,
        resolve: @escaping Resolver = NameLookup.askSystem
    ) {
        threads = NIOThreadPool(numberOfThreads: threadCount)
        keptFor = Int64(keptSeconds) * 1_000_000_000
        self.namesMax = namesMax
        self.resolve = resolve
    }

    /// Hands over all addresses of a name, in the resolver's order: at once when it is a literal or still
    /// known, otherwise later on `loop`. To be called on `loop`.
    func addresses(
        of host: String,
        on loop: any EventLoop,
        receive: @escaping @Sendable (Answer) -> Void
    ) {
        if let literal = IPAddress(anySpelling: host) { return receive(.success([literal])) }
        let now = uptime()
        var known: [IPAddress]?
        var isFirst = false
        var isStopped = false
        state.withLock { state in
            isStopped = state.isStopped
            if isStopped { return }
            if let kept = state.kept[host], kept.until > now {
                known = kept.addresses
                return
            }
            isFirst = state.waiters[host] == nil
            state.waiters[host, default: []].append(Waiter(loop: loop, receive: receive))
            if !state.isStarted {
                state.isStarted = true
                threads.start()
            }
        }
        if isStopped { return receive(.failure(Fault(reason: "the lookup was given up at shutdown"))) }
        if let known { return receive(.success(known)) }
        guard isFirst else { return }
        threads.submit { workState in
            guard case .active = workState else {
                return self.finish(host, .failure(Fault(reason: "the lookup was given up at shutdown")))
            }
            self.finish(host, self.resolve(host))
        }
    }

    /// Answers nobody any more, so that the loops may end. The threads end when the lookups they are in
    /// return, which is not waited for.
    func stop() {
        let isStarted = state.withLock { state in
            state.isStopped = true
            state.waiters = [:]
            return state.isStarted
        }
        if isStarted { threads.shutdownGracefully { _ in } }
    }

    private func finish(_ host: String, _ answer: Answer) {
        let now = uptime()
        state.withLock { state in
            if case .success(let addresses) = answer {
                if state.kept.count >= namesMax { state.kept = state.kept.filter { $0.value.until > now } }
                if state.kept.count >= namesMax { state.kept.removeAll() }
                state.kept[host] = Kept(addresses: addresses, until: now + keptFor)
            }
            // Within the lock: after `stop` the loops may be gone.
            for waiter in state.waiters.removeValue(forKey: host) ?? [] {
                waiter.loop.execute { waiter.receive(answer) }
            }
        }
    }

    /// Asks `getaddrinfo`; blocks until it knows.
    package static let askSystem: Resolver = { host in
        guard !host.isEmpty, host.utf8.count <= 255, !host.utf8.contains(0) else {
            return .failure(Fault(reason: "not a host name"))
        }
        // unsafe because getaddrinfo speaks in C structures; the list is freed below, on every path.
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            let words = unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
            return .failure(Fault(reason: words))
        }
        // because the list is the resolver's and is freed after the addresses have been copied out
        defer { unsafe freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            let address = unsafe numeric(entry.pointee.ai_addr, entry.pointee.ai_family)
            if let address, !addresses.contains(address) { addresses.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(Fault(reason: "the name has no address")) : .success(addresses)
    }

    private static func numeric(_ pointer: UnsafeMutablePointer<sockaddr>?, _ family: Int32) -> IPAddress? {
        // because the family says which structure the resolver put there
        guard let raw = UnsafeRawPointer(pointer) else { return nil }
        switch family {
        case AF_INET:
            let bits = unsafe raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
            return .v4(UInt32(bigEndian: bits))
        case AF_INET6:
            let bytes = unsafe raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            let halves = unsafe withUnsafeBytes(of: bytes) { bytes in
                unsafe (
                    UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
            return .v6(high: halves.0, low: halves.1)
        default:
            return nil
        }
    }
}

extension IPAddress {
    /// The addresses of this machine's interfaces, for a policy that must know its own listeners.
    package static func ofThisMachine() throws -> [IPAddress] {
        try System.enumerateDevices().compactMap { device in
            // A link-local address comes with its zone ("fe80::1%eth0").
            guard let text = device.address?.ipAddress else { return nil }
            return IPAddress(String(text.prefix { $0 != "%" }))
        }
    }

    func socketAddress(port: UInt16) throws -> SocketAddress {
        var packed = ByteBuffer()
        switch self {
        case .v4(let bits):
            packed.writeInteger(bits)
        case .v6(let high, let low):
            packed.writeInteger(high)
            packed.writeInteger(low)
        }
        return try SocketAddress(packedIPAddress: packed, port: Int(port))
    }
}
