import Domain
import Effects
import Integrations
import Synchronization

/// Everybody who can be told of an alert, behind one web server and one mail server, each as strict as the
/// real one.
final class OnCall: Sendable {
    struct State: Sendable {
        var pagerDuty = PagerDutyStub(key: OnCall.pagerDutyKey)
        var slack = SlackStub(path: "/services/T0/B0/secretword")
        var cachet = CachetStub(edition: .twoFour, token: "9yMHsdioQosnyVK4iCVR")
        var sentry = SentryStub(project: "42", key: OnCall.sentryKey)
        /// When Slack was asked, and what it answered.
        var slackAnswers: [(at: ContinuousClock.Instant, status: UInt16)] = []
        /// Anything that a counterpart refused, but for too many messages.
        var refusals: [String] = []

        var slackStatuses: [UInt16] { slackAnswers.map { $0.status } }
        var checkInStatuses: [String] { sentry.checkIns.map { $0.status } }
        /// Of each incident the latest.
        var incidentStatuses: [Int64] { cachet.incidents.map { $0.latest } }
        var reportsStatus: Int64 { cachet.components[0].status }
        var pagerDutyStates: [String] { Array(pagerDuty.incidents.values) }
    }

    private struct Watched {
        var state = State()
        var waiters: [(isMet: @Sendable (State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    static let pagerDutyKey = "0123456789abcdef0123456789abcdef"
    static let sentryKey = "fedcba9876543210fedcba9876543210"

    let mail: SMTPServer
    private let web: CounterpartServer
    private let watched: Box

    /// A lock that closures of the server may share.
    private final class Box: Sendable {
        let watched = Mutex(Watched())
    }

    init() async throws {
        let box = Box()
        watched = box
        mail = try await SMTPServer(SMTPStub())
        web = try await CounterpartServer { request in
            let (answer, ready) = box.watched.withLock { watched in
                let answer = Self.answer(request, &watched.state)
                let state = watched.state
                let ready = watched.waiters.filter { $0.isMet(state) }.map { $0.continuation }
                watched.waiters.removeAll { $0.isMet(state) }
                return (answer, ready)
            }
            for continuation in ready { continuation.resume() }
            return answer
        }
    }

    func stop() async throws {
        try await web.stop()
        try await mail.stop()
    }

    var state: State { watched.watched.withLock { $0.state } }

    /// The next messages to Slack are too many.
    func limitSlack(_ count: Int) { watched.watched.withLock { $0.state.slack.limited = count } }

    /// Waits until this holds; bounded by the suite's time limit.
    func until(_ isMet: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMetNow = watched.watched.withLock { watched in
                if isMet(watched.state) { return true }
                watched.waiters.append((isMet, continuation))
                return false
            }
            if isMetNow { continuation.resume() }
        }
    }

    /// What a server is started with to tell all of them.
    var flags: [String] {
        let base = "127.0.0.1:\(web.port)"
        return [
            "--public-url", "https://cron.example.com",
            "--pagerduty-key", Self.pagerDutyKey, "--pagerduty-url", "http://\(base)",
            "--slack-url", "http://\(base)/services/T0/B0/secretword",
            "--cachet-url", "http://\(base)", "--cachet-token", "9yMHsdioQosnyVK4iCVR",
            "--cachet-component", "Reports",
            "--sentry-dsn", "http://\(Self.sentryKey)@\(base)/42", "--sentry-monitor", "jobs",
            "--smtp-url", "smtp://127.0.0.1:\(mail.port)?tls=none", "--mail-to", "ops@example.com",
            "--mail-from", "Chronatog <cron@example.com>",
        ]
    }

    private static func answer(_ request: ChannelRequest, _ state: inout State) -> Answer {
        let path = request.address.path
        let answer: Answer
        if path.hasPrefix("/services/") {
            answer = state.slack.answer(request)
            state.slackAnswers.append((.now, answer.status))
        } else if path.hasPrefix("/api/v1/") {
            answer = state.cachet.answer(request)
        } else if path.hasPrefix("/api/") {
            answer = state.sentry.answer(request)
        } else {
            answer = state.pagerDuty.answer(request)
        }
        if answer.status >= 400, answer.status != 429 {
            let said = String(decoding: answer.body, as: UTF8.self)
            state.refusals.append("\(request.method) \(path): \(answer.status) \(said)")
        }
        return answer
    }
}
