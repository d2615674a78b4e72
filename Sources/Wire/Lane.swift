import Domain
import Effects
import NIOCore
import NIOPosix

/// One event loop's part of the client: its pools, its deadlines, and the outcomes of the present turn.
///
/// Calls arrive in arrays and outcomes leave in arrays, once a turn of the loop; in between nothing is
/// shared, so nothing is locked.
///
/// because every property is touched on `loop` only, it may be named in the loop's closures.
final class Lane: @unchecked Sendable {
    let loop: any EventLoop
    let settings: HTTPTransport.Settings
    let names: NameLookup
    let trust: TrustRoots
    let connectionsPerPoolMax: Int
    private let connectionsMax: Int
    private let deliver: @Sendable ([Outcome]) -> Void
    private(set) var egress: EgressPolicy

    /// Requests are written here and handed to the socket; kept, so that the hot path does not allocate.
    var scratch = ByteBuffer()
    private var pools: [Pool.Key: Pool] = [:]
    private var lastPool: Pool?
    /// Pools that could not open a connection, and pools that have one to give away; entries may be out of
    /// date.
    private var starving = CircularBuffer<Pool>()
    private var donors = CircularBuffer<Pool>()
    /// Open and opening connections of all pools.
    var connectionCount = 0

    private var wheel = DeadlineWheel(tick: 4_000_000)
    /// Calls under way, by deadline key.
    private var exchanges: [Exchange?] = []
    private var alarm: Scheduled<Void>?
    private var alarmAt = Int64.max
    private var idleSweep: Scheduled<Void>?

    private var outcomes: [Outcome] = []
    private(set) var isDraining = false
    private var isClosed = false
    private var whenQuiet: EventLoopPromise<Void>?

    init(
        loop: any EventLoop,
        laneCount: Int,
        settings: HTTPTransport.Settings,
        egress: EgressPolicy,
        names: NameLookup,
        trust: TrustRoots,
        deliver: @escaping @Sendable ([Outcome]) -> Void
    ) {
        self.loop = loop
        self.settings = settings
        self.egress = egress
        self.names = names
        self.trust = trust
        self.deliver = deliver
        connectionsPerPoolMax = max(1, settings.connectionsPerOriginMax / laneCount)
        connectionsMax = max(1, settings.connectionsMax / laneCount)
    }

    // MARK: - Calls in

    func start(_ calls: ArraySlice<Call>) {
        let now = uptime()
        for call in calls {
            let exchange = Exchange(call, now: now)
            exchange.deadlineKey = wheel.insert(due: exchange.totalDue, now: now)
            let place = Int(exchange.deadlineKey)
            if place == exchanges.count { exchanges.append(exchange) } else { exchanges[place] = exchange }
            if isDraining {
                fail(exchange, Failure(.closed, "not sent: Chronatog is shutting down"))
            } else if let fault = RequestWriter.fault(in: call) {
                fail(exchange, Failure(.template, "not sent: \(fault)"))
            } else {
                route(exchange, now: now)
            }
        }
        setAlarm()
    }

    func abort(_ ids: Set<UInt64>) {
        for case let exchange? in exchanges where ids.contains(exchange.call.id) { release(exchange) }
    }

    func adopt(_ egress: EgressPolicy) {
        self.egress = egress
        for pool in Array(pools.values) { pool.closeIdle(since: .max) }
    }

    /// Puts a call into the pool of its origin.
    private func route(_ exchange: Exchange, now: Int64) {
        let origin = exchange.call.origin
        let isSink = egress.ownsPort(origin.port) && isForSink(exchange.call.target)
        if let pool = lastPool, pool.key.isSink == isSink, pool.key.origin == origin {
            pool.take(exchange, now: now)
            return
        }
        let key = Pool.Key(origin: origin, isSink: isSink)
        let pool: Pool
        if let known = pools[key] {
            pool = known
        } else {
            guard Host.isPlausible(origin.host) else {
                return fail(exchange, Failure(.name, "the URL's host is not a host name"))
            }
            pool = Pool(key, lane: self)
            pools[key] = pool
        }
        lastPool = pool
        pool.take(exchange, now: now)
    }

