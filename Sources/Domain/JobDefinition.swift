package import Cron

/// What a person asked for: when to call, what to call, and what to do when it does not work out.
///
/// A definition is a value. The ledger keeps it packed (`JobPacking`), as one allocation a job.
package struct JobDefinition: Sendable, Hashable {
    package var name: String = ""
    package var scheduler: UInt32 = 0
    package var callback: Callback
    /// One text a line, as sent. The index is the slot's `line`.
    package var schedule: [String]
    /// The schedule came as a JSON list and is shown as one.
    package var isScheduleList: Bool = false
    /// nil: the five-field reading, or the one that the line's own form implies.
    package var dialect: Dialect?
    package var zone: String = "UTC"
    package var dst: DSTPolicy = .vixie
    package var dayMatch: DayMatch = .or
    package var deadlines = CallDeadlines()
    package var success = SuccessRule()
    package var retry = RetryPolicy()
    package var catchup = CatchupPolicy()
    package var overlap = OverlapPolicy()
    package var limit = LimitPolicy()
    package var jitter: Span = .zero
    /// Inclusive.
    package var start: Timestamp?
    /// Exclusive.
    package var end: Timestamp?
    /// Runs of slots after which the job is finished; 0 means never.
    package var runsMax: UInt32 = 0
    package var onUnknown: OnUnknown = .retry
    /// The longest a run stays open, waits and retries included.
    package var runDeadline: Span = .hours(1)
    /// What becomes of the slots that lie in a blackout.
    package var blackoutThen = BlackoutThen.skip
    /// What can still be asked about the job's past; whatever is shorter, this or the server's retention.
    package var history = HistoryPolicy()
    /// Failures in a row that open an alert, retries spent; 0 opens none.
    package var alertAfter: UInt32 = 1
    /// Successes in a row that resolve one.
    package var resolveAfter: UInt32 = 1
    /// What ends a run that is answered 202.
    package var completion = Completion.answer
    /// A run that is open for longer opens an alert; zero for never.
    package var maxRuntime = Span.zero
    /// A run that is much longer or shorter than the job's usual ones opens an alert.
    package var watchesPace = false
    /// How bad it is when this job fails.
    package var alertSeverity = AlertSeverity.error
    /// The slug of the Sentry cron monitor that hears of every run; empty for none.
    package var sentryMonitor = ""
    /// Words to find jobs by, in ascending order, each once.
    package var labels: [String] = []
    /// What starts it besides its schedule, and its steps; nil for a job that has neither.
    package var reaction: Reaction?

    package init(callback: Callback, schedule: [String]) {
        self.callback = callback
        self.schedule = schedule
    }

    /// The schedule fires at most once, so `catchup` defaults to `all` and its window has no end.
    package var isOneShot: Bool {
        schedule.count == 1 && schedule[0].hasPrefix("@at")
    }

    package var catchupMode: Catchup { catchup.mode ?? (isOneShot ? .all : .last) }
}

/// What a blackout means for a job when it is over (`blackout_then`).
package enum BlackoutThen: UInt8, Sendable, CaseIterable {
    /// Its slots in the blackout are left out.
    case skip = 0
    /// The newest of them runs; the others are left out.
    case runAfter = 1

    package var word: String {
        switch self {
        case .skip: "skip"
        case .runAfter: "run-after"
        }
    }
}

/// What ends a run whose call is answered 202 (`completion`).
package enum Completion: UInt8, Sendable, CaseIterable {
    /// The answer, as any other success.
    case answer = 0
    /// A ping to the URL that the call carried, or the run's deadline.
    case ping = 1

    package var word: String {
        switch self {
        case .answer: "answer"
        case .ping: "ping"
        }
    }
}

/// The longest each phase of a job's call may take; none has a cap.
package struct CallDeadlines: Sendable, Hashable {
    package var name: Span = .seconds(5)
    package var connect: Span = .seconds(5)
    package var firstByte: Span = .seconds(30)
    package var total: Span = .seconds(60)

    package init() {}
}

/// The call itself.
package struct Callback: Sendable, Hashable {
    /// Empty: `GET` without a body, `POST` with one.
    package var method: String = ""
    package var target: CallTarget
    package var headers: [SealedHeader] = []
    package var body: CallBody = .none
    /// Redirect hops to follow; 0 (the default) takes a 3xx as the answer.
    package var redirectsMax: UInt8 = 0
    /// Bytes of an answer's body to keep on failure (4 KiB) or always.
    package var keepBodyBytesMax: UInt32 = 4096
    /// Keep the body of successful calls too.
    package var keepsSuccessBody: Bool = false

    package init(target: CallTarget) {
        self.target = target
    }

    package var effectiveMethod: String {
        if !method.isEmpty { return method }
        return body == .none ? "GET" : "POST"
    }
}

/// Where a call goes. User info and query are secrets and are sealed; the built-in sink has none.
package enum CallTarget: Sendable, Hashable {
    /// `/_sink/…` of the server itself (`--ephemeral`), path and query as sent.
    case sink(String)
    case url(URLTarget)
    /// Nowhere: the server seals the invoices that are due.
    case billing
    /// Nowhere: the job's steps are what it does.
    case steps

    /// What stands in the place of a URL.
    package static let billingPath = "/-/billing"

    /// Host and port for limits and lists; `_sink` for the built-in target.
    package var host: String {
        switch self {
        case .sink: "_sink"
        case .billing: "_billing"
        case .steps: "_steps"
        case .url(let url): url.host
        }
    }
}

/// An absolute http or https URL, taken apart.
package struct URLTarget: Sendable, Hashable {
    package var isTLS: Bool
    /// Lower case, without brackets.
    package var host: String
    package var port: UInt16
    /// Begins with `/`; may hold templates.
    package var path: String
    /// The text after `?`.
    package var query: Sealed?
    /// What lists show instead of the query: the names with masked values.
    package var queryMask: String = ""
    /// `user:password`, sent as Basic credentials.
    package var userInfo: Sealed?
    /// The user name, shown; empty when there is none.
    package var user: String = ""

    package init(isTLS: Bool, host: String, port: UInt16, path: String) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.path = path
    }

    package var hasDefaultPort: Bool { port == (isTLS ? 443 : 80) }
    /// Host as it stands in a URL: brackets around an IPv6 literal, the port when it is not the scheme's.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return hasDefaultPort ? name : "\(name):\(port)"
    }
    /// What may be shown: everything but the secrets.
    package var masked: String {
        let login = userInfo == nil ? "" : "\(user):***@"
        return
            "\(isTLS ? "https" : "http")://\(login)\(authority)\(path)\(query == nil ? "" : "?\(queryMask)")"
    }
}

package struct SealedHeader: Sendable, Hashable {
    package var name: String
    package var value: Sealed

    package init(name: String, value: Sealed) {
        self.name = name
        self.value = value
    }
}

package enum CallBody: Sendable, Hashable {
    case none
    case plain(String)
    /// Marked secret by the job (`body_secret`).
    case sealed(Sealed)
}
