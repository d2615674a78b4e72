import API
import Cron
import Domain
import Effects
import Engine
import Glibc
import Integrations
import Journaling
import Logging
import NIOCore
import Synchronization
import Wire

/// The server, put together from its parts in the order in which they need each other, and taken down in
/// reverse.
final class Composition: Sendable {
    let engine: Engine
    let token: String
    /// The token was made at this start and has to be told.
    let isTokenNew: Bool
    let zones: ZoneDatabase
    private let configuration: Configuration
    private let logger: Logger
    private let folder: DataFolder
    private let transport: HTTPTransport
    private let mail: SMTPTransport
    private let streams: StreamSockets
    /// nil without a Sentry project to tell.
    private let ownErrors: OwnErrors?
    private let policy: LivePolicy
    private let api: APIServer
    /// Why the start did not succeed.
    private let refused = Mutex<CommandFailure?>(nil)
    /// Why the journal can no longer be written.
    private let failure = Mutex<String?>(nil)

    /// Everything short of listening: the folder is read, keys and token are at hand, nothing runs yet.
    /// - Parameter prepared: the folder to serve, when it is not the configured one (`chronatog fork`).
    init(_ configuration: Configuration, prepared: DataFolder? = nil, logger: Logger) throws(CommandFailure) {
        self.configuration = configuration
        self.logger = logger
        let testing = configuration.testing
        let entropy: any Entropy = testing.seed.map { SeededEntropy(seed: $0) } ?? SystemEntropy()
        let time = SystemTime()
        do { zones = try configuration.schedules.openZones() } catch { throw .failed(error.description) }
        policy = LivePolicy(try Self.egress(configuration))
        let trust = try Self.trust(configuration)
        transport = HTTPTransport(
            settings: Self.transportSettings(configuration),
            egress: policy.current,
            trust: trust
        )
        mail = SMTPTransport(egress: policy.current, trust: trust)
        streams = StreamSockets(egress: policy.current, trust: trust)
        ownErrors = Self.ownErrors(configuration, policy.current, trust, entropy, time)
        folder = if let prepared { prepared } else { try DataFolder.open(configuration, entropy: entropy) }
        let recovered = try folder.recover(configuration)
        Self.report(recovered.report, logger)
        let keys = try folder.keys(configuration, for: recovered.ledger)
        (token, isTokenNew) = try folder.token(configuration)
        let sink = testing.isEphemeral ? SinkService() : nil
        engine = Engine(
            journal: recovered.journal,
            flow: Flow(
                ledger: recovered.ledger,
                keys: keys,
                entropy: entropy,
                settings: Self.flowSettings(configuration, zones)
            ),
            clock: EngineClock(
                source: time,
                isDrivable: testing.isEphemeral,
                start: testing.clock.map { Timestamp(seconds: $0.seconds) }
            ),
            transport: transport,
            mail: mail,
            streams: streams,
            sink: sink,
            settings: try Self.engineSettings(configuration, policy.current),
            logger: logger
        )
        let site = Site(
            options: Self.apiOptions(configuration, token: token),
            engine: engine,
            zones: zones,
            sink: sink,
            entropy: entropy,
            time: time,
            logger: logger,
            judgeLiteral: { [policy] host, port in
                policy.current.judge(literalHost: host, port: port)?.sentence
            }
        )
        api = APIServer(site, time: time, logger: logger)
    }