    private func isForSink(_ target: String) -> Bool {
        guard let prefix = settings.sinkPrefix, target.hasPrefix(prefix) else { return false }
        // No way out of the sink by a dot segment, however it is written.
        return !target.utf8.prefix { $0 != UInt8(ascii: "?") }.contains { $0 == UInt8(ascii: "%") }
            && !target.contains("..")
    }

    // MARK: - Judgement

    func judge(_ address: IPAddress, for pool: Pool) -> EgressPolicy.Refusal? {
        guard let refusal = egress.judge(address: address, port: pool.origin.port) else { return nil }
        guard refusal.isOwnListener && pool.key.isSink else { return refusal }
        return egress.ignoringOwnListeners.judge(address: address, port: pool.origin.port)
    }

    /// Behind a proxy only what the URL says can be judged: a literal address as ever, a name by the preset.
    func refusalThroughProxy(_ pool: Pool) -> String? {
        if IPAddress(anySpelling: pool.origin.host) != nil {
            return egress.judge(literalHost: pool.origin.host, port: pool.origin.port)?.sentence
        }
        return egress.preset == .publicOnly ? nil : "names are not called through a proxy in this mode"
    }

    // MARK: - Outcomes

    func answered(_ exchange: Exchange, _ parser: borrowing ResponseParser, from connection: Connection) {
        let now = uptime()
        exchange.timings.firstByte = (exchange.firstByteAt == 0 ? now : exchange.firstByteAt)
            .microseconds(since: exchange.sentAt)
        if exchange.hopCount < exchange.call.redirectsMax {
            switch Redirect.decide(exchange.call, status: parser.status, location: parser.location) {
            case .none: break
            case .refused(let failure): return fail(exchange, failure, address: connection.address)
            case .follow(let next): return follow(next, exchange, now: now)
            }
        }
        let answer = Answer(
            status: parser.status,
            retryAfter: parser.retryAfter,
            keptHeader: parser.keptHeader,
            body: parser.body,
            isTruncated: parser.isTruncated
        )
        conclude(exchange, .answered(answer), address: connection.address, now: now)
    }

    func fail(_ exchange: Exchange, _ failure: Failure, address: String = "") {
        conclude(exchange, .failed(failure), address: address, now: uptime())
    }

    private func follow(_ next: Call, _ exchange: Exchange, now: Int64) {
        exchange.call = next
        exchange.hopCount += 1
        exchange.isSecondTry = false
        exchange.firstByteAt = 0
        move(exchange, to: exchange.totalDue)
        route(exchange, now: now)
    }

    private func conclude(_ exchange: Exchange, _ result: Outcome.Result, address: String, now: Int64) {
        guard exchange.state != .finished else { return }
        exchange.timings.total = now.microseconds(since: exchange.startedAt)
        if outcomes.isEmpty { loop.execute { self.flush() } }
        outcomes.append(
            Outcome(id: exchange.call.id, result: result, timings: exchange.timings, address: address)
        )
        forget(exchange)
    }

    /// Takes a call out of everything that knows it.
    private func forget(_ exchange: Exchange) {
        let before = exchange.state
        exchange.state = .finished
        wheel.remove(exchange.deadlineKey)
        exchanges[Int(exchange.deadlineKey)] = nil
        if before == .queued { exchange.pool?.left(exchange) }
        exchange.pool = nil
        if wheel.count == 0 { becomeQuiet() }
    }

    private func becomeQuiet() {
        whenQuiet?.succeed()
        whenQuiet = nil
    }

    /// Gives a call up without an outcome.
    private func release(_ exchange: Exchange) {
        forget(exchange)
        exchange.connection?.drop(exchange)
    }

    private func flush() {
        let batch = outcomes
        outcomes = []
        outcomes.reserveCapacity(batch.count)
        if !batch.isEmpty { deliver(batch) }
    }

    // MARK: - Deadlines

    func move(_ exchange: Exchange, to due: Int64) {
        wheel.move(exchange.deadlineKey, to: due)
        if due < alarmAt { setAlarm() }
    }

