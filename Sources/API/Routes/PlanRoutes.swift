internal import Cron
internal import Domain
internal import Engine
internal import Scheduling
internal import Streaming

/// What lies ahead: the coming slots of all jobs, and of an expression that need not be a job yet.
enum PlanRoutes {
    /// How far ahead `plan` looks when nothing is said.
    private static let defaultSpan = Span.hours(24)
    /// Instants in one answer of `next`.
    private static let countMax = 10_000

    static let all = [
        Route(
            "GET",
            "\(RouteTable.prefix)/plan",
            .scheduler,
            "The coming slots of all jobs, in order",
            answer: plan
        ).with {
            $0.query = [
                Route.Parameter("from", "exclusive; now if not given", "2026-03-08T00:00:00Z"),
                Route.Parameter("to", "exclusive; a day after from if not given", "2026-03-09T00:00:00Z"),
                Route.Parameter(
                    "limit",
                    "1 to \(ListLimits.countMax), \(ListLimits.defaultCount) if not given",
                    "100"
                ),
            ]
            $0.answerSchema = "[PlannedSlot]"
            $0.problems = [.invalid]
        },
        Route("GET", "\(RouteTable.prefix)/next", .scheduler, "When an expression fires next", answer: next)
            .with {
                $0.query = [
                    Route.Parameter("expression", "one schedule line", "30 2 * * *"),
                    Route.Parameter("zone", "an IANA zone", "America/New_York"),
                    Route.Parameter("from", "exclusive; now if not given", "2026-03-07T00:00:00Z"),
                    Route.Parameter("count", "1 to \(countMax), 10 if not given", "10"),
                    Route.Parameter("dst", "vixie, literal, once, shift or utc", "vixie"),
                    Route.Parameter("dialect", "unix, seconds or quartz", "unix"),
                    Route.Parameter("day_match", "or, and", "or"),
                ]
                $0.answerSchema = "Next"
                $0.problems = [.invalid]
            },
    ]

    @Sendable private static func plan(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let now = try await site.now()
        let from = try request.query.instant("from") ?? now
        let to = try request.query.instant("to") ?? from + defaultSpan
        let limit = try request.query.limit()
        var plan = PlannedSlots(from: from, to: to, now: now, limit: limit)
        var after = JobID(0)
        while true {
            let views = try await site.engine.jobs(after: after, limit: 1000, as: request.caller)
            guard let last = views.last else { break }
            for view in views { plan.add(view, zones: site.zones) }
            after = last.id
        }
        let (slots, hasMore) = plan.finish()
        // The instant is exclusive, so a page ends with a whole instant.
        let next = hasMore ? slots.last?.slot.instant.rfc3339Text : nil
        return .list(slots.map(\.json), request, site, next: next, parameter: "from")
    }

    @Sendable private static func next(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(.object(request.query.pairs.map { JSON.Member($0.name, .string($0.value)) }))
        var definition = JobDefinition(callback: Callback(target: .sink("")), schedule: [])
        definition.zone = site.options.zone
        let surroundings = try await site.surroundings()
        JobForm(object: .object([]), surroundings: surroundings).readLine(
            &fields,
            "expression",
            into: &definition
        )
        let count = try request.query.number("count", in: 1...countMax) ?? 10
        let from = try request.query.instant("from") ?? surroundings.now
        try fields.check()
        let answer = try NextInstants(definition, from: from, count: count, zones: site.zones)
        return .json(answer.json)
    }
}

/// The coming slots of many jobs: the first of them, with at most twice the limit held.
struct PlannedSlots {
    struct Planned {
        var job: JobID
        var name: String
        var slot: Slot
        /// What it will end as without running; nil: it runs.
        var result: SlotResult?
        /// What a blackout makes of it.
        var fate: BlackoutFate?

        /// When it runs, if that is not its own time.
        private var runsAt: Timestamp? {
            if case .kept(_, let end) = fate { end } else { nil }
        }

