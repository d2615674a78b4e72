internal import Cron
package import Domain
package import Effects

/// Writes calls: fills templates, opens secrets, adds the headers that every call carries, signs.
///
/// Keeps the definitions of the jobs called last unpacked (`preparedMax`); secrets are opened for one call at
/// a time and not kept.
package struct Courier: Sendable {
    package static let preparedMax = 65_536
    private let keys: KeyRing
    private let userAgent: String
    /// Where `/_sink/…` leads; nil until the listener is bound, or when there is no sink.
    package var sinkOrigin: Origin?
    /// What completion URLs begin with; nil until the listener is bound.
    package var publicURL: String?
    /// By job number, because it is looked up twice for every call.
    private var prepared: [Prepared?] = []
    /// The jobs in `prepared`, in the order in which they came: a ring, once it is full.
    private var order: [JobID] = []
    private var oldest = 0
    private var instantText: (seconds: Int64, text: String) = (.min, "")

    /// What all calls of one revision share; a reference, because it is looked up for every call.
    package final class Prepared: Sendable {
        package let revision: UInt32
        package let definition: JobDefinition
        package let account: UInt32
        /// `success.body_matches`, compiled once.
        package let pattern: Pattern?
        /// Its runs are watched beyond their answers: for a completion, a longest runtime, an unusual pace.
        /// Kept apart, because handing the definition on for every call would copy it.
        package let isWatched: Bool
        /// What it does is steps, not a call.
        package let hasSteps: Bool
        fileprivate let signingKey: [UInt8]

        fileprivate init(_ definition: JobDefinition, revision: UInt32, account: UInt32, signingKey: [UInt8])
        {
            self.revision = revision
            self.definition = definition
            self.account = account
            self.signingKey = signingKey
            isWatched =
                definition.completion == .ping || definition.maxRuntime > .zero || definition.watchesPace
            hasSteps = definition.callback.target == .steps
            let matches = definition.success.bodyMatches
            pattern = matches.isEmpty ? nil : try? Pattern(matches)
        }
    }

    package init(keys: KeyRing, userAgent: String) {
        self.keys = keys
        self.userAgent = userAgent
    }

    /// The job's definition, unpacked at most once a revision.
    package mutating func prepare(_ job: JobID, _ ledger: Ledger) -> Prepared? {
        let number = Int(job.number)
        if number < prepared.count, let known = prepared[number],
            known.revision == ledger.jobs[job].revision
        {
            return known
        }
        guard let definition = ledger.definition(of: job) else { return nil }
        let fresh = Prepared(
            definition,
            revision: ledger.jobs[job].revision,
            account: ledger.schedulers[definition.scheduler]?.account ?? 0,
            signingKey: keys.signingKey(storeID: ledger.storeID, job: job)
        )
        while prepared.count <= number { prepared.append(nil) }
        if prepared[number] == nil { makePlace(for: job) }
        prepared[number] = fresh
        return fresh
    }

    /// The job that came first leaves.
    private mutating func makePlace(for job: JobID) {
        if order.count < Self.preparedMax { return order.append(job) }
        prepared[Int(order[oldest].number)] = nil
        order[oldest] = job
        oldest = (oldest + 1) % order.count
    }

    /// The job's definition is about to change, or the job to go.
    package mutating func forget(_ job: JobID) {
        if Int(job.number) < prepared.count { prepared[Int(job.number)] = nil }
    }

    /// The secret that a receiver checks `webhook-signature` with.
    package func signingSecret(of job: JobID, storeID: [UInt8]) -> String {
        WebhookSignature.secretText(keys.signingKey(storeID: storeID, job: job))
    }

    /// One attempt, ready for the wire; or why it cannot be made.
    /// - Parameter id: what the outcome will be matched by.
    package mutating func call(
        id: UInt64,
        run runID: RunID,
        _ run: OpenRun,
        prepared: Prepared,
        storeID: [UInt8],
        cause: RunCause? = nil,
        now: Timestamp
    ) throws(CourierError) -> Call {
        let definition = prepared.definition
        let key = DeliveryKey.make(storeID: storeID, run: runID, run)
        let scheduledAt = text(of: run.scheduledAt)
        let template = Template(
            value: { variable in
                switch variable {
                case .slot, .scheduledAt: scheduledAt
                case .dueMilliseconds: String(run.scheduledAt.microseconds / 1000)
                case .run: runID.description
                case .attempt: String(run.attempt)
                case .job: run.job.description
                case .name: definition.name
                case .now: Instant(seconds: now.seconds).rfc3339
                case .key: key
                }
            },
            more: cause.map { Self.names(of: $0) }
        )
        let opener = Opener(keys: keys, account: prepared.account, job: run.job)
        var body = try Self.body(definition, template, opener)
        if let cause, definition.callback.body == .none { body = Self.body(of: cause) }
        var lines = HeaderLines()
        lines.add("Idempotency-Key", key)
        lines.add("webhook-id", key)
        lines.add("webhook-timestamp", String(now.seconds))
        lines.add(
            "webhook-signature",
            WebhookSignature.sign(id: key, timestamp: now.seconds, body: body, key: prepared.signingKey)
        )
        lines.add("Chronatog-Scheduled-At", scheduledAt)
        if let cause { lines.add("Chronatog-Depth", String(cause.depth)) }
        if definition.completion == .ping, let publicURL,
            let name = keys.completion(storeID: storeID, run: runID, openedAt: run.openedAt)
        {
            lines.add("Chronatog-Completion-URL", "\(publicURL)/ping/\(name.text)")
        }
        try addOwn(definition, body, template, opener, to: &lines)
        let (origin, target) = try place(definition.callback.target, template, opener, &lines)
        return Call(
            id: id,
            origin: origin,
            method: Self.method(definition.callback, body),
            target: target,
            headerLines: lines.bytes,
            body: body,
            deadlines: Deadlines(definition.deadlines),
            keepBodyBytesMax: Int(definition.callback.keepBodyBytesMax),
            redirectsMax: Int(definition.callback.redirectsMax)
        )
    }

    /// What of a job is sealed, in the forms in which an answer may hold it again. Opened anew each time.
    package func secrets(of job: JobID, _ prepared: Prepared) -> [String] {
        let callback = prepared.definition.callback
        let opener = Opener(keys: keys, account: prepared.account, job: job)
        var secrets: [String] = []
        func add(_ sealed: Sealed?, _ field: String, _ more: (String) -> [String]) {
            guard let sealed, let text = try? opener.open(sealed, field) else { return }
            secrets += [text] + more(text)
        }
        for header in callback.headers {
            // A server that quotes a token may leave out the scheme before it.
            add(header.value, "header/\(header.name.lowercased())") { [$0.afterLast(" ")] }
        }
        if case .url(let url) = callback.target {
            add(url.query, "query") { $0.split(separator: "&").map { String($0).afterFirst("=") } }
            add(url.userInfo, "userinfo") { [$0.afterFirst(":"), Base64.encode(Array($0.utf8))] }
        }
        if case .sealed(let body) = callback.body { add(body, "body") { _ in [] } }
        return secrets.filter { $0.utf8.count >= Self.secretBytesMin }
    }

    /// Shorter values are words that other people's sentences need.
    private static let secretBytesMin = 6

    /// The instant as text; jobs due together share it.
    private mutating func text(of instant: Timestamp) -> String {
        if instantText.seconds != instant.seconds {
            instantText = (instant.seconds, Instant(seconds: instant.seconds).rfc3339)
        }
        return instantText.text
    }

    private static func body(
        _ definition: JobDefinition,
        _ template: Template,
        _ opener: Opener
    ) throws(CourierError) -> [UInt8] {
        let text: String
        switch definition.callback.body {
        case .none: return []
        case .plain(let plain): text = plain
        case .sealed(let sealed): text = try opener.open(sealed, "body")
        }
        return Array(try fill(template, text, .body(text)).utf8)
    }

    /// What a stream did may have given it a body.
    private static func method(_ callback: Callback, _ body: [UInt8]) -> String {
        callback.method.isEmpty && !body.isEmpty ? "POST" : callback.effectiveMethod
    }

    /// What templates may name of an event.
    private static func names(of cause: RunCause) -> (String) -> JSON? {
        let values = EventValues(cause)
        return { values.value($0) }
    }

    /// What a call without a body of its own has to say is what happened.
    private static func body(of cause: RunCause) -> [UInt8] {
        cause.happening.message.isEmpty ? Array(cause.json.text.utf8) : cause.happening.message
    }

    /// The job's own headers, and defaults for what it does not name.
    private func addOwn(
        _ definition: JobDefinition,
        _ body: [UInt8],
        _ template: Template,
        _ opener: Opener,
        to lines: inout HeaderLines
    ) throws(CourierError) {
        var named: Set<String> = []
        for header in definition.callback.headers {
            let value = try opener.open(header.value, "header/\(header.name.lowercased())")
            lines.add(header.name, try Self.fill(template, value, .plain))
            named.insert(header.name.lowercased())
        }
        if !named.contains("user-agent") { lines.add("User-Agent", userAgent) }
        if !named.contains("accept") { lines.add("Accept", "*/*") }
        if !body.isEmpty, !named.contains("content-type") {
            let isJSON = body[0] == UInt8(ascii: "{") || body[0] == UInt8(ascii: "[")
            lines.add("Content-Type", isJSON ? "application/json" : "text/plain; charset=utf-8")
        }
    }

    private func place(
        _ target: CallTarget,
        _ template: Template,
        _ opener: Opener,
        _ lines: inout HeaderLines
    ) throws(CourierError) -> (Origin, String) {
        switch target {
        case .sink(let path):
            guard let sinkOrigin else { throw .noSink }
            return (sinkOrigin, try Self.fill(template, path, .url))
        case .billing, .steps: throw .ownWork
        case .url(let url):
            var text = try Self.fill(template, url.path, .url)
            if let query = url.query {
                text += "?" + (try Self.fill(template, try opener.open(query, "query"), .url))
            }
            if let userInfo = url.userInfo {
                let login = try opener.open(userInfo, "userinfo")
                lines.add("Authorization", "Basic " + Base64.encode(Array(login.utf8)))
            }
            return (Origin(isTLS: url.isTLS, host: url.host, port: url.port), text)
        }
    }

    private static func fill(
        _ template: Template,
        _ text: String,
        _ escaping: Template.Escaping
    ) throws(CourierError) -> String {
        do {
            return try template.fill(text, escaping)
        } catch {
            switch error {
            case .unknownName(let name): throw .template(name)
            }
        }
    }
}