    /// Serves until a signal comes, or until the journal can no longer be written.
    ///
    /// - Parameter onRunning: called once, with the URL by which this machine reaches the server.
    func run(
        until signals: StopSignals,
        onRunning: @escaping @Sendable (_ url: String) async -> Void
    ) async throws(CommandFailure) {
        let (up, isUp) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingOldest(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in await ownErrors?.watch(engine) }
            group.addTask { [self] in
                do {
                    try await api.run { port in
                        do throws(CommandFailure) {
                            let url = try await self.begin(port: UInt16(clamping: port), signals)
                            await onRunning(url)
                        } catch {
                            self.refused.withLock { $0 = error }
                            signals.finish(because: "the start failed")
                        }
                        isUp.yield(true)
                    }
                } catch {
                    refused.withLock { $0 = Self.listenFailure(error, configuration.server.listen) }
                    signals.finish(because: "the start failed")
                }
                isUp.yield(false)
            }
            // A signal that comes during the start is obeyed after it: only what runs can be stopped.
            let hasListened = await up.first { _ in true } ?? false
            let reason = await signals.wait()
            logger.notice("stopping", metadata: ["because": "\(reason)"])
            await end(hasListened: hasListened)
            group.cancelAll()
        }
        if let failure = refused.withLock({ $0 }) { throw failure }
        if let reason = failure.withLock({ $0 }) {
            throw .failed(
                "the journal cannot be written: \(reason)",
                hint: "what was acknowledged is safe; look at the disk, then start again"
            )
        }
    }

    /// The port is known: nothing may call it but the sink's own jobs, and now the engine may begin.
    private func begin(port: UInt16, _ signals: StopSignals) async throws(CommandFailure) -> String {
        let listen = configuration.server.listen
        policy.replace(with: try Self.refusingOurselves(policy.current, listen, port))
        transport.adopt(policy.current)
        mail.adopt(policy.current)
        streams.adopt(policy.current)
        let host = listen.isWildcard ? "127.0.0.1" : listen.host
        let sink = configuration.testing.isEphemeral ? Origin(isTLS: false, host: host, port: port) : nil
        var reached = configuration.server.publicURL?.text ?? listen.url(port: port)
        if reached.hasSuffix("/") { reached.removeLast() }
        engine.start(sinkOrigin: sink, publicURL: reached) { [self] reason in
            failure.withLock { $0 = reason }
            ownErrors?.report(.fatal, "journal", "the journal cannot be written: \(reason)")
            signals.finish(because: "the journal failed")
        }
        do {
            try await makeDefaultScheduler()
        } catch {
            throw .failed("the server cannot begin: \(error)")
        }
        let introduction = Introduction(
            engine: engine,
            partner: configuration.partner,
            publicURL: reached,
            logger: logger
        )
        // A task of its own, because a start does not wait for a marketplace: the post is recorded, and ends
        // with the engine at the latest.
        if let post = await introduction.begin() { Task { await introduction.report(post) } }
        do {
            try folder.announce(listen.url(port: port))
        } catch {
            // On a full disk a server still has reading to offer, and outcomes to record.
            logger.warning(
                "commands on this machine need --url, for the folder could not be told of this server",
                metadata: ["because": "\(error.sentence)"]
            )
        }
        return listen.url(port: port)
    }

    /// The operator's jobs belong to a scheduler like all others. Its password is random unless configured,
    /// and nobody is told: credentials that people use are made with `POST schedulers`.
    private func makeDefaultScheduler() async throws(CommandError) {
        guard try await engine.schedulers().isEmpty else { return }
        let server = configuration.server
        _ = try await engine.registerScheduler(
            name: "default",
            username: server.username ?? "default",
            password: server.password?.value ?? hexadecimal(folder.entropy.bytes(16))
        )
    }

    private func end(hasListened: Bool) async {
        // A journal that failed has stopped the engine already.
        if failure.withLock({ $0 == nil }) { await engine.stop(drain: configuration.calls.drain) }
        if hasListened { try? await api.stop() }
        await transport.shutdown(drain: .zero)
        await mail.shutdown(drain: .zero)
        await streams.shutdown()
        await ownErrors?.shutdown()
        folder.withdraw()
    }
}

// What each part is told.
extension Composition {
    private static func egress(_ configuration: Configuration) throws(CommandFailure) -> EgressPolicy {
        let base: EgressPolicy =
            configuration.testing.isFork
            ? .nothing : configuration.testing.isEphemeral ? .loopbackOnly : .publicOnly
        do {
            return try EgressPolicy.parse(configuration.calls.egress.joined(separator: ","), on: base)
        } catch {
            throw .asked(error.sentence)
        }
    }

    private static func refusingOurselves(
        _ policy: EgressPolicy,
        _ listen: ListenAddress,
        _ port: UInt16
    ) throws(CommandFailure) -> EgressPolicy {
        // A name may stand for any address of this machine.
        let address = IPAddress(listen.host) ?? .v4(0)
        do {
            return policy.refusing(
                ownListeners: [EgressPolicy.Listener(address: address, port: port)],
                machineAddresses: try IPAddress.ofThisMachine()
            )
        } catch {
            throw .failed("this machine's addresses cannot be listed: \(error)")
        }
    }

    private static func flowSettings(_ configuration: Configuration, _ zones: ZoneDatabase) -> FlowSettings {
        var settings = FlowSettings(zones: zones)
        settings.targetParallel = UInt32(configuration.calls.targetParallel)
        settings.userAgent = "chronatog/\(Version.number)"
        settings.channels = configuration.alerts.channels().channels
        settings.publicURL = configuration.server.publicURL?.text
        settings.isPlanLimitHard = configuration.partner.freePlanLimit == .hard
        settings.sender = sender(configuration)
        settings.sources = configuration.alerts.streams().wishes
        settings.watchesStreams = !configuration.testing.isFork
        return settings
    }

    private static func ownErrors(
        _ configuration: Configuration,
        _ policy: EgressPolicy,
        _ trust: TrustRoots,
        _ entropy: any Entropy,
        _ time: SystemTime
    ) -> OwnErrors? {
        guard case .sentry(let sentry) = configuration.alerts.channels().channels["sentry"],
            !configuration.testing.isFork
        else { return nil }
        return OwnErrors(
            SentryReporter(sentry.dsn, from: sender(configuration), environment: sentry.environment),
            transport: HTTPTransport(settings: HTTPTransport.Settings(), egress: policy, trust: trust),
            entropy: entropy,
            time: time
        )
    }

