import Domain
import Effects
import NIOCore
import NIOPosix
import NIOSSL

/// One attempt to get a connection for a call: look the name up, judge every address, connect, agree on TLS.
///
/// Allowed addresses are tried in the resolver's order, the next as soon as one fails or after
/// `staggerNanoseconds` of silence (RFC 8305, simplified); the first to connect wins. It connects to the
/// judged numeric address and to nothing else; the name only goes into `Host` and SNI. Confined to the
/// lane's loop.
///
/// because every property is touched on the lane's event loop only, it may be named in the loop's closures.
final class Opening: @unchecked Sendable {
    let pool: Pool
    /// The call that asked for it; served first, unless another connection served it meanwhile.
    let exchange: Exchange
    let startedAt: Int64
    /// Copied: the call may be gone before the connection is there.
    let deadlines: Deadlines
    private(set) var timings = Timings()

    private var allowed: [IPAddress] = []
    private var nextAddress = 0
    private var candidates: [Connection] = []
    private var lastFailure: Failure?
    private var phaseStartedAt: Int64
    private var deadline: Scheduled<Void>?
    private var stagger: Scheduled<Void>?
    private var isOver = false

    private var lane: Lane { pool.lane }

    init(pool: Pool, exchange: Exchange, now: Int64) {
        self.pool = pool
        self.exchange = exchange
        startedAt = now
        phaseStartedAt = now
        deadlines = exchange.call.deadlines
    }

    func start() {
        let proxy = lane.settings.proxy
        if proxy != nil, let refusal = lane.refusalThroughProxy(pool) {
            return fail(Failure(.egress, "\(pool.label): \(refusal)"))
        }
        if lane.egress.refusesEverything {
            // Not even a name is asked for: that, too, tells somebody something.
            return fail(Failure(.egress, "\(pool.label) was not called: outbound calls are switched off"))
        }
        let host = proxy?.host ?? pool.origin.host
        let limit = deadlines.name
        arm(limit) { "the address of \(host) was not found within \(limit.text)" }
        lane.names.addresses(of: host, on: lane.loop) { answer in
            self.isResolved(answer, host: host)
        }
    }

    /// Ends it without an outcome, at shutdown.
    func cancel() {
        guard !isOver else { return }
        end()
        for candidate in candidates { candidate.close() }
        candidates = []
    }

    // MARK: - Phases

    private func isResolved(_ answer: NameLookup.Answer, host: String) {
        guard !isOver else { return }
        let now = uptime()
        timings.name = now.microseconds(since: phaseStartedAt)
        phaseStartedAt = now
        switch answer {
        case .failure(let fault):
            return fail(Failure(.name, "\(host) did not resolve: \(fault.reason)"))
        case .success(let addresses) where lane.settings.proxy != nil:
            allowed = addresses
        case .success(let addresses):
            let refusals = addresses.map { lane.judge($0, for: pool) }
            allowed = zip(addresses, refusals).filter { $0.1 == nil }.map(\.0)
            if allowed.isEmpty {
                let reason = refusals.lazy.compactMap { $0?.sentence }.first ?? "it has no address"
                return fail(Failure(.egress, "\(pool.label) was not called: \(reason)"))
            }
        }
        let limit = deadlines.connect
        let label = pool.label
        arm(limit) { "\(label) did not accept the connection within \(limit.text)" }
        connectNext()
    }

    private func connectNext() {
        stagger?.cancel()
        stagger = nil
        guard nextAddress < allowed.count else { return }
        let address = allowed[nextAddress]
        nextAddress += 1
        if nextAddress < allowed.count {
            stagger = lane.loop.scheduleTask(in: .nanoseconds(lane.settings.staggerNanoseconds)) {
                self.connectNext()
            }
        }
        connect(to: address)
    }

