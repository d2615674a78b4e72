import Domain
import Effects
import NIOCore

/// The connections of one lane to one origin, and the calls that wait for one of them, first come first
/// served.
///
/// A kept-alive connection that its peer has closed in the meantime shows only when it is used. A call that
/// was sent on one and got no byte back is sent once more on a fresh connection: delivery is at least once
/// and every call carries an idempotency key, so a target that did act on the first copy recognises the
/// second. Confined to the lane's event loop.
final class Pool {
    struct Key: Hashable {
        var origin: Origin
        /// For the built-in sink, which may be called although this program listens there itself.
        var isSink: Bool
    }

    unowned let lane: Lane
    let key: Key
    let hostLine: [UInt8]
    /// `http://host:port` when requests go to a forward proxy as they are, otherwise empty.
    let absolutePrefix: String
    /// The origin for people: `example.com port 443`.
    let label: String

    private var waiting = CircularBuffer<Exchange>()
    /// How many in `waiting` still want a connection; the others are over and lie there until they come up.
    private var waitingCount = 0
    private var idle: [Connection] = []
    private var openings: [Opening] = []
    /// Open connections, idle or busy.
    private var openCount = 0
    /// Wants a connection but the lane has none to spare.
    var isStarving = false
    /// Known to the lane as one that has idle connections.
    var isDonor = false
    private var isPumping = false

    var origin: Origin { key.origin }
    var host: String { key.origin.host }
    var isTLS: Bool { key.origin.isTLS }
    var isEmpty: Bool { waitingCount == 0 && openCount == 0 && openings.isEmpty }
    var hasIdle: Bool { !idle.isEmpty }
    var wantsConnection: Bool { waitingCount > openings.count }

    init(_ key: Key, lane: Lane) {
        self.lane = lane
        self.key = key
        hostLine = RequestWriter.hostLine(of: key.origin)
        label = "\(key.origin.host) port \(key.origin.port)"
        let isForwarded = lane.settings.proxy != nil && !key.origin.isTLS
        absolutePrefix = isForwarded ? "http://\(RequestWriter.authority(of: key.origin))" : ""
    }

    /// The origin together with the address tried, unless they are the same.
    func place(_ address: String) -> String {
        address.isEmpty || address == origin.host ? label : "\(label) (\(address))"
    }

    /// Takes a call in: on an idle connection at once, else into the queue.
    func take(_ exchange: Exchange, now: Int64) {
        if waitingCount == 0, let connection = popIdle() {
            connection.begin(exchange, now: now)
            return
        }
        exchange.state = .queued
        exchange.pool = self
        waiting.append(exchange)
        waitingCount += 1
        pump(now: now)
    }

    /// A call in the queue is over (deadline, abort).
    func left(_ exchange: Exchange) {
        waitingCount -= 1
        trim()
        lane.dropIfEmpty(self)
    }

    /// Sends a call once more, on a connection of its own; see above.
    func sendAgain(_ exchange: Exchange) {
        exchange.isSecondTry = true
        exchange.state = .awaitingConnection
        lane.move(exchange, to: exchange.totalDue)
        open(for: exchange, now: uptime())
    }

    /// A connection has answered and may carry on.
    func release(_ connection: Connection) {
        let now = uptime()
        if now - connection.openedAt > lane.settings.connectionAgeNanoseconds {
            connection.close()
        } else if let exchange = popWaiting() {
            connection.begin(exchange, now: now)
        } else if lane.isDraining || lane.isStarved {
            connection.close()
        } else {
            connection.idleSince = now
            idle.append(connection)
            lane.hasIdle(self)
        }
    }

    /// An open connection has come to its end.
    func closed(_ connection: Connection) {
        openCount -= 1
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
        lane.connectionEnded(in: self)
    }

    /// An opening has succeeded.
    func opened(_ connection: Connection, by opening: Opening, now: Int64) {
        openings.removeAll { $0 === opening }
        openCount += 1
        let own = opening.exchange
        own.hasOpening = false
        let exchange: Exchange?
        switch own.state {
        case .awaitingConnection: exchange = own
        case .queued:
            waitingCount -= 1
            exchange = own
        case .sent, .finished: exchange = popWaiting()
        }
        guard let exchange else { return release(connection) }
        if exchange.startedAt <= opening.startedAt { exchange.timings.add(opening.timings) }
        exchange.state = .sent
        trim()
        connection.begin(exchange, now: now)
    }

