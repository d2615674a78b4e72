internal import Cron
internal import Domain
internal import Engine

/// A check-in as Sentry's SDKs and scripts describe it: an envelope's item, or the query and the body of a
/// request to a monitor's own URL.
///
/// Facts: https://docs.sentry.io/product/crons/getting-started/http/ and
/// https://develop.sentry.dev/sdk/telemetry/check-ins/
struct CheckInForm {
    private let fields: JSON

    private static let queryFields: Set<String> = ["status", "check_in_id", "duration"]

    init(item: JSON) {
        fields = item
    }

    /// What the query says goes before what the body says.
    init(_ request: APIRequest) throws {
        let said = request.query.pairs.filter { Self.queryFields.contains($0.name) && !$0.value.isEmpty }
        fields = .object(Self.members(said) + (try Self.members(ofBody: request)))
    }

    /// JSON, where it is called so or looks like it, for `curl -d` calls everything a form. What is neither,
    /// the output of a job say, is let pass.
    private static func members(ofBody request: APIRequest) throws -> [JSON.Member] {
        let isJSON = request.header("content-type")?.lowercased().contains("json") ?? false
        do {
            let body = try RequestBody.object(request.body, isOptional: true)
            if case .object(let members) = body { return members }
        } catch {
            if isJSON { throw error }
        }
        let form = String(validating: request.body, as: UTF8.self).flatMap { try? QueryFields("?\($0)") }
        return members(form?.pairs ?? [])
    }

    /// The last value of a name counts, as in a query.
    private static func members(_ pairs: [(name: String, value: String)]) -> [JSON.Member] {
        pairs.reversed().map { JSON.Member($0.name, .string($0.value)) }
    }

    /// The monitor that an item is of; a URL names its own.
    var slug: String { fields["monitor_slug"]?.string ?? "" }

    // MARK: The ping

    func ping(_ request: APIRequest) throws -> Ping {
        let kinds: [String: PingKind] = ["in_progress": .start, "ok": .success, "error": .fail]
        let status = fields["status"]?.string ?? ""
        guard let kind = kinds[status] else {
            throw Problem("status", "\"\(status)\" is not one of in_progress, ok, error")
        }
        var ping = Ping(kind)
        ping.method = request.method
        ping.source = request.remoteAddress
        guard let id = fields["check_in_id"]?.string, !id.isEmpty else { return ping }
        guard let run = UniqueID(id) ?? UniqueID(undashed: id) else {
            throw Problem("check_in_id", "\"\(id)\" is not a UUID")
        }
        // All zeros mean the latest check-in that is open.
        if run != UniqueID(high: 0, low: 0) { ping.run = run }
        return ping
    }

    /// What an end says that its run took, in seconds. What is no length of time is let pass: the end is
    /// worth more.
    var duration: Span? {
        let said: Double? =
            switch fields["duration"] {
            case .number(let seconds)?: Double(seconds)
            case .double(let seconds)?: seconds
            case .string(let text)?: Double(text)
            default: nil
            }
        let longest = Double(CheckForm.spanMax.microseconds)
        guard fields["status"]?.string != "in_progress", let said, said >= 0, said * 1e6 <= longest else {
            return nil
        }
        return Span(microseconds: Int64(said * 1e6))
    }

    // MARK: The monitor

    /// Whether it brings the check along that it is of.
    var bringsMonitor: Bool {
        if case .object? = fields["monitor_config"] { true } else { false }
    }

    /// The check that a check-in brings with it, which changes one that an earlier check-in made.
    func definition(slug: String, _ surroundings: JobForm.Surroundings) throws -> CheckDefinition {
        let config = fields["monitor_config"] ?? .object([])
        let minutes = { (name: String) -> JSON? in config[name]?.number.map { .string("\($0)m") } }
        let schedule = config["schedule"]
        var period: JSON?
        if schedule?["type"]?.string == "interval", let value = schedule?["value"]?.number,
            let hours = Self.hours[schedule?["unit"]?.string ?? ""]
        {
            period = .string(
                hours == 0 ? "\(value)m" : "\(value.multipliedReportingOverflow(by: hours).partialValue)h"
            )
        }
        let object = JSON.compact([
            ("name", .string(slug)), ("slug", .string(slug)),
            ("schedule", schedule?["type"]?.string == "crontab" ? schedule?["value"] : nil),
            ("period", period), ("zone", config["timezone"]), ("grace", minutes("checkin_margin")),
            ("max_runtime", minutes("max_runtime")),
            ("failures_to_open", config["failure_issue_threshold"]),
            ("successes_to_resolve", config["recovery_threshold"]), ("follows_check_ins", .bool(true)),
        ])
        return try CheckForm(object: object, surroundings: surroundings).definition(over: nil)
    }

    /// Sentry's units; a month is 30 days and a year 365, because a period is a length of time. Zero is a
    /// minute.
    private static let hours: [String: Int64] = [
        "minute": 0, "hour": 1, "day": 24, "week": 168, "month": 720, "year": 8760,
    ]
}

// The shape of a body.
extension Schemas {
    static let checkIns: [JSON.Member] = [
        JSON.Member(
            "CheckInRequest",
            object([
                ("status", choice(["in_progress", "ok", "error"])), ("check_in_id", text),
                ("duration", type("number", about: "seconds; where no start of its own was heard")),
                ("monitor_config", type("object", about: "as Sentry's SDKs send it: makes the check")),
            ])
        )
    ]
}

extension UniqueID {
    /// 32 digits, as Sentry writes them.
    fileprivate init?(undashed text: String) {
        guard text.utf8.count == 32 else { return nil }
        let digits = Array(text)
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
        self.init(parts.joined(separator: "-"))
    }
}
