internal import Domain
internal import Engine

/// `/api/{project}/cron/{slug}/{key}/` and `/api/{project}/envelope/`: check-ins as Sentry's SDKs and scripts
/// send them, heard as pings of the check with that slug. The public key is the ping key; the project may be
/// any number, so that a DSN is `http://PING-KEY@HOST/1`.
///
/// Facts: https://docs.sentry.io/product/crons/getting-started/http/ and
/// https://develop.sentry.dev/sdk/telemetry/check-ins/
enum CheckInRoutes {
    static let all = [
        Route("GET", path, .anyone, summary, answer: answer).with(told),
        Route("POST", path, .anyone, summary, answer: answer).with(told),
        Route("POST", "/api/{project}/envelope", .anyone, "Take an envelope's check-ins", answer: envelope)
            .with {
                $0.takesAnyQuery = true
                $0.answerSchema = "CheckIn"
                $0.problems = [.malformed, .notFound, .tooLarge, .invalid, .storageFull]
            },
    ]

    private static let path = "/api/{project}/cron/{slug}/{key}"
    private static let summary = "A check-in: status in_progress, ok or error"

    private static let told: @Sendable (inout Route) -> Void = {
        $0.query = [
            .init("status", "in_progress, ok or error", "ok"),
            .init("check_in_id", "a UUID that matches an end with its own start"),
        ]
        $0.takesAnyQuery = true
        $0.answerStatus = 202
        $0.answerSchema = "CheckIn"
        $0.problems = [.notFound, .invalid, .storageFull]
    }

    @Sendable private static func answer(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let status = request.query["status"] ?? ""
        let id = request.query["check_in_id"] ?? ""
        let ping = try ping(status: status, id: id, request)
        let target = PingTarget.slug(
            key: request.parameters["key"] ?? "",
            slug: request.parameters["slug"] ?? ""
        )
        guard try await site.engine.ping(target, ping, creating: nil) == .taken else {
            throw Problem.notFound("monitor \(request.parameters["slug"] ?? "")")
        }
        return reply(ping, status: 202)
    }

    private static func ping(status: String, id: String, _ request: APIRequest) throws -> Ping {
        let kinds: [String: PingKind] = ["in_progress": .start, "ok": .success, "error": .fail]
        guard let kind = kinds[status] else {
            throw Problem("status", "\"\(status)\" is not one of in_progress, ok, error")
        }
        var ping = Ping(kind)
        ping.method = request.method
        ping.source = request.remoteAddress
        guard !id.isEmpty else { return ping }
        guard let run = UniqueID(id) ?? UniqueID(undashed: id) else {
            throw Problem("check_in_id", "\"\(id)\" is not a UUID")
        }
        // All zeros mean the latest check-in that is open.
        if run != UniqueID(high: 0, low: 0) { ping.run = run }
        return ping
    }

    private static func reply(_ ping: Ping, status: Int) -> Reply {
        let id = ping.run?.text.filter { $0 != "-" } ?? String(repeating: "0", count: 32)
        return .json(.object([JSON.Member("id", .string(id))]), status: status)
    }

    // MARK: Envelopes

    /// Items other than check-ins are let pass unread, as Sentry asks of whoever does not know them.
    @Sendable private static func envelope(_ site: Site, _ request: APIRequest) async throws -> Reply {
        guard let key = publicKey(request) else {
            throw Problem(.notFound, "The envelope names no public key (X-Sentry-Auth or sentry_key).")
        }
        var last: Ping?
        for item in try EnvelopeItems(try unpacked(request, site.options.limits.bodyBytesMax)).checkIns {
            let status = item["status"]?.string ?? ""
            let slug = item["monitor_slug"]?.string ?? ""
            let ping = try ping(status: status, id: item["check_in_id"]?.string ?? "", request)
            let made = try await definition(slug, item["monitor_config"], site)
            let target = PingTarget.slug(key: key, slug: slug)
            guard try await site.engine.ping(target, ping, creating: made) != .noSuchCheck else {
                throw Problem.notFound("monitor \(slug)")
            }
            last = ping
        }
        return last.map { reply($0, status: 200) } ?? .json(.object([]))
    }

    /// The SDKs pack what they send.
    private static func unpacked(_ request: APIRequest, _ bytesMax: Int) throws -> [UInt8] {
        switch request.header("content-encoding")?.lowercased() {
        case nil, "identity": return request.body
        case "gzip":
            do {
                return try Gzip.unpack(request.body, bytesMax: bytesMax)
            } catch Gzip.Fault.tooLong {
                throw Problem(.tooLarge, "The envelope has more than \(bytesMax) bytes when unpacked.")
            } catch {
                throw Problem(.malformed, "The envelope says that it is gzip, and cannot be unpacked.")
            }
        case let coding?:
            throw Problem(.malformed, "The envelope is \(coding); send it as gzip, or as it is.")
        }
    }

    private static func publicKey(_ request: APIRequest) -> String? {
        if let key = request.query["sentry_key"] { return key }
        let parts = request.header("x-sentry-auth")?.split { $0 == "," || $0 == " " } ?? []
        return parts.first { $0.hasPrefix("sentry_key=") }.map { String($0.dropFirst("sentry_key=".count)) }
    }

    /// The check that a check-in brings with it, which changes one that an earlier check-in made; nil when it
    /// brings none.
    private static func definition(_ slug: String, _ config: JSON?, _ site: Site) async throws
        -> CheckDefinition?
    {
        guard let config, case .object = config else { return nil }
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
        let form = CheckForm(object: object, surroundings: try await site.surroundings())
        return try form.definition(over: nil)
    }

    /// Sentry's units; a month is 30 days and a year 365, because a period is a length of time. Zero is a
    /// minute.
    private static let hours: [String: Int64] = [
        "minute": 0, "hour": 1, "day": 24, "week": 168, "month": 720, "year": 8760,
    ]
}

/// The check-ins in an envelope: a header line, then for each item a header line and a payload, by length or
/// to the end of its line.
private struct EnvelopeItems {
    var checkIns: [JSON] = []

    private static let checkInBytesMax = 100_000
    private static let checkInsMax = 100

    init(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        _ = Self.line(&rest)
        while !rest.isEmpty {
            let head = Self.line(&rest)
            if head.isEmpty { continue }
            let header = try RequestBody.value(String(decoding: head, as: UTF8.self))
            var payload: ArraySlice<UInt8>
            if let length = header["length"]?.number {
                guard length >= 0, length <= Int64(rest.count) else {
                    throw Problem(.malformed, "An item of the envelope is longer than what is there.")
                }
                payload = rest.prefix(Int(length))
                rest = rest.dropFirst(Int(length))
                if rest.first == UInt8(ascii: "\n") { rest = rest.dropFirst() }
            } else {
                payload = Self.line(&rest)
            }
            guard header["type"]?.string == "check_in" else { continue }
            guard payload.count <= Self.checkInBytesMax, checkIns.count < Self.checkInsMax else {
                throw Problem(.tooLarge, "Check-ins are limited to \(Self.checkInBytesMax) bytes each.")
            }
            checkIns.append(try RequestBody.object(Array(payload)))
        }
    }

    private static func line(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let line = rest.prefix { $0 != UInt8(ascii: "\n") }
        rest = rest.dropFirst(line.count + 1)
        return line
    }
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