    /// Who we are to counterparts.
    private static func sender(_ configuration: Configuration) -> AlertSender {
        AlertSender(
            host: configuration.server.publicURL.flatMap { try? WebAddress($0.text) }?.origin.host
                ?? "chronatog",
            version: Version.number
        )
    }

    private static func engineSettings(
        _ configuration: Configuration,
        _ policy: EgressPolicy
    ) throws(CommandFailure) -> EngineSettings {
        var settings = EngineSettings(flushesInline: configuration.testing.isEphemeral)
        do {
            settings.heartbeat = try configuration.alerts.heartbeat(userAgent: "chronatog/\(Version.number)")
        } catch {
            throw .asked(error.sentence)
        }
        // A fork calls nobody, whatever its flags say.
        if configuration.testing.isFork { return settings }
        // A literal address is refused now, not at three in the morning.
        if let origin = settings.heartbeat?.origin,
            let refusal = policy.judge(literalHost: origin.host, port: origin.port)
        {
            throw .asked("--heartbeat-url: \(refusal.sentence)")
        }
        for (name, channel) in configuration.alerts.channels().channels.sorted(by: { $0.key < $1.key }) {
            if let refusal = policy.judge(literalHost: channel.origin.host, port: channel.origin.port) {
                throw .asked("the channel \(name): \(refusal.sentence)")
            }
        }
        return settings
    }

    private static func trust(_ configuration: Configuration) throws(CommandFailure) -> TrustRoots {
        if configuration.testing.isEphemeral, configuration.calls.caFile == nil { return .nobody }
        do {
            return try TrustRoots.load(caFile: configuration.calls.caFile?.path)
        } catch {
            throw .failed(error.sentence)
        }
    }

    private static func transportSettings(_ configuration: Configuration) -> HTTPTransport.Settings {
        var settings = HTTPTransport.Settings()
        settings.connectionsPerOriginMax = max(256, configuration.calls.targetParallel)
        settings.connectionsMax = max(4096, configuration.calls.targetParallel)
        settings.proxy = configuration.calls.proxy?.origin
        if configuration.testing.isEphemeral { settings.sinkPrefix = "/_sink/" }
        return settings
    }

    private static func apiOptions(_ configuration: Configuration, token: String) -> APIOptions {
        var options = APIOptions()
        options.host = configuration.server.listen.host
        options.port = Int(configuration.server.listen.port)
        options.publicURL = configuration.server.publicURL?.text
        options.token = token
        if let username = configuration.server.username, let password = configuration.server.password {
            options.defaultCredentials = APIOptions.Credentials(username: username, password: password.value)
        }
        options.zone = configuration.schedules.zone.name
        options.dst = configuration.schedules.dst
        options.version = Version.number
        options.returnHosts = configuration.partner.returnHosts
        options.asksForPlan = configuration.partner.asksForPlan
        options.listsUsers = configuration.partner.listsUsers
        options.limits.bodyBytesMax = configuration.limits.bodyBytesMax.bytes
        options.limits.headerBytesMax = configuration.limits.headerBytesMax.bytes
        options.limits.connectionsMax = configuration.limits.connectionsMax
        options.limits.requestTimeout = configuration.limits.requestTimeout
        return options
    }

    private static func report(_ report: RecoveryReport, _ logger: Logger) {
        if let torn = report.torn {
            logger.notice(
                "the journal's last write was cut short by a crash and is left out; it was not acknowledged",
                metadata: [
                    "segment": "\(torn.segment)", "offset": "\(torn.offset)", "bytes": "\(torn.bytes)",
                ]
            )
        }
        for refused in report.refusedSnapshots {
            logger.warning(
                "a snapshot cannot be used; an older one is read instead",
                metadata: ["snapshot": "\(refused.name)", "because": "\(refused.reason)"]
            )
        }
        logger.debug("journal read", metadata: ["records": "\(report.recordsReplayed)"])
    }

    private static func listenFailure(_ error: any Error, _ listen: ListenAddress) -> CommandFailure {
        let address = listen.settingText
        guard let code = (error as? IOError)?.errnoCode else {
            return .failed(
                "cannot listen on \(address): \(error)",
                hint: "give another address with --listen"
            )
        }
        switch code {
        case EADDRINUSE:
            return .failed(
                "\(address) is in use by another program",
                hint: "stop that one, or give another port: --listen \(listen.host):0 picks a free one"
            )
        case EACCES: return .failed("\(address) may not be used by this user", hint: "take a port above 1023")
        case EADDRNOTAVAIL: return .failed("\(listen.host) is not an address of this machine")
        default: return .failed("cannot listen on \(address): \(error)")
        }
    }
}

/// The egress policy in force; it learns the own port after everything else was made.
private final class LivePolicy: Sendable {
    private let policy: Mutex<EgressPolicy>

    init(_ policy: EgressPolicy) {
        self.policy = Mutex(policy)
    }

    var current: EgressPolicy { policy.withLock { $0 } }

    func replace(with newer: EgressPolicy) {
        policy.withLock { $0 = newer }
    }
}
