internal import Domain
internal import Engine

/// `/api/{project}/cron/{slug}/{key}/` and `/api/{project}/envelope/`: check-ins as Sentry's SDKs and scripts
/// send them, heard as pings of the check with that slug. The public key is the ping key; the project may be
/// any number, so that a DSN is `http://PING-KEY@HOST/1`.
///
/// What they say is read by `CheckInForm`.
enum CheckInRoutes {
    static let all = [
        Route("GET", path, .anyone, summary, answer: answer).with(told),
        Route("POST", path, .anyone, summary, answer: answer).with(told).with {
            $0.requestSchema = "CheckInRequest"
            $0.isRequestOptional = true
            $0.problems += [.malformed, .tooLarge]
        },
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
            .init("duration", "seconds that the run took, where no start of its own was heard", "12.5"),
        ]
        $0.takesAnyQuery = true
        $0.answerStatus = 202
        $0.answerSchema = "CheckIn"
        $0.problems = [.notFound, .invalid, .storageFull]
    }

    @Sendable private static func answer(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let (key, slug) = (request.parameters["key"] ?? "", request.parameters["slug"] ?? "")
        return reply(try await take(CheckInForm(request), key, slug, site, request), status: 202)
    }

    private static func take(
        _ form: CheckInForm,
        _ key: String,
        _ slug: String,
        _ site: Site,
        _ request: APIRequest
    ) async throws -> Ping {
        let ping = try form.ping(request)
        let made =
            form.bringsMonitor
            ? try form.definition(slug: slug, try await site.surroundings()) : nil
        let target = PingTarget.slug(key: key, slug: slug)
        let answer = try await site.engine.ping(target, ping, creating: made, lasting: form.duration)
        guard answer != .noSuchCheck else { throw Problem.notFound("monitor \(slug)") }
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
            let form = CheckInForm(item: item)
            last = try await take(form, key, form.slug, site, request)
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
