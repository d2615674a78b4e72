internal import Cron
internal import Domain
internal import Engine
internal import Streaming

/// The slot ledger of a job, and its explanations.
enum SlotRoutes {
    private static let path = "\(RouteTable.prefix)/jobs/{id}"

    static let all = [
        Route(
            "GET",
            "\(path)/slots",
            .scheduler,
            "The ledger: every slot of a job with its one decision",
            answer: list
        )
        .with {
            $0.query =
                [
                    Route.Parameter("from", "first instant, inclusive", "2026-03-08T00:00:00Z"),
                    Route.Parameter("to", "last instant, exclusive", "2026-03-09T00:00:00Z"),
                ] + Listed.parameters("a slot's id")
            $0.answerSchema = "[Slot]"
            $0.problems = [.notFound, .historyGone, .invalid]
        },
        Route("GET", "\(path)/explain", .scheduler, "Why a slot ran, or did not", answer: explain).with {
            $0.query = [
                Route.Parameter(
                    "at",
                    "an instant, or a local time in the job's zone, existing or not; else the last slot",
                    "2026-03-08T02:30:00"
                )
            ]
            $0.answerSchema = "Explanation"
            $0.problems = [.notFound, .historyGone, .invalid]
        },
    ]

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let view = try await site.engine.job(try request.jobID(), as: request.caller)
        let limit = try request.query.limit()
        let asked = try request.query.instant("from")
        let to = try request.query.instant("to") ?? .distantFuture
        let after = request.query["after"]
        let (now, zones) = (try await site.now(), site.zones)
        let (rows, hasMore) = try await site.read { records in
            let begin = try records.historyStart(of: view, now: now)
            let isWhole = view.entry.registeredAt >= begin.time
            if !isWhole, to <= begin.time || asked.map({ $0 < begin.time }) ?? false {
                throw Problem.historyGone(before: begin)
            }
            let from = asked ?? (isWhole ? .distantPast : begin.time)
            var place: SlotPlace?
            if let after {
                place = try SlotName(after, of: view.id)?.place(view, zones: zones, in: records)
                if place == nil { throw Problem("after", "\"\(after)\" is not a slot of job \(view.id)") }
            }
            let history = JobHistory(view, zones: zones, records: records)
            // A slot is decided at its time or later, so what was recorded before cannot be about these.
            let start =
                history.isKnown
                ? try records.sequence(firstAtOrAfter: max(from, place?.instant ?? from)) : Sequence(1)
            let window = SlotWindow(from: from, to: to, after: place, limit: limit)
            var list = SlotList(history, window: window)
            try records.scan(view, from: start) { list.add($0) }
            return list.finish(cursor: view.entry.cursor, now: now)
        }
        let next = hasMore ? rows.last.map { $0.slot.name(of: view.id) } : nil
        return .list(rows.map(\.json), request, site, next: next)
    }

    @Sendable private static func explain(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let view = try await site.engine.job(try request.jobID(), as: request.caller)
        let asked = try asked(request, view, site.zones)
        let (now, zones) = (try await site.now(), site.zones)
        let explanation = try await site.read { records -> Explanation? in
            var history = JobHistory(view, zones: zones, records: records)
            if !history.isKnown {
                try records.scan(view) { entry in
                    history.add(entry)
                    return true
                }
            }
            let begin = try records.historyStart(of: view, now: now)
            let isCut = view.entry.registeredAt < begin.time
            guard let question = Question(asked, about: &history, now: now) else {
                if isCut { throw Problem.historyGone(before: begin) }
                return nil
            }
            if isCut, question.candidates.contains(where: { $0.instant < begin.time }) {
                throw Problem.historyGone(before: begin)
            }
            var evidence = question.candidates.map { Evidence($0, of: view.id) }
            if question.candidates.contains(where: { $0.instant <= now }) {
                try records.scan(view) { entry in
                    for index in evidence.indices { evidence[index].add(entry) }
                    return !evidence.allSatisfy(\.isComplete)
                }
            }
            return Explaining(question, view: view).explanation(evidence)
        }
        guard let explanation else {
            throw Problem(
                .conflict,
                "The definition that was in force then can no longer be read by this build."
            )
        }
        return .json(explanation.json)
    }

    /// Without `at`, the last slot that was decided; failing that, the first that will be.
    private static func asked(_ request: APIRequest, _ view: JobView, _ zones: ZoneDatabase) throws
        -> AskedTime
    {
        guard let text = request.query["at"] else {
            let after = view.entry.cursor + .seconds(1)
            let last = LineTimes.today(view, zones: zones)?
                .lastSlot(before: after, notBefore: view.entry.registeredAt)
            let next = view.entry.next == .distantFuture ? view.entry.cursor : view.entry.next
            return .instant(last?.instant ?? next)
        }
        guard let asked = AskedTime(text) else {
            throw Problem(
                "at",
                "\"\(text)\" is neither an RFC 3339 instant nor a local time",
                hint: "2026-03-08T02:30:00"
            )
        }
        return asked
    }
}

/// A slot's name, taken apart: `12-0-2026-03-08T02:30:00-0`.
struct SlotName {
    let line: UInt8
    let local: LocalDateTime
    let fold: UInt8

    init?(_ text: String, of job: JobID) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "\(job)", let line = UInt8(parts[1]), let fold = UInt8(parts[5]),
            let local = LocalDateTime(parts[2...4].joined(separator: "-"))
        else { return nil }
        self.line = line
        self.local = local
        self.fold = fold
    }

    /// Where it stands in the order of slots. The name does not hold the instant, so the zone of the revision
    /// that it was a slot of has to be known.
    func place(_ view: JobView, zones: ZoneDatabase, in records: any RecordSource) throws -> SlotPlace? {
        var history = JobHistory(view.id, zones: zones, records: records)
        if view.entry.revision == 1, let times = LineTimes.today(view, zones: zones) { return place(times) }
        try records.scan(view) { entry in
            history.add(entry)
            return true
        }
        var found: SlotPlace?
        for revision in history.revisions {
            guard let times = history.times(ofRevision: revision.number), let place = place(times) else {
                continue
            }
            if found == nil || revision.cursor < place.instant { found = place }
        }
        return found
    }

    private func place(_ times: LineTimes) -> SlotPlace? {
        guard Int(line) < times.lines.count else { return nil }
        let instant: Instant =
            switch times.zone.resolve(local) {
            case .one(let instant): instant
            case .two(let first, let second): fold == 0 ? first : second
            case .gap(let transition, let shifted): times.definition.dst == .shift ? shifted : transition
            }
        return SlotPlace(
            Slot(line: line, instant: Timestamp(seconds: instant.seconds), local: local, fold: fold)
        )
    }
}
