internal import Cron
package import Domain
package import Engine
internal import Journaling
internal import Streaming

/// What went wrong, as `application/problem+json` (RFC 9457) with the legacy `error_messages`: the only place
/// where errors become statuses.
package struct Problem: Error, Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Not HTTP, not UTF-8, not JSON.
        case malformed
        case unauthorized
        /// Valid credentials that are not good for this.
        case forbidden
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        /// The request did not arrive in time.
        case slow
        case conflict
        /// Retention has removed what was asked for.
        case historyGone = "history-gone"
        case stale
        case tooLarge = "too-large"
        case invalid
        /// Only as a WebSocket, or as server-sent events.
        case upgradeRequired = "upgrade-required"
        case throttled
        case headerTooLarge = "header-too-large"
        case `internal`
        case busy
        case stopping
        case storageFull = "storage-full"

        package var status: Int {
            switch self {
            case .malformed: 400
            case .unauthorized: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .slow: 408
            case .conflict: 409
            case .historyGone: 410
            case .stale: 412
            case .tooLarge: 413
            case .invalid: 422
            case .upgradeRequired: 426
            case .throttled: 429
            case .headerTooLarge: 431
            case .internal: 500
            case .busy, .stopping: 503
            case .storageFull: 507
            }
        }

        package var title: String {
            switch self {
            case .malformed: "The request cannot be read"
            case .unauthorized: "Credentials are needed"
            case .forbidden: "The credentials are not good for this"
            case .notFound: "There is no such thing"
            case .methodNotAllowed: "The method is not allowed here"
            case .slow: "The request took too long to arrive"
            case .conflict: "The state does not allow it"
            case .historyGone: "That part of the history has been removed"
            case .stale: "It has changed in the meantime"
            case .tooLarge: "The request body is too large"
            case .invalid: "The request is not valid"
            case .upgradeRequired: "This is a stream"
            case .throttled: "Too many of these in a short time"
            case .headerTooLarge: "The request head is too large"
            case .internal: "Something went wrong here"
            case .busy: "The server has enough to do"
            case .stopping: "The server is stopping"
            case .storageFull: "There is no room left"
            }
        }
    }

    package var kind: Kind
    package var detail: String
    package var faults: [CommandError.Fault] = []
    /// Where history begins (`historyGone`).
    package var historyStart: HistoryStart?
    /// Headers of the answer beyond the usual ones.
    package var headers: [Header] = []

    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// Everything wrong with a request, at once.
    package init(_ faults: [CommandError.Fault]) {
        kind = .invalid
        self.faults = faults
        let count = faults.count == 1 ? "One field is" : "\(faults.count) fields are"
        detail = "\(count) not valid: \(faults.map(\.field).joined(separator: ", "))."
    }

    /// One field is wrong.
    init(_ field: String, _ message: String, hint: String? = nil) {
        self.init([CommandError.Fault(field: field, message: message, hint: hint)])
    }

    /// The same answer for what never was, what is gone, and what is somebody else's.
    static func notFound(_ what: String) -> Problem {
        Problem(.notFound, "There is no \(what.trimmed).")
    }

    /// Asked about something older than the oldest record there is.
    static func historyGone(before start: HistoryStart) -> Problem {
        var problem = Problem(
            .historyGone,
            "History begins at \(start.time.rfc3339Text ?? "its start"), record \(start.sequence); "
                + "what is older is gone."
        )
        problem.historyStart = start
        return problem
    }

    package init(_ error: CommandError) {
        switch error {
        case .noSuchJob(let job): self = .notFound("job \(job)")
        case .noSuchAlert(let alert): self = .notFound("open alert \(alert)")
        case .noSuchCheck(let check): self = .notFound("check \(check)")
        case .noSuchBlackout(let name): self = .notFound("blackout \(name)")
        case .noSuchStream(let name, let known):
            self = .notFound("stream \(name)")
            detail += Self.question(name, known)
        case .noSuchToken(let name, let known):
            self = .notFound("token \(name)")
            detail += Self.question(name, known)
        case .noSuchChannel(let name, let known):
            self = .notFound("channel \(name)")
            detail += Self.question(name, known, all: true)
        case .noSuchAccount(let number): self = .notFound("account \(number)")
        case .noSuchPost(let post): self = .notFound("post \(post)")
        case .noSuchUser(let id): self = .notFound("user \(id)")
        case .noSuchScheduler(let number): self = .notFound("scheduler \(number)")
        case .schedulerExists(let username):
            self.init(.conflict, "The user name \(username) is taken; choose another or leave it out.")
        case .schedulerInUse(let number, let jobs) where jobs > 0:
            self.init(.conflict, "Scheduler \(number) still has \(jobs) jobs; remove them first.")
        case .schedulerInUse(let number, _):
            self.init(.conflict, "Scheduler \(number) is the default one and stays.")
        case .stale(let current):
            self.init(
                .stale,
                "If-Match names an older state; the ETag is now \"\(current)\". Read it again first."
            )
            headers = [Header(name: "ETag", value: "\"\(current)\"")]
        case .conflict(let sentence): self.init(.conflict, sentence)
        case .invalid(let faults): self.init(faults)
        case .storageFull:
            self.init(
                .storageFull,
                "The disk is full: nothing was accepted. Free some space and send it again."
            )
        case .storageFailed(let reason):
            self.init(
                .internal,
                "The journal could not be written, and the server is about to stop: \(reason)"
            )
        case .stopping:
            self.init(.stopping, "The server is shutting down; send it again to the next one.")
            headers = [Header(name: "Retry-After", value: "5")]
        }
    }

    /// Longest list that is told whole where nothing is near.
    private static let knownMax = 12

    private static func question(_ name: String, _ known: [String], all: Bool = false) -> String {
        if let near = NearestWord.find(name, in: known) { return " Did you mean \(near)?" }
        guard all, !known.isEmpty, known.count <= knownMax else { return "" }
        return " Known: \(known.joined(separator: ", "))."
    }

    /// Whatever was thrown, as a problem. What nobody foresaw says nothing of the inside.
    init(wrapping error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let command as CommandError: self.init(command)
        case JournalError.historyRemoved(let start): self = .historyGone(before: start)
        default: self.init(.internal, "The server could not answer this; its log says why.")
        }
    }

    package var json: JSON {
        var members = [
            JSON.Member("type", .string("urn:chronatog:problem:\(kind.rawValue)")),
            JSON.Member("title", .string(kind.title)),
            JSON.Member("status", .number(Int64(kind.status))),
            JSON.Member("detail", .string(detail)),
        ]
        if !faults.isEmpty {
            members.append(JSON.Member("errors", .array(faults.map(Self.json))))
        }
        if let historyStart {
            members.append(JSON.Member("history_from", .string(historyStart.time.rfc3339Text ?? "")))
            members.append(JSON.Member("history_from_seq", .number(Int64(historyStart.sequence.value))))
        }
        members.append(JSON.Member("error_messages", .array(messages.map { .string($0) })))
        return .object(members)
    }

    private var messages: [String] {
        faults.isEmpty ? [detail] : faults.map { "\($0.field) \($0.message)" }
    }

    private static func json(_ fault: CommandError.Fault) -> JSON {
        .compact([
            ("field", .string(fault.field)), ("message", .string(fault.message)),
            ("hint", fault.hint.map { .string($0) }),
        ])
    }
}