        var json: JSON {
            .object([
                JSON.Member("id", .string(slot.name(of: job))),
                JSON.Member("job", .string("\(job)")),
                JSON.Member("name", .string(name)),
                JSON.Member("slot", slot.instant.json),
                JSON.Member("local", .string(slot.local.text)),
                JSON.Member("fold", .number(Int64(slot.fold))),
                JSON.Member("line", .number(Int64(slot.line))),
                JSON.Member("result", result.map { .string($0.word) } ?? .null),
                JSON.Member("blackout", fate.map { .string($0.name) } ?? .null),
                JSON.Member("runs_at", runsAt?.json ?? .null),
            ])
        }
    }

    private let from: Timestamp
    private var to: Timestamp
    private let now: Timestamp
    private let limit: Int
    private var slots: [Planned] = []
    private var dropped = false

    init(from: Timestamp, to: Timestamp, now: Timestamp, limit: Int) {
        self.from = from
        self.to = to
        self.now = now
        self.limit = limit
    }

    mutating func add(_ view: JobView, zones: ZoneDatabase) {
        guard view.entry.state != .finished, view.entry.next < to || view.pause != nil,
            let times = LineTimes.today(view, zones: zones)
        else { return }
        addHeldBack(view, times)
        let start = max(from, view.entry.cursor)
        for group in times.groups(after: start, through: to - Span(microseconds: 1)) {
            guard group.instant < to else { break }
            let isPaused = view.pause.map { $0.until.map { group.instant < $0 } ?? true } ?? false
            for member in group.members {
                var planned = Planned(job: view.id, name: view.definition.name, slot: member.slot)
                planned.result = member.result ?? (isPaused ? .paused : nil)
                if planned.result == nil {
                    planned.fate = times.plan.fate(at: group.instant, under: view.cover)
                    if case .excluded = planned.fate { planned.result = .excluded }
                }
                slots.append(planned)
            }
            if slots.count > limit * 2 { settle() }
        }
    }

    /// A slot that has passed and runs when its blackout is over. Only the first page has it.
    private mutating func addHeldBack(_ view: JobView, _ times: LineTimes) {
        guard let end = view.heldBackUntil, from <= now, end < to,
            let slot = times.plan.newestRun(after: view.entry.cursor, before: end), slot.instant <= from,
            let name = view.cover?.window(at: slot.instant)?.name
        else { return }
        let fate = BlackoutFate.kept(name: name, until: end)
        slots.append(Planned(job: view.id, name: view.definition.name, slot: slot, fate: fate))
    }

    private mutating func settle() {
        slots.sort { a, b in
            a.slot.instant == b.slot.instant
                ? (a.job, SlotPlace(a.slot)) < (b.job, SlotPlace(b.slot)) : a.slot.instant < b.slot.instant
        }
        guard slots.count > limit else { return }
        // Cut between two instants, unless a single one fills the page.
        var cut = limit
        while cut > 0, slots[cut - 1].slot.instant == slots[cut].slot.instant { cut -= 1 }
        if cut == 0 { cut = slots.firstIndex { $0.slot.instant != slots[0].slot.instant } ?? slots.count }
        guard cut < slots.count else { return }
        to = slots[cut].slot.instant
        slots.removeLast(slots.count - cut)
        dropped = true
    }

    mutating func finish() -> (slots: [Planned], hasMore: Bool) {
        settle()
        return (slots, dropped)
    }
}

/// The next instants of one line.
struct NextInstants {
    let recurrence: Recurrence
    let instants: [Instant]

    init(_ definition: JobDefinition, from: Timestamp, count: Int, zones: ZoneDatabase) throws {
        let options = ScheduleOptions(dialect: definition.dialect, dayMatch: definition.dayMatch)
        let start = Instant(seconds: from.seconds)
        let schedule = try Schedule(definition.schedule.first ?? "", options: options)
        recurrence = Recurrence(
            schedule,
            zone: try zones.zone(named: definition.zone),
            dst: definition.dst,
            anchor: start
        )
        var found: [Instant] = []
        var cursor = start
        while found.count < count, let next = recurrence.nextRun(after: cursor) {
            found.append(next)
            cursor = next
        }
        instants = found
    }

    var json: JSON {
        .object([
            JSON.Member("instants", .array(instants.map { .string($0.rfc3339) })),
            JSON.Member("description", .string(recurrence.schedule.describe())),
            JSON.Member(
                "warnings",
                .array(lint(recurrence, from: recurrence.anchor).map { .string($0.sentence) })
            ),
        ])
    }
}
