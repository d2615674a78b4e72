import Domain
import Effects
import Integrations

@testable import Counterparts

/// One alert told to one channel message by message, what is to be remembered carried along as the engine
/// does it.
struct Story {
    let settings: ChannelSettings
    var memory = ChannelMemory()
    /// Every request so far.
    var requests: [ChannelRequest] = []
    var mails: [Mail] = []
    var now = Timestamp(seconds: 1_767_323_045)
    private var told: UInt64 = 0

    static let sender = AlertSender(
        host: "cron.example.com",
        version: "1.2.3",
        signingSeeds: [Array(0..<32), Array(32..<64)].compactMap { SigningSeed($0) }
    )

    /// Alerts of the samples opened at 2026-01-02T03:04:05Z.
    static let openedAt = Timestamp(seconds: 1_767_323_045)

    private static let stepsMax = 12

    init(_ json: String) throws {
        settings = try ChannelSettings.read(JSONReader.value(of: json))
    }

    static func message(
        _ kind: AlertMessage.Kind,
        severity: AlertMessage.Severity = .critical,
        title: String = "nightly-report <A&B> failed 3 times in a row",
        details: [String] = [
            "HTTP 503 from https://reports.example.com/run after 3 attempts",
            "Last success: 2026-01-01 03:00",
        ],
        sequence: UInt64 = 4711,
        memory: ChannelMemory = ChannelMemory()
    ) -> AlertMessage {
        AlertMessage(
            key: "job/12",
            kind: kind,
            severity: severity,
            title: title,
            details: details,
            job: JobID(12),
            jobName: "nightly-report",
            openedAt: openedAt,
            at: openedAt + .seconds(Int64(sequence) - 4711),
            link: "https://cron.example.com/jobs/12",
            acknowledgeLink: "https://cron.example.com/a/7f3k",
            sequence: Sequence(sequence),
            idempotencyKey: "msg_\(String(sequence, radix: 16))00112233445566778899aabbcc",
            memory: memory
        )
    }

    /// Tells the next message, a minute after the last.
    mutating func tell(
        _ kind: AlertMessage.Kind,
        severity: AlertMessage.Severity = .critical,
        worstOther: AlertSeverity? = nil,
        answer: (ChannelRequest) -> Answer
    ) -> ChannelVerdict {
        told += 1
        now = now + .seconds(60)
        var message = Self.message(kind, severity: severity, sequence: 4711 + told, memory: memory)
        message.worstOther = worstOther
        return attempt(message) { .answered(answer($0)) }
    }

    /// One attempt of a message; without an answer nobody is there.
    mutating func attempt(
        _ message: AlertMessage,
        _ answer: (ChannelRequest) -> Outcome.Result = { _ in .failed(Failure(.refused, "no server here")) }
    ) -> ChannelVerdict {
        run(message, answer) { _ in .failed(Failure(.refused, "no mail server here")) }
    }

    /// One attempt of a message by mail.
    mutating func post(_ message: AlertMessage, _ answer: (Mail) -> MailOutcome.Result) -> ChannelVerdict {
        run(message, { _ in .failed(Failure(.refused, "no server here")) }, answer)
    }

    private mutating func run(
        _ message: AlertMessage,
        _ answer: (ChannelRequest) -> Outcome.Result,
        _ mail: (Mail) -> MailOutcome.Result
    ) -> ChannelVerdict {
        var message = message
        message.memory = memory
        var delivery = ChannelDelivery(settings, message, from: Self.sender)
        var step = delivery.begin(now: now)
        for _ in 0..<Self.stepsMax {
            switch step {
            case .call(let request):
                requests.append(request)
                step = delivery.receive(answer(request), now: now)
            case .mail(let letter):
                mails.append(letter)
                step = delivery.receive(mail(letter), now: now)
            case .end(let verdict):
                memory.facts.merge(verdict.remember) { $1 }
                memory.limits.merge(verdict.limits) { $1 }
                return verdict
            }
        }
        return ChannelVerdict(.dead(reason: "no end after \(Self.stepsMax) steps"))
    }

    /// An attempt of `open` that gets this answer to every request.
    mutating func opened(answer: Answer) -> ChannelVerdict {
        attempt(Self.message(.open)) { _ in .answered(answer) }
    }
}

extension ChannelVerdict {
    /// Or there was nothing to send.
    var isDelivered: Bool { ending == .delivered || ending == .needless }
    var isDead: Bool { if case .dead = ending { true } else { false } }
    var isBroken: Bool { if case .broken = ending { true } else { false } }
    var isRetry: Bool { if case .retry = ending { true } else { false } }
}