    /// An opening has failed, and with it the call that asked for it. When nothing else is open or being
    /// opened, the calls that were already waiting when it began fail with it: the same fact would meet
    /// each of them.
    func openingFailed(_ opening: Opening, _ failure: Failure) {
        openings.removeAll { $0 === opening }
        let own = opening.exchange
        own.hasOpening = false
        switch own.state {
        case .queued, .awaitingConnection:
            own.timings.add(opening.timings)
            lane.fail(own, failure)
        case .sent, .finished: break
        }
        if openCount == 0 && openings.isEmpty {
            let isAboutTime = failure.kind == .timeoutConnect
            for exchange in Array(waiting) where isWaiting(exchange) {
                guard exchange.startedAt <= opening.startedAt else { continue }
                if isAboutTime && !opening.deadlines.covers(exchange.call.deadlines) { continue }
                exchange.timings.add(opening.timings)
                lane.fail(exchange, failure)
            }
        }
        lane.connectionEnded(in: self)
    }

    /// Serves waiting calls from idle connections, and opens connections for the rest as far as limits allow.
    func pump(now: Int64) {
        // Whatever comes back from within, the loops below see it.
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while waitingCount > 0, let connection = popIdle() {
            guard let exchange = popWaiting() else { return idle.append(connection) }
            connection.begin(exchange, now: now)
        }
        while waitingCount > openings.count, openCount + openings.count < lane.connectionsPerPoolMax {
            guard lane.mayOpen(for: self), let exchange = nextWithoutOpening() else { return }
            open(for: exchange, now: now)
        }
    }

    /// Closes connections that have been idle since before `instant`; the oldest lie first.
    func closeIdle(since instant: Int64) {
        while let first = idle.first, first.idleSince <= instant { closeOldestIdle() }
    }

    func closeOldestIdle() {
        if !idle.isEmpty { idle.removeFirst().close() }
    }

    /// Ends all there is, without outcomes.
    func tearDown() {
        for opening in openings { opening.cancel() }
        lane.connectionCount -= openings.count
        openings = []
        closeIdle(since: .max)
    }

    private func open(for exchange: Exchange, now: Int64) {
        exchange.hasOpening = true
        lane.connectionCount += 1
        let opening = Opening(pool: self, exchange: exchange, now: now)
        openings.append(opening)
        opening.start()
    }

    private func popIdle() -> Connection? {
        while let connection = idle.popLast() {
            if connection.isUsable { return connection }
            connection.close()
        }
        return nil
    }

    private func popWaiting() -> Exchange? {
        while let exchange = waiting.popFirst() {
            guard isWaiting(exchange) else { continue }
            waitingCount -= 1
            return exchange
        }
        return nil
    }

    private func trim() {
        while let first = waiting.first, !isWaiting(first) { waiting.removeFirst() }
    }

    /// Calls served out of turn, timed out, aborted or redirected stay in the queue until they come up.
    private func isWaiting(_ exchange: Exchange) -> Bool {
        exchange.state == .queued && exchange.pool === self
    }

    /// Calls ahead of this place in the queue usually have an opening each.
    private func nextWithoutOpening() -> Exchange? {
        let wanted = { (exchange: Exchange) in self.isWaiting(exchange) && !exchange.hasOpening }
        return waiting.dropFirst(openings.count).first(where: wanted) ?? waiting.first(where: wanted)
    }
}

extension UInt32 {
    fileprivate func adding(_ other: UInt32) -> UInt32 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

extension Timings {
    /// A call that needed several connections (redirects, a stale one) took all of it.
    fileprivate mutating func add(_ opening: Timings) {
        name = name.adding(opening.name)
        connect = connect.adding(opening.connect)
        tls = tls.adding(opening.tls)
    }
}

extension Deadlines {
    /// Whoever waited this long in vain has waited long enough for the other, too.
    fileprivate func covers(_ other: Deadlines) -> Bool { name >= other.name && connect >= other.connect }
}