extension Deadlines {
    fileprivate init(_ job: CallDeadlines) {
        self.init(name: job.name, connect: job.connect, firstByte: job.firstByte, total: job.total)
    }
}

/// Opens one job's secrets.
private struct Opener {
    let keys: KeyRing
    let account: UInt32
    let job: JobID

    func open(_ sealed: Sealed, _ field: String) throws(CourierError) -> String {
        do {
            let place = SecretPlace(account: account, object: "job/\(job)", field: field)
            return String(decoding: try keys.open(sealed, for: place), as: UTF8.self)
        } catch {
            throw .secret(field: field)
        }
    }
}

extension String {
    /// All of it when there is none.
    fileprivate func afterFirst(_ mark: Character) -> String {
        firstIndex(of: mark).map { String(self[index(after: $0)...]) } ?? self
    }

    fileprivate func afterLast(_ mark: Character) -> String {
        lastIndex(of: mark).map { String(self[index(after: $0)...]) } ?? self
    }
}

/// Header lines on their way to the wire; values lose control characters, so no value can begin a new line.
private struct HeaderLines {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    mutating func add(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: " "))
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) {
            bytes.append(contentsOf: value.utf8)
        } else {
            bytes.append(contentsOf: value.utf8.filter { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 })
        }
        bytes.append(13)
        bytes.append(10)
    }
}

/// Why a call could not be written.
package enum CourierError: Error, Equatable {
    /// There is nothing to call: the engine does this work itself.
    case ownWork
    /// The job calls the built-in sink, and this server has none.
    case noSink
    case template(String)
    /// A sealed value did not open: it was moved, or its key is not in the ring.
    case secret(field: String)

    package var failure: Failure {
        switch self {
        case .ownWork: Failure(.template, "the server did not do its own work")
        case .noSink: Failure(.template, "the target /_sink exists only with --ephemeral")
        case .template(let name): Failure(.template, "there is no template variable {{\(name)}}")
        case .secret(let field):
            Failure(.template, "the job's sealed \(field) does not open with this folder's keys")
        }
    }
}