    private func connect(to address: IPAddress) {
        let tls: NIOSSLClientHandler?
        do {
            tls = try pool.isTLS && lane.settings.proxy == nil ? tlsHandler() : nil
        } catch let error as Failure.Thrown {
            return fail(error.failure)
        } catch {
            return fail(NetworkFault.failure(error, at: pool, address: address.text))
        }
        let candidate = Connection(pool: pool, address: address.text, opening: self, tls: tls)
        candidates.append(candidate)
        do {
            let target = try address.socketAddress(port: lane.settings.proxy?.port ?? pool.origin.port)
            let handlers = NIOLoopBound((candidate, tls), eventLoop: lane.loop)
            ClientBootstrap(group: lane.loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                // One read a turn: an answer nearly always fits, and a second read would find nothing.
                .channelOption(.maxMessagesPerRead, value: 1)
                // Our own deadline is the one that counts.
                .connectTimeout(.hours(24))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let (candidate, tls) = handlers.value
                        if let tls { try channel.pipeline.syncOperations.addHandler(tls) }
                        try channel.pipeline.syncOperations.addHandler(candidate)
                    }
                }
                .connect(to: target)
                .whenComplete { result in
                    switch result {
                    case .success: self.isConnected(handlers.value.0)
                    case .failure(let error):
                        let candidate = handlers.value.0
                        let failure = NetworkFault.failure(error, at: self.pool, address: candidate.address)
                        self.candidateFailed(candidate, failure)
                    }
                }
        } catch {
            candidateFailed(candidate, NetworkFault.failure(error, at: pool, address: address.text))
        }
    }

    private func tlsHandler() throws -> NIOSSLClientHandler {
        guard let context = lane.trust.context else {
            throw Failure.Thrown(
                failure: Failure(
                    .tls,
                    "\(pool.label) was not called: no certificate authority is trusted here"
                )
            )
        }
        // RFC 6066: SNI carries names only; NIOSSL checks a literal against the peer's address.
        let name = IPAddress(pool.origin.host) == nil ? pool.origin.host : nil
        return try NIOSSLClientHandler(context: context, serverHostname: name)
    }

    private func isConnected(_ candidate: Connection) {
        guard !isOver, candidates.contains(where: { $0 === candidate }) else { return candidate.close() }
        stagger?.cancel()
        stagger = nil
        nextAddress = allowed.count
        let others = candidates.filter { $0 !== candidate }
        candidates = [candidate]
        for other in others { other.close() }
        let now = uptime()
        timings.connect = now.microseconds(since: phaseStartedAt)
        phaseStartedAt = now
        if !pool.origin.isTLS {
            win(candidate, now: now)
        } else if lane.settings.proxy != nil {
            candidate.openTunnel(for: self)
        }
    }

    /// The proxy has opened the tunnel: TLS begins inside it.
    func hasTunnel(_ candidate: Connection) {
        guard !isOver else { return candidate.close() }
        do {
            try candidate.addTLS(tlsHandler())
        } catch let error as Failure.Thrown {
            fail(error.failure)
        } catch {
            candidateFailed(candidate, NetworkFault.failure(error, at: pool, address: candidate.address))
        }
    }

    func isSecured(_ candidate: Connection) {
        guard !isOver, candidates.contains(where: { $0 === candidate }) else { return candidate.close() }
        guard candidate.hasRightCertificate() else {
            let place = pool.place(candidate.address)
            return fail(Failure(.tls, "the certificate of \(place) is not for \(pool.host)"))
        }
        let now = uptime()
        timings.tls = now.microseconds(since: phaseStartedAt)
        win(candidate, now: now)
    }

    // MARK: - Ends

    /// One address did not work out; another may.
    func candidateFailed(_ candidate: Connection, _ failure: Failure) {
        guard !isOver, let index = candidates.firstIndex(where: { $0 === candidate }) else { return }
        candidates.remove(at: index)
        candidate.close()
        lastFailure = failure
        if nextAddress < allowed.count {
            connectNext()
        } else if candidates.isEmpty {
            fail(failure)
        }
    }

    private func win(_ candidate: Connection, now: Int64) {
        end()
        candidates = []
        candidate.becomeOpen(now: now)
        pool.opened(candidate, by: self, now: now)
    }

    private func fail(_ failure: Failure) {
        guard !isOver else { return }
        end()
        for candidate in candidates { candidate.close() }
        candidates = []
        pool.openingFailed(self, failure)
    }

    private func end() {
        isOver = true
        deadline?.cancel()
        stagger?.cancel()
        deadline = nil
        stagger = nil
    }

    private func arm(_ limit: Span, _ sentence: @escaping @Sendable () -> String) {
        deadline?.cancel()
        let due = NIODeadline.uptimeNanoseconds(UInt64(uptime().adding(limit)))
        deadline = lane.loop.scheduleTask(deadline: due) {
            let failed = self.lastFailure.map { " (another address: \($0.message))" } ?? ""
            self.fail(Failure(.timeoutConnect, sentence() + failed))
        }
    }
}

extension Failure {
    /// Carries a failure out of a throwing function.
    fileprivate struct Thrown: Error {
        let failure: Failure
    }
}
