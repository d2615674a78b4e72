package import Domain
package import Effects
import NIOCore
import NIOPosix
import NIOSSL

/// Hands letters to mail servers over sockets, one connection a letter, on an event loop of its own.
///
/// Addresses are judged as those of HTTP calls are: every address a name resolves to, and the connection goes
/// to the very address that was judged.
package final class SMTPTransport: MailTransport {
    package struct Settings: Sendable {
        /// Letters under way at the same time; the others wait.
        package var connectionsMax = 8

        package init() {}
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let desk: SMTPDesk
    private let receiver = Receiver<[MailOutcome]>()

    package init(
        settings: Settings = Settings(),
        egress: EgressPolicy,
        trust: TrustRoots,
        names: NameLookup = NameLookup(threadCount: 1)
    ) {
        desk = SMTPDesk(loop: group.next(), settings: settings, egress: egress, trust: trust, names: names)
    }

    package func deliverOutcomes(to receive: @escaping @Sendable ([MailOutcome]) -> Void) {
        receiver.set(receive)
    }

    package func send(_ mails: [Mail]) {
        guard let receive = receiver.receive else {
            preconditionFailure("deliverOutcomes(to:) comes before the first send")
        }
        let desk = desk
        desk.loop.execute { for mail in mails { desk.take(mail, receive) } }
    }

    /// Judges by another policy from now on.
    package func adopt(_ egress: EgressPolicy) {
        let desk = desk
        desk.loop.execute { desk.egress = egress }
    }

    package func shutdown(drain: Span) async {
        let desk = desk
        let limit = NIODeadline.uptimeNanoseconds(UInt64(uptime().adding(drain)))
        let over = desk.loop.makePromise(of: Void.self)
        desk.loop.execute {
            let timer = desk.loop.scheduleTask(deadline: limit) { desk.giveUp() }
            desk.drain {
                timer.cancel()
                over.succeed()
            }
        }
        // A promise that only ever succeeds.
        try? await over.futureResult.get()
        try? await group.shutdownGracefully()
    }
}

/// The letters that wait and those under way.
///
/// because every property is touched on `loop` only, it may be named in the loop's closures.
final class SMTPDesk: @unchecked Sendable {
    let loop: any EventLoop
    let names: NameLookup
    var egress: EgressPolicy
    private let settings: SMTPTransport.Settings
    private let trust: TrustRoots
    private var context: NIOSSLContext?
    private var waiting: [(mail: Mail, receive: @Sendable ([MailOutcome]) -> Void)] = []
    private var sessions: [ObjectIdentifier: SMTPSession] = [:]
    private var isDraining = false
    private var whenQuiet: (() -> Void)?

    init(
        loop: any EventLoop,
        settings: SMTPTransport.Settings,
        egress: EgressPolicy,
        trust: TrustRoots,
        names: NameLookup
    ) {
        self.loop = loop
        self.settings = settings
        self.egress = egress
        self.trust = trust
        self.names = names
    }

    func take(_ mail: Mail, _ receive: @escaping @Sendable ([MailOutcome]) -> Void) {
        if isDraining {
            let failure = Failure(.closed, "not sent: Chronatog is shutting down")
            receive([MailOutcome(id: mail.id, result: .failed(failure), timings: Timings(), address: "")])
            return
        }
        waiting.append((mail, receive))
        pump()
    }

    private func pump() {
        while sessions.count < max(1, settings.connectionsMax), !waiting.isEmpty {
            let (mail, receive) = waiting.removeFirst()
            let session = SMTPSession(mail, desk: self) { receive([$0]) }
            sessions[ObjectIdentifier(session)] = session
            session.start()
        }
    }

    func ended(_ session: SMTPSession) {
        sessions[ObjectIdentifier(session)] = nil
        pump()
        if isDraining, sessions.isEmpty {
            names.stop()
            whenQuiet?()
            whenQuiet = nil
        }
    }

    func drain(_ done: @escaping () -> Void) {
        isDraining = true
        whenQuiet = done
        if sessions.isEmpty, waiting.isEmpty {
            names.stop()
            whenQuiet = nil
            done()
        }
    }

    /// Time is up: what is under way ends as it stands.
    func giveUp() {
        let left = waiting
        waiting = []
        for (mail, receive) in left {
            let failure = Failure(.closed, "not sent: Chronatog stopped first")
            receive([MailOutcome(id: mail.id, result: .failed(failure), timings: Timings(), address: "")])
        }
        for session in Array(sessions.values) { session.giveUp() }
    }

    /// A handler for one connection; nil when nobody is trusted here.
    func tlsHandler(host: String) throws -> NIOSSLClientHandler? {
        if context == nil { context = try trust.makeContext(applicationProtocols: []) }
        guard let context else { return nil }
        // RFC 6066: SNI carries names only.
        return try NIOSSLClientHandler(
            context: context,
            serverHostname: IPAddress(host) == nil ? host : nil
        )
    }
}
