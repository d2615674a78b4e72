package import Domain
package import Effects

/// One watched stream, from the first attempt to the end: when to connect, when it counts as open, when as
/// lost, and what is told of that.
///
/// An **outage** begins when an open stream is lost, or when the first attempt fails; it ends when the stream
/// has accepted our credentials, not before. All attempts in between belong to it.
package struct SourceMachine: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// Nobody wants it now.
        case paused
        /// The handshake is under way.
        case connecting
        /// The handshake is done, and `auth` has to come until then.
        case open(until: Timestamp)
        case authenticated(since: Timestamp)
        case waiting(until: Timestamp)
        /// The credentials are no good: coming back is no use.
        case unauthorized
    }

    package enum Action: Sendable, Equatable {
        case connect
        case disconnect
        /// The handshake is done.
        case connected
        /// The credentials were accepted: the outage is over.
        case opened
        /// An outage begins.
        case lost(String)
        /// The credentials were refused, which may begin an outage, too.
        case refused(String)
        /// The outage has lasted longer than it may without anybody being told.
        case alert
        /// It is open, and has said nothing for longer than it may.
        case silent
        /// It says something again.
        case heard
        case happened(SourceHappening.Kind, message: [UInt8], detail: String)
    }

    package private(set) var state = State.paused
    /// Outages so far.
    package private(set) var outages: UInt64
    /// When the present one began.
    package private(set) var lostSince: Timestamp?
    /// Why the last attempt failed.
    package private(set) var reason: String
    private let alertAfter: Span?
    private let silentAfter: Span?
    private let takesNotifications: Bool
    /// It was open before this outage, so that its loss is a close.
    private var hasBeenOpen: Bool
    private var alertAt: Timestamp?
    /// When it last said something, `auth` included, while it is open.
    private var heardAt = Timestamp.distantPast
    private var isSilent = false
    private var pace = ReconnectPace()

    /// From the handshake to `auth`.
    package static let authMax = Span.seconds(30)
    /// The longest `Retry-After` that is obeyed.
    package static let retryAfterMax = Span.days(1)
    /// Of a message.
    package static let messageBytesMax = 1 << 20

    /// A stream as the ledger has it.
    package init(_ source: WatchedSource) {
        outages = source.outages
        lostSince = source.lostSince
        reason = source.reason
        hasBeenOpen = source.isOpen
        alertAfter = source.set.alertAfter
        silentAfter = source.set.silentAfter
        takesNotifications = source.set.takesNotifications
        if source.isRefused, !source.set.isPaused { state = .unauthorized }
    }

    /// When `wake` has something to do.
    package var wakeAt: Timestamp {
        let own: Timestamp =
            switch state {
            case .open(let until), .waiting(let until): until
            default: .distantFuture
            }
        return min(own, alertAt ?? .distantFuture, silentAt)
    }

    private var silentAt: Timestamp {
        guard case .authenticated = state, !isSilent, let silentAfter else { return .distantFuture }
        return heardAt + silentAfter
    }

    /// Begins to watch. An outage that began before that has its grace anew: while nobody watched, nobody
    /// knows.
    package mutating func start(now: Timestamp) -> [Action] {
        guard state == .paused else { return [] }
        state = .connecting
        if lostSince != nil { alertAt = alertAfter.map { now + $0 } }
        return [.connect]
    }

    /// - Parameter chance: from 0 to 1.
    package mutating func wake(now: Timestamp, chance: Double) -> [Action] {
        var actions: [Action] = []
        switch state {
        case .waiting(let until) where until <= now:
            state = .connecting
            actions.append(.connect)
        case .open(let until) where until <= now:
            actions.append(.disconnect)
            actions += lose("it said nothing of our credentials for \(Self.authMax.text)", chance, now)
        default: break
        }
        if let alertAt, alertAt <= now {
            self.alertAt = nil
            actions.append(.alert)
        }
        if silentAt <= now {
            isSilent = true
            actions.append(.silent)
        }
        return actions
    }

    /// - Parameter chance: from 0 to 1.
    package mutating func receive(_ signal: StreamSignal, now: Timestamp, chance: Double) -> [Action] {
        switch (state, signal) {
        case (.paused, _), (.unauthorized, _), (.waiting, _): return []
        case (.connecting, .open):
            state = .open(until: now + Self.authMax)
            return [.connected]
        case (_, .open), (.connecting, .text): return []
        case (_, .text(let bytes)): return take(bytes, now)
        case (.open, .closed(let code, let reason)) where code == Self.policyCode:
            return refuse("it closed with \(Self.spoken(code, reason))", now)
        case (_, .closed(let code, let reason)):
            return lose("it closed with \(Self.spoken(code, reason))", chance, now)
        case (_, .refused(let status, _)) where [401, 403].contains(status):
            return refuse("it answered \(status)", now)
        case (_, .refused(let status, _)) where (300...399).contains(status):
            return lose(
                "it answered \(status), and redirects are not followed: give the address it leads to",
                chance,
                now
            )
        case (_, .refused(let status, let retryAfter)):
            let asked = retryAfter.flatMap { RetryAfter.parse($0, now: now) }
            return lose("it answered \(status)", asked: asked, chance, now)
        case (_, .failed(let failure)): return lose(failure.message, chance, now)
        }
    }

    /// RFC 6455 §7.4.1: what Tutum's dialect closes with when credentials are wrong.
    private static let policyCode: UInt16 = 1008

    private static func spoken(_ code: UInt16, _ reason: String) -> String {
        reason.isEmpty ? "\(code)" : "\(code) (\(reason))"
    }

    // MARK: Messages

    private mutating func take(_ bytes: [UInt8], _ now: Timestamp) -> [Action] {
        var isHealthy = false
        if case .authenticated = state { isHealthy = true }
        switch TutumMessage(bytes) {
        case nil:
            let detail = "it sent \(bytes.count) bytes that are no event: no JSON object with a type"
            return [.happened(.error, message: [], detail: detail)]
        case .auth?:
            guard !isHealthy else { return [] }
            state = .authenticated(since: now)
            (lostSince, alertAt, hasBeenOpen, reason) = (nil, nil, true, "")
            (heardAt, isSilent) = (now, false)
            return [.opened, .happened(.open, message: [], detail: "")]
        case .error(let word)? where TutumMessage.isRefusal(word):
            return [.disconnect] + refuse("it said \(word)", now)
        case .error(let word)?: return [.happened(.error, message: [], detail: "it said \(word)")]
        case .notifications?:
            return isHealthy && takesNotifications ? tell(bytes, now) : []
        case .event?: return isHealthy ? tell(bytes, now) : []
        }
    }

    private mutating func tell(_ event: [UInt8], _ now: Timestamp) -> [Action] {
        heardAt = now
        defer { isSilent = false }
        return (isSilent ? [.heard] : []) + [.happened(.message, message: event, detail: "")]
    }

    // MARK: Ends

    private mutating func lose(
        _ reason: String,
        asked: Span? = nil,
        _ chance: Double,
        _ now: Timestamp
    ) -> [Action] {
        var healthy = Span.zero
        if case .authenticated(let since) = state { healthy = now - since }
        let wait = pace.next(
            healthy: healthy,
            asked: asked.map { min($0, Self.retryAfterMax) },
            chance: chance
        )
        state = .waiting(until: now + wait)
        self.reason = reason
        guard lostSince == nil else { return [.happened(.error, message: [], detail: reason)] }
        beginOutage(now)
        alertAt = alertAfter.map { now + $0 }
        return [.lost(reason), .happened(kindOfLoss(), message: [], detail: reason)]
    }

    private mutating func refuse(_ reason: String, _ now: Timestamp) -> [Action] {
        state = .unauthorized
        self.reason = reason
        // What is told at once need not be told again after the grace.
        alertAt = nil
        guard lostSince == nil else {
            return [.refused(reason), .happened(.error, message: [], detail: reason)]
        }
        beginOutage(now)
        return [.refused(reason), .happened(kindOfLoss(), message: [], detail: reason)]
    }

    private mutating func beginOutage(_ now: Timestamp) {
        outages += 1
        lostSince = now
    }

    private mutating func kindOfLoss() -> SourceHappening.Kind {
        defer { hasBeenOpen = false }
        return hasBeenOpen ? .close : .error
    }
}
