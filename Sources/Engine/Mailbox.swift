internal import Dispatch
internal import Domain
internal import Effects
private import Synchronization

/// What reaches the engine's thread from others, handed over in batches: one lock and at most one wake-up for
/// whatever has come since the last look.
final class Mailbox: Sendable {
    struct Mail: Sendable {
        var commands: [Command] = []
        var outcomes: [Outcome] = []
        var mails: [MailOutcome] = []
        var streams = StreamMail()
        var notices: [Notice] = []
        /// How long each flush since the last look took.
        var flushed: [Span] = []
        var isEmpty: Bool {
            commands.isEmpty && outcomes.isEmpty && mails.isEmpty && notices.isEmpty && streams.isEmpty
        }
    }

    enum Notice: Sendable {
        case durable(Sequence)
        case storageFailed(String)
        case snapshotDone
        case stop(drain: Span)
    }

    private struct State {
        var mail = Mail()
        var isAsleep = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    /// False when the engine has stopped and nothing will be read any more.
    @discardableResult
    func post(_ change: (inout Mail) -> Void) -> Bool {
        let (isOpen, wakes) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            change(&state.mail)
            defer { state.isAsleep = false }
            return (true, state.isAsleep)
        }
        if wakes { bell.signal() }
        return isOpen
    }

    /// Everything that has come; waits up to `longest` when nothing has. nil waits for ever.
    func take(waitingUpTo longest: Span?) -> Mail {
        let ready = state.withLock { state -> Mail? in
            if state.mail.isEmpty, longest != .zero {
                state.isAsleep = true
                return nil
            }
            defer { state.mail = Mail() }
            return state.mail
        }
        if let ready { return ready }
        if let longest {
            _ = bell.wait(timeout: .now() + .microseconds(Int(min(longest.microseconds, 3_600_000_000))))
        } else {
            bell.wait()
        }
        return state.withLock { state in
            state.isAsleep = false
            defer { state.mail = Mail() }
            return state.mail
        }
    }

    /// Refuses further mail and returns what is left.
    func close() -> Mail {
        state.withLock { state in
            state.isClosed = true
            defer { state.mail = Mail() }
            return state.mail
        }
    }
}

/// Something asked of the engine, and how its answer goes back.
struct Command: Sendable {
    /// Commands that write are refused while the disk is full.
    var writes: Bool
    /// Runs on the engine's thread; returns what to do once everything it saw is durable.
    var perform: @Sendable (inout EngineLoop, Timestamp) -> Reply
    /// Answers without having run.
    var refuse: @Sendable (CommandError) -> Void
}

extension Command {
    /// - Parameters:
    ///   - body: what is asked, on the engine's thread.
    ///   - answer: called once, from that thread: with what `body` returned once that is durable, or with why
    ///     it never will be.
    init<R: Sendable>(
        writes: Bool,
        body: @escaping @Sendable (inout EngineLoop, Timestamp) throws(CommandError) -> R,
        answer: @escaping @Sendable (Result<R, CommandError>) -> Void
    ) {
        self.writes = writes
        perform = { loop, now in
            let result: Result<R, CommandError>
            do throws(CommandError) {
                result = .success(try body(&loop, now))
            } catch {
                result = .failure(error)
            }
            return { lost in answer(lost.map { .failure($0) } ?? result) }
        }
        refuse = { answer(.failure($0)) }
    }
}

/// An answer that waits for durability; the argument says that it never came.
typealias Reply = @Sendable (CommandError?) -> Void
