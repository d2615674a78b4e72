package import Domain
internal import Effects
package import Engine
internal import Journaling
internal import Scheduling
internal import Streaming

/// What an operator asks of the journal as a whole: the proof, and a copy.
enum UpkeepRoutes {
    /// One answer's part of a backup.
    static let partBytesMax = 8 << 20

    static let all = [
        Route(
            "GET",
            "\(RouteTable.prefix)/verify",
            .operatorOnly,
            "Recompute every slot and hold the records against them",
            answer: verify
        )
        .with {
            $0.query = [
                Route.Parameter("from", "slots from here on, inclusive", "2026-01-01T00:00:00Z"),
                Route.Parameter("to", "slots up to here, exclusive", "2026-02-01T00:00:00Z"),
            ]
            $0.problems = [.invalid]
        },
        Route(
            "POST",
            "\(RouteTable.prefix)/backups",
            .operatorOnly,
            "Take a consistent copy of everything; read it with GET",
            answer: makeBackup
        )
        .with {
            $0.answerStatus = 201
        },
        Route(
            "GET",
            "\(RouteTable.prefix)/backups/{id}",
            .operatorOnly,
            "A part of a backup: a tar file",
            answer: readBackup
        )
        .with {
            $0.query = [
                Route.Parameter("offset", "the first byte wanted", "0"),
                Route.Parameter("bytes", "1 to \(partBytesMax), \(partBytesMax) if not given", "1048576"),
            ]
            $0.showsSecrets = true
            $0.answerType = "application/x-tar"
            $0.problems = [.notFound, .invalid]
        },
    ]

    @Sendable private static func verify(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let from = try request.query.instant("from") ?? .distantPast
        let to = try request.query.instant("to") ?? .distantFuture
        guard from < to else { throw Problem("to", "lies before \"from\"") }
        let zones = site.zones
        let verification = try await site.inspect { folder in
            try Verification.run(folder.inspection, zones: zones, window: from..<to)
        }
        return .json(verification.json)
    }

    @Sendable private static func makeBackup(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let now = try await site.now()
        let plan = try await site.inspect { folder in
            try BackupPlan(of: folder.disk, limits: folder.limits, through: folder.durable, now: now)
        }
        let id = hexadecimal(site.entropy.bytes(8))
        site.backups.keep(plan, as: id)
        return .json(
            .object([
                JSON.Member("id", .string(id)),
                JSON.Member("bytes", .number(Int64(plan.byteCount))),
                JSON.Member("sequence", .number(Int64(plan.manifest.sequence.value))),
                JSON.Member("time", plan.manifest.time.json),
            ]),
            status: 201
        )
    }

    @Sendable private static func readBackup(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let id = request.parameters["id"] ?? ""
        guard let plan = site.backups.plan(id) else { throw Problem.notFound("backup \(id)") }
        let offset = try number(request, "offset", 0...plan.byteCount, default: 0)
        let count = try number(request, "bytes", 1...partBytesMax, default: partBytesMax)
        let part = try await site.inspect { _ in try plan.read(at: offset, count: count) }
        return Reply(status: 200, headers: [("Content-Type", "application/x-tar")], body: part)
    }

    private static func number(
        _ request: APIRequest,
        _ name: String,
        _ range: ClosedRange<Int>,
        default fallback: Int
    ) throws -> Int {
        guard let text = request.query[name] else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw Problem(
                name,
                "\"\(text)\" is not a number",
                hint: "\(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }
}

extension Verification {
    /// As `chronatog verify --json` prints it, too.
    package var json: JSON {
        .object([
            JSON.Member("sound", .bool(report.isSound)),
            JSON.Member("history_from", .number(Int64(historyFrom.value))),
            JSON.Member("through", .number(Int64(through.value))),
            JSON.Member("jobs", .number(Int64(report.jobs))),
            JSON.Member("slots", .number(Int64(clamping: report.slots))),
            JSON.Member("runs", .number(Int64(clamping: report.runs))),
            JSON.Member("settled", .number(Int64(clamping: report.settled))),
            JSON.Member("waiting", .number(Int64(report.waiting))),
            JSON.Member("findings_count", .number(Int64(clamping: report.findingsCount))),
            JSON.Member("findings", .array(report.findings.map(\.json))),
        ])
    }
}

extension SlotAudit.Finding {
    fileprivate var json: JSON {
        .compact([
            ("kind", .string(kind.rawValue)), ("job", .string("\(job)")),
            ("slot", slot.map { .string($0.name(of: job)) }),
            ("at", slot?.instant.json), ("record", record.map { .number(Int64($0.value)) }),
            ("detail", .string(detail)),
        ])
    }
}