    private func setAlarm() {
        guard let due = wheel.nextDue, due < alarmAt else { return }
        alarm?.cancel()
        alarmAt = due
        alarm = loop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(max(0, due)))) { self.ring() }
    }

    private func ring() {
        alarmAt = .max
        for key in wheel.takeDue(now: uptime()) {
            guard let exchange = exchanges[Int(key)] else { continue }
            let connection = exchange.connection
            fail(exchange, lateness(of: exchange), address: connection?.address ?? "")
            connection?.drop(exchange)
        }
        setAlarm()
    }

    private func lateness(of exchange: Exchange) -> Failure {
        let call = exchange.call
        let label = "\(call.origin.host) port \(call.origin.port)"
        if exchange.state == .sent, exchange.firstByteAt == 0, exchange.firstByteDue < exchange.totalDue {
            let limit = call.deadlines.firstByte.text
            return Failure(.timeoutFirstByte, "\(label) sent no byte of an answer within \(limit)")
        }
        let limit = call.deadlines.total.text
        switch exchange.state {
        case .queued where !exchange.hasOpening:
            return Failure(
                .timeoutTotal,
                "no connection to \(label) became free within \(limit), and the call was not sent "
                    + "(at most \(connectionsPerPoolMax) are open)"
            )
        case .queued, .awaitingConnection:
            return Failure(.timeoutTotal, "\(label) was not connected to within the call's \(limit)")
        case .sent, .finished:
            return Failure(.timeoutTotal, "\(label) did not finish its answer within \(limit)")
        }
    }

    // MARK: - Connections

    /// Whether one more connection may be opened; closes an idle one of another pool for it if need be.
    func mayOpen(for pool: Pool) -> Bool {
        guard !isClosed else { return false }
        while connectionCount >= connectionsMax, let donor = donors.popFirst() {
            donor.isDonor = false
            donor.closeOldestIdle()
            if donor.hasIdle { isDonor(donor) }
        }
        if connectionCount < connectionsMax { return true }
        if !pool.isStarving {
            pool.isStarving = true
            starving.append(pool)
        }
        return false
    }

    var isStarved: Bool { !starving.isEmpty }

    /// A connection or an opening of this pool is no more: somebody else may have its place.
    func connectionEnded(in pool: Pool) {
        connectionCount -= 1
        let now = uptime()
        while connectionCount < connectionsMax, let next = starving.popFirst() {
            next.isStarving = false
            next.pump(now: now)
        }
        if pool.wantsConnection { pool.pump(now: now) }
        dropIfEmpty(pool)
    }

    /// Forgets a pool that holds nothing.
    func dropIfEmpty(_ pool: Pool) {
        guard pool.isEmpty, pools[pool.key] === pool else { return }
        pools[pool.key] = nil
        if lastPool === pool { lastPool = nil }
    }

    /// A pool has a connection that nobody needs at present.
    func hasIdle(_ pool: Pool) {
        if !pool.isDonor { isDonor(pool) }
        sweepLater()
    }

    private func isDonor(_ pool: Pool) {
        pool.isDonor = true
        donors.append(pool)
    }

    private func sweepLater() {
        guard idleSweep == nil, !isDraining else { return }
        let span = settings.idleNanoseconds
        idleSweep = loop.scheduleTask(in: .nanoseconds(max(1_000_000, span / 2))) {
            self.idleSweep = nil
            for pool in Array(self.pools.values) { pool.closeIdle(since: uptime() - span) }
            self.donors.removeAll { pool in
                if !pool.hasIdle { pool.isDonor = false }
                return !pool.hasIdle
            }
            if self.pools.values.contains(where: { $0.hasIdle }) { self.sweepLater() }
        }
    }

    // MARK: - The end

    /// Takes no more calls; done when the last one under way is.
    func drain() -> EventLoopFuture<Void> {
        isDraining = true
        idleSweep?.cancel()
        for pool in Array(pools.values) { pool.closeIdle(since: .max) }
        let promise = whenQuiet ?? loop.makePromise(of: Void.self)
        whenQuiet = promise
        if wheel.count == 0 { becomeQuiet() }
        return promise.futureResult
    }

    /// Ends what is left: a call that was sent may or may not have arrived.
    func close() {
        isDraining = true
        isClosed = true
        for case let exchange? in exchanges {
            let connection = exchange.connection
            let failure =
                exchange.state == .sent
                ? Failure(.unknown, "Chronatog stopped before \(exchange.call.origin.host) had answered")
                : Failure(.closed, "not sent: Chronatog stopped first")
            fail(exchange, failure, address: connection?.address ?? "")
            connection?.drop(exchange)
        }
        for pool in Array(pools.values) { pool.tearDown() }
        alarm?.cancel()
        flush()
    }
}
