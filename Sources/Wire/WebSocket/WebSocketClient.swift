package import Domain
package import Effects
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
package import WebSocket

/// Opens WebSockets on an event loop of its own, where addresses are judged and pinned as those of HTTP calls
/// are.
package final class WebSocketClient: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let desk: WebSocketDesk

    package init(egress: EgressPolicy, trust: TrustRoots, names: NameLookup = NameLookup(threadCount: 1)) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        desk = WebSocketDesk(loop: group.next(), egress: egress, trust: trust, names: names)
    }

    /// Begins to connect and returns at once.
    /// - Parameter receive: called on the client's loop, so it must not wait; its last signal says how it
    ///   ended, and there is always one.
    package func open(
        _ request: WebSocketRequest,
        receive: @escaping @Sendable (WebSocketSignal) -> Void
    ) -> WebSocketLink {
        let session = WebSocketSession(request, desk: desk, receive: receive)
        desk.loop.execute { session.start() }
        return WebSocketLink(session: session)
    }

    /// Judges by another policy from now on.
    package func adopt(_ egress: EgressPolicy) {
        let desk = desk
        desk.loop.execute { desk.egress = egress }
    }

    /// Ends what is open, without ceremony.
    package func shutdown() async {
        let desk = desk
        try? await desk.loop.submit { desk.giveUp() }.get()
        try? await group.shutdownGracefully()
    }
}

/// What to open, and how patient to be with it.
package struct WebSocketRequest: Sendable {
    package var origin: Origin
    /// Path and query; begins with `/`.
    package var target: String
    /// Further lines of the handshake, each ending in CRLF.
    package var headerLines: [UInt8] = []
    package var messageBytesMax = 1 << 20
    /// For the name, the connection and the handshake, together.
    package var openingMax = Domain.Span.seconds(20)
    /// From ping to ping; zero for none.
    package var pingEvery = Domain.Span.seconds(20)
    /// For the peer's next word after a ping.
    package var pongMax = Domain.Span.seconds(10)
    /// Frames and heads are told as signals, too.
    package var isTraced = false

    package init(origin: Origin, target: String) {
        self.origin = origin
        self.target = target
    }
}

package enum WebSocketSignal: Sendable {
    /// The handshake is done.
    case open
    /// A text message; binary ones are not for us.
    case text([UInt8])
    case trace(String)
    /// It was open, and is not any more; 1006 when it broke without a word.
    case closed(CloseCode, reason: String)
    /// The server answered the handshake with another status.
    case refused(status: Int, retryAfter: String?)
    case failed(Failure)

    /// Nothing follows.
    package var isLast: Bool {
        switch self {
        case .open, .text, .trace: false
        case .closed, .refused, .failed: true
        }
    }
}

/// An open WebSocket, or one that is being opened.
package struct WebSocketLink: Sendable {
    let session: WebSocketSession

    /// Ends it in order; whatever comes until then is told.
    package func close(_ code: CloseCode = .normal) {
        let session = session
        session.loop.execute { session.close(code) }
    }
}

/// What the sessions of a client share.
///
/// because every property is touched on `loop` only, it may be named in the loop's closures.
final class WebSocketDesk: @unchecked Sendable {
    let loop: any EventLoop
    let names: NameLookup
    var egress: EgressPolicy
    private let trust: TrustRoots
    private var sessions: [ObjectIdentifier: WebSocketSession] = [:]

    init(loop: any EventLoop, egress: EgressPolicy, trust: TrustRoots, names: NameLookup) {
        self.loop = loop
        self.egress = egress
        self.trust = trust
        self.names = names
    }

    func began(_ session: WebSocketSession) { sessions[ObjectIdentifier(session)] = session }
    func ended(_ session: WebSocketSession) { sessions[ObjectIdentifier(session)] = nil }

    func giveUp() {
        names.stop()
        for session in Array(sessions.values) { session.giveUp() }
    }

    /// A handler for one connection; nil when nobody is trusted here.
    func tlsHandler(host: String) throws -> NIOSSLClientHandler? {
        guard let context = trust.context else { return nil }
        // RFC 6066: SNI carries names only.
        return try NIOSSLClientHandler(
            context: context,
            serverHostname: IPAddress(host) == nil ? host : nil
        )
    }
}
