package import Domain
package import Effects
package import Journaling
package import Logging
private import Synchronization

/// The engine without its threads: whoever owns it says when a turn is taken, when the journal is written
/// and when a snapshot is. Everything else is `Engine`'s: the same loop, mailbox, writer and flow.
///
/// For the simulation, where one thread has to decide what happens before what.
package final class SteppedEngine {
    package let journal: Journal
    private let mailbox = Mailbox()
    private let writer: JournalWriter
    private let work = Worklist()
    private var loop: EngineLoop
    private var isWriting = true
    private var isRung = false

    package init(
        journal: Journal,
        flow: Flow,
        clock: EngineClock,
        transport: any Transport,
        settings: EngineSettings,
        logger: Logger
    ) {
        self.journal = journal
        writer = JournalWriter(journal: journal)
        let mailbox = mailbox
        let work = work
        transport.deliverOutcomes { outcomes in
            mailbox.post { $0.outcomes.append(contentsOf: outcomes) }
        }
        loop = EngineLoop(
            flow: flow,
            clock: clock,
            journal: journal,
            writer: writer,
            mailbox: mailbox,
            transport: transport,
            mail: nil,
            streams: nil,
            sink: nil,
            settings: settings,
            background: { body in work.add(body) },
            logger: logger
        )
    }

    /// Takes up the work, before the first turn.
    package func begin() {
        loop.begin()
    }

    /// One turn with whatever has come.
    package func turn() -> Turn {
        loop.take(mailbox.take(waitingUpTo: .zero))
    }

    /// How long nothing can happen unless something comes.
    package var wait: Span { loop.sleep() ?? .forever }

    /// Whether the loop has rung for the writer since its last turn.
    package func needsFlush() -> Bool {
        if writer.wasRung() { isRung = true }
        return isWriting && isRung
    }

    /// A turn of the writer.
    package func flush() {
        guard isWriting else { return }
        isRung = false
        isWriting = writer.turn { notice, took in
            mailbox.post {
                $0.notices.append(notice)
                if let took { $0.flushed.append(took) }
            }
        }
    }

    /// Whether a snapshot waits to be written.
    package var hasBackgroundWork: Bool { !work.isEmpty }

    package func runBackgroundWork() {
        for body in work.takeAll() { body() }
    }

    /// Asks for something that writes; `answer` is called during a later turn.
    package func command<R: Sendable>(
        _ body: @escaping @Sendable (inout Flow, Timestamp) throws(CommandError) -> R,
        answer: @escaping @Sendable (Result<R, CommandError>) -> Void
    ) {
        let command = Command(
            writes: true,
            body: { loop, now throws(CommandError) in try body(&loop.flow, now) },
            answer: answer
        )
        if !mailbox.post({ $0.commands.append(command) }) { answer(.failure(.stopping)) }
    }

    /// Stops deciding; a later turn is the last.
    package func stop(drain: Span) {
        mailbox.post { $0.notices.append(.stop(drain: drain)) }
    }

    /// Everything decided so far, durable or not.
    package var ledger: Ledger { loop.flow.ledger }

    /// The job as a reader sees it.
    package func view(_ job: JobID) throws(CommandError) -> JobView { try loop.flow.view(job) }
}

/// What a turn came to.
package enum Turn: Sendable, Equatable {
    case goesOn
    /// Drained after a stop.
    case ended
    /// The journal can no longer be written.
    case failed(String)
}

/// Work that waits for its turn.
private final class Worklist: Sendable {
    private let bodies = Mutex<[@Sendable () -> Void]>([])

    var isEmpty: Bool { bodies.withLock { $0.isEmpty } }

    func add(_ body: @escaping @Sendable () -> Void) { bodies.withLock { $0.append(body) } }

    func takeAll() -> [@Sendable () -> Void] {
        bodies.withLock { bodies in
            defer { bodies = [] }
            return bodies
        }
    }
}
