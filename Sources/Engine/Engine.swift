private import Dispatch
internal import Dispatching
package import Domain
package import Effects
package import Journaling
package import Logging

/// The thin shell around `Flow`: one thread that owns it, one that makes the journal durable, one for
/// snapshots.
///
/// Calls go out and replies go back only when the journal holds everything they depend on.
package final class Engine: Sendable {
    package let journal: Journal
    let mailbox = Mailbox()
    /// Tells those who watch that there is more to read.
    package let growth = GrowthNotice()
    private let loop: EngineLoop
    private let logger: Logger
    private let writer: JournalWriter
    private let finished = DispatchGroup()

    /// - Parameters:
    ///   - recovered: the journal and what it holds.
    ///   - flow: made from the recovered ledger.
    ///   - mail: takes letters; nil where no channel sends any.
    ///   - streams: opens streams that are watched; nil where none can be.
    ///   - sink: the built-in target, answered inside the engine while the clock is driven.
    package init(
        journal: Journal,
        flow: Flow,
        clock: EngineClock,
        transport: any Transport,
        mail: (any MailTransport)? = nil,
        streams: (any StreamTransport)? = nil,
        sink: SinkService?,
        settings: EngineSettings,
        logger: Logger
    ) {
        self.journal = journal
        self.logger = logger
        writer = JournalWriter(journal: journal)
        let mailbox = mailbox
        transport.deliverOutcomes { outcomes in
            mailbox.post { $0.outcomes.append(contentsOf: outcomes) }
        }
        mail?.deliverOutcomes { outcomes in
            mailbox.post { $0.mails.append(contentsOf: outcomes) }
        }
        streams?.deliverSignals { new in
            mailbox.post { $0.streams.add(new) }
        }
        var loop = EngineLoop(
            flow: flow,
            clock: clock,
            journal: journal,
            writer: writer,
            mailbox: mailbox,
            transport: transport,
            mail: mail,
            streams: streams,
            sink: sink,
            settings: settings,
            background: { work in DispatchQueue.global(qos: .utility).async(execute: work) },
            logger: logger
        )
        loop.growth = growth
        self.loop = loop
    }

    /// Starts the threads, once the listener is bound.
    /// - Parameters:
    ///   - sinkOrigin: where `/_sink/…` leads; nil when this server has no sink.
    ///   - publicURL: what completion URLs begin with, without a `/` at its end.
    ///   - onFailure: called, once, when the journal can no longer be written.
    package func start(
        sinkOrigin: Origin?,
        publicURL: String? = nil,
        onFailure: @escaping @Sendable (String) -> Void
    ) {
        var loop = loop
        loop.flow.courier.sinkOrigin = sinkOrigin
        loop.flow.courier.publicURL = publicURL
        let ready = loop
        // Queues of their own, because both block: the engine in its mailbox, the writer in fdatasync.
        DispatchQueue(label: "chronatog.engine", qos: .userInitiated).async(group: finished) {
            var loop = ready
            loop.run(onFailure: onFailure)
        }
        DispatchQueue(label: "chronatog.journal", qos: .userInitiated).async(group: finished) {
            [writer, mailbox] in
            writer.run { notice, took in
                let isHeard = mailbox.post {
                    $0.notices.append(notice)
                    if let took { $0.flushed.append(took) }
                }
                // The engine has stopped; its last frame was not written, and that is no good end.
                if !isHeard, case .storageFailed(let reason) = notice { onFailure(reason) }
            }
        }
    }

    /// Stops deciding, lets calls in flight finish for `drain`, makes everything durable, and returns.
    package func stop(drain: Span) async {
        mailbox.post { $0.notices.append(.stop(drain: drain)) }
        await withCheckedContinuation { continuation in
            finished.notify(queue: .global()) { continuation.resume() }
        }
        journal.close()
    }

    /// Runs a command that writes. It is refused while the disk has no room for new promises.
    func command<R: Sendable>(
        _ body: @escaping @Sendable (inout Flow, Timestamp) throws(CommandError) -> R
    ) async throws(CommandError) -> R {
        try await perform(writes: true) { loop, now throws(CommandError) in try body(&loop.flow, now) }
    }

    /// Runs a question.
    func read<R: Sendable>(
        _ body: @escaping @Sendable (inout Flow, Timestamp) throws(CommandError) -> R
    ) async throws(CommandError) -> R {
        try await perform(writes: false) { loop, now throws(CommandError) in try body(&loop.flow, now) }
    }

    func perform<R: Sendable>(
        writes: Bool,
        _ body: @escaping @Sendable (inout EngineLoop, Timestamp) throws(CommandError) -> R
    ) async throws(CommandError) -> R {
        let result: Result<R, CommandError> = await withCheckedContinuation { continuation in
            let command = Command(writes: writes, body: body) { continuation.resume(returning: $0) }
            if !mailbox.post({ $0.commands.append(command) }) {
                continuation.resume(returning: .failure(.stopping))
            }
        }
        return try result.get()
    }
}

extension Engine {
    /// The clock once no advance is under way.
    func clockAtRest() async throws(CommandError) -> ClockState {
        let lost: CommandError? = await withCheckedContinuation { continuation in
            let command = Command(
                writes: false,
                perform: { loop, _ in
                    let reply: Reply = { continuation.resume(returning: $0) }
                    guard loop.virtual.isAdvancing else { return reply }
                    loop.virtual.whenArrived(reply)
                    return { _ in }
                },
                refuse: { continuation.resume(returning: $0) }
            )
            if !mailbox.post({ $0.commands.append(command) }) { continuation.resume(returning: .stopping) }
        }
        if let lost { throw lost }
        return try await clock()
    }
}

/// What the engine's shell is told once, at start.
package struct EngineSettings: Sendable {
    /// The disk is memory: a flush costs nothing, so it happens on the engine's own thread.
    package var flushesInline: Bool
    /// The wall clock is looked at this often at least, so that a step is noticed.
    package var sleepMax: Span = .seconds(5)
    /// How long before their time alarms are got ready (`Flow.getReady`).
    package var readyAhead: Span = .milliseconds(500)
    /// Who is to hear that the scheduler works; nil for nobody.
    package var heartbeat: HeartbeatSettings?
    /// A step of the wall clock beyond this is journaled.
    package var clockStepMin: Span = .seconds(60)
    /// Alarms that nobody looked at for longer: the process was stopped, or there was no room to decide.
    package var absenceMin: Span = .seconds(10)

    package init(flushesInline: Bool) {
        self.flushesInline = flushesInline
    }
}
