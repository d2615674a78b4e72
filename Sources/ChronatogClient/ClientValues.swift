internal import Domain

/// A job as the server tells it.
public struct ClientJob: Sendable, Hashable {
    /// What the job is addressed by.
    public let url: String
    /// The last part of `url`.
    public let id: String
    /// Secrets in it are masked.
    public let callbackURL: String
    /// One element a line.
    public let schedule: [String]
    /// Empty when it has none.
    public let name: String
    /// `active`, `paused` or `finished`; empty from a server that does not say.
    public let state: String
    /// RFC 3339; nil when it will not run again.
    public let nextAt: String?

    init(_ json: JSON) throws(ChronatogError) {
        guard let url = json["url"]?.string else {
            throw .unexpected(status: 200, body: json.text)
        }
        self.url = url
        id = url.split(separator: "/").last.map { String($0) } ?? ""
        callbackURL = json["callback_url"]?.string ?? ""
        let lines = json["schedule"]?.array?.compactMap(\.string)
        schedule = lines ?? json["schedule"]?.string.map { [$0] } ?? []
        name = json["name"]?.string ?? ""
        state = json["state"]?.string ?? ""
        nextAt = json["next_at"]?.string
    }
}

/// One execution of a job.
public struct ClientRun: Sendable, Hashable {
    public let id: String
    /// `slot`, `manual`, …
    public let trigger: String
    public let scheduledAt: String
    /// `ok`, `failed`, …; nil while it is open.
    public let result: String?
    public let attempts: Int

    init(_ json: JSON) {
        id = json["id"]?.string ?? ""
        trigger = json["trigger"]?.string ?? ""
        scheduledAt = json["scheduled_at"]?.string ?? ""
        result = json["result"]?.string
        attempts = json["attempts"]?.array?.count ?? 0
    }
}

/// One instant of a job's schedule, and what was decided of it.
public struct ClientSlot: Sendable, Hashable {
    public let id: String
    /// RFC 3339.
    public let slot: String
    /// `ok`, `failed`, `missed`, …; nil while it is open.
    public let result: String?

    init(_ json: JSON) {
        id = json["id"]?.string ?? ""
        slot = json["slot"]?.string ?? ""
        result = json["result"]?.string
    }
}

/// Something that happened.
public struct ClientEvent: Sendable, Hashable {
    /// What `events(since:)` goes on after.
    public let sequence: Int64
    /// `job.registered`, `run.closed`, …
    public let type: String
    /// RFC 3339.
    public let time: String
    /// Ids; nil when it is about none.
    public let job: String?
    public let run: String?

    init(_ json: JSON) {
        sequence = json["seq"]?.number ?? 0
        type = json["type"]?.string ?? ""
        time = json["time"]?.string ?? ""
        job = json["job"]?.string
        run = json["run"]?.string
    }
}

/// The value of a further field of a job.
public enum JobOption: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral
{
    case text(String)
    case number(Int64)
    case flag(Bool)
    case list([JobOption])
    case fields([String: JobOption])
    /// As if it had never been given.
    case none

    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    public init(arrayLiteral elements: JobOption...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, JobOption)...) {
        self = .fields(Dictionary(elements) { _, last in last })
    }

    var json: JSON {
        switch self {
        case .none: .null
        case .text(let text): .string(text)
        case .number(let number): .number(number)
        case .flag(let flag): .bool(flag)
        case .list(let values): .array(values.map(\.json))
        case .fields(let fields):
            .object(fields.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.json) })
        }
    }
}
