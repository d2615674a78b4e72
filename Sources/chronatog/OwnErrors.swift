import API
import Domain
import Effects
import Engine
import Integrations
import Synchronization
import Wire

/// Tells the operator's Sentry what goes wrong with Chronatog itself: a journal that cannot be written, a
/// full disk, a scheduler that hangs.
///
/// It has a transport of its own, because it speaks when the engine cannot. Nothing of it is recorded or sent
/// again: the log says the same.
final class OwnErrors: Sendable {
    private let reporter: Mutex<SentryReporter>
    private let transport: HTTPTransport
    private let entropy: any Entropy
    private let time: any TimeSource

    /// How often the engine is looked at, and how long it may take to answer.
    private static let lookEvery = Duration.seconds(10)
    private static let answerMax = Duration.seconds(60)
    private static let deadlines = Deadlines(
        name: .seconds(2),
        connect: .seconds(2),
        firstByte: .seconds(4),
        total: .seconds(5)
    )

    init(_ reporter: SentryReporter, transport: HTTPTransport, entropy: any Entropy, time: any TimeSource) {
        self.reporter = Mutex(reporter)
        self.transport = transport
        self.entropy = entropy
        self.time = time
        transport.deliverOutcomes { [self] outcomes in
            for outcome in outcomes {
                guard case .answered(let answer) = outcome.result else { continue }
                self.reporter.withLock { $0.receive(answer, now: time.now) }
            }
        }
    }

    /// - Parameter place: which part of the server, as the logger's name and as what makes two of them one.
    func report(_ level: SentryEvent.Level, _ place: String, _ message: String) {
        let id = hexadecimal(entropy.bytes(16))
        let request = reporter.withLock {
            $0.report(
                id: id,
                level: level,
                logger: "chronatog.\(place)",
                message: message,
                fingerprint: ["chronatog", place],
                now: time.now
            )
        }
        if let request { transport.send([request.call(id: 1, deadlines: Self.deadlines)]) }
    }

    /// Looks after the engine until the task is cancelled.
    func watch(_ engine: Engine) async {
        var wasFull = false
        while (try? await Task.sleep(for: Self.lookEvery)) != nil {
            guard let isFull = await isStorageFull(engine) else { continue }
            if isFull, !wasFull {
                report(
                    .error,
                    "storage",
                    "the disk is full: nothing new is accepted, what was promised goes on"
                )
            }
            wasFull = isFull
        }
    }

    /// Reports an engine that does not answer in time, and then waits for it; nil when it has stopped.
    private func isStorageFull(_ engine: Engine) async -> Bool? {
        await withTaskGroup(of: Bool?.self) { group in
            group.addTask { (try? await engine.figures())?.isStorageFull }
            group.addTask { [self] in
                if (try? await Task.sleep(for: Self.answerMax)) != nil {
                    report(.fatal, "engine", "the scheduler has not answered for \(Self.answerMax)")
                }
                return nil
            }
            var answer: Bool?
            for await result in group {
                if let result { answer = result }
                group.cancelAll()
            }
            return answer
        }
    }

    /// Lets what is on its way arrive.
    func shutdown() async { await transport.shutdown(drain: .seconds(5)) }
}
