internal import Cron
internal import Domain

/// The members of an event beyond the common ones, record by record.
enum EventFacts {
    static func of(_ record: Record) -> [JSON.Member] {
        switch record {
        case .folderFounded(let r): compact([("zones", .string(r.zoneVersion))])
        case .schedulerRegistered(let r):
            compact([
                ("scheduler", .number(Int64(r.number))), ("name", .string(r.name)),
                ("username", .string(r.username)),
            ])
        case .schedulerRemoved(let r): compact([("scheduler", .number(Int64(r.number)))])
        case .zoneAdopted(let r): compact([("zone", .string(r.name)), ("version", .string(r.version))])
        case .jobRegistered(let r):
            definition(r.definition) + compact([("revision", .number(1)), ("next_at", r.next.json)])
        case .jobRevised(let r):
            definition(r.definition)
                + compact([("revision", .number(Int64(r.revision))), ("next_at", r.next.json)])
        case .jobRemoved, .jobFinished, .serverAttended: []
        case .jobPaused(let r):
            compact([
                ("since", r.since.json), ("until", r.until?.json),
                ("reason", r.reason.isEmpty ? nil : .string(r.reason)),
            ])
        case .jobResumed(let r): compact([("next_at", r.next.json)])
        case .slotDecided(let r):
            slot(r.slot, of: r.job) + compact([("reason", .string(r.reason.word)), ("next_at", r.next.json)])
        case .slotsDecided(let r): stretch(r)
        case .slotQueued(let r): slot(r.slot, of: r.job)
        case .runOpened(let r):
            compact([
                ("trigger", .string(r.trigger.word)), ("scheduled_at", r.scheduledAt.json),
                ("slot", r.slot.map { .string($0.name(of: r.job)) }), ("cause", r.cause?.json),
            ])
        case .attemptFailed(let r): attempt(r.report) + compact([("retry_at", r.retryAt.json)])
        case .attemptIntended(let r): compact([("attempt", .number(Int64(r.n)))])
        case .runClosed(let r):
            compact([("result", .string(r.result.word))]) + attempt(r.report)
                + compact([("steps", r.steps.isEmpty ? nil : .array(r.steps.map(\.json)))])
        case .runAwaited(let r): attempt(r.report) + compact([("until", r.until.json)])
        case .jobFellBehind(let r):
            compact([
                ("skips", .number(Int64(r.skips))), ("p50", .string(r.p50.text)),
                ("p95", .string(r.p95.text)), ("period", .string(r.period.text)),
            ])
        case .alertOpened, .alertAcknowledged, .alertResolved, .messageIntended, .messageDelivered,
            .messageFailed, .messageDead, .messageResent, .messageDiscarded, .channelConfigured,
            .channelRemoved, .channelMended, .messagesGrouped:
            AlertFacts.of(record)
        case .checkRegistered, .checkRevised, .checkRemoved, .checkPaused, .checkResumed, .checkPinged,
            .checkLapsed, .checkUnwatched, .pingKeySet:
            CheckFacts.of(record)
        case .blackoutSet(let r): blackout(r)
        case .blackoutRemoved(let r): compact([("name", .string(r.name))])
        case .account(let r): AccountFacts.of(r)
        case .source(let r): [JSON.Member("name", .string(r.name))] + stream(r)
        case .reaction(let r): reaction(r)
        case .token(let r): token(r)
        case .folderRestored(let r):
            compact([("to_seq", .number(Int64(r.sequence.value))), ("to_time", r.time.json)])
        case .clockStepped(let r): compact([("from", r.from.json), ("to", r.to.json)])
        }
    }

    private static func stream(_ record: SourceRecord) -> [JSON.Member] {
        switch record {
        case .set(let r):
            compact([
                ("address", .string(r.address)), ("paused", .bool(r.isPaused)),
                ("alert_after", r.alertAfter.map { .string($0.text) } ?? .null),
            ])
        case .removed: []
        case .opened(let r): compact([("outage", .number(Int64(clamping: r.outage)))])
        case .lost(let r):
            compact([("outage", .number(Int64(clamping: r.outage))), ("reason", .string(r.reason))])
        case .overflowed(let r): compact([("events", .number(Int64(clamping: r.events)))])
        }
    }

    private static func blackout(_ record: Blackout) -> [JSON.Member] {
        compact([("name", .string(record.name)), ("labels", .array(record.labels.map { .string($0) }))])
    }

    /// Without the digest.
    private static func token(_ record: TokenRecord) -> [JSON.Member] {
        switch record {
        case .added(let r):
            compact([
                ("name", .string(r.name)), ("role", .string(r.role.word)),
                ("starts", r.job.map { .string("\($0)") }),
            ])
        case .removed(let r): compact([("name", .string(r.name)), ("role", .string(r.role.word))])
        }
    }

    private static func reaction(_ record: ReactionRecord) -> [JSON.Member] {
        switch record {
        case .outageNoted(let r):
            compact([
                ("stream", .string(r.source)), ("outage", .number(Int64(clamping: r.outage))),
                ("detail", .string(r.detail)), ("due", r.due.json),
            ])
        case .outageSpared(let r):
            compact([
                ("stream", .string(r.source)), ("outage", .number(Int64(clamping: r.outage))),
            ])
        case .triggerRefused(let r):
            compact([
                ("stream", .string(r.source)), ("reason", .string(r.reason.word)),
                ("before", .number(Int64(clamping: r.before))),
            ])
        }
    }

    private static func compact(_ members: [(String, JSON?)]) -> [JSON.Member] {
        members.compactMap { key, value in value.map { JSON.Member(key, $0) } }
    }

    /// What a definition may show: no header values, no query, no body.
    private static func definition(_ packed: [UInt8]) -> [JSON.Member] {
        guard let definition = try? JobDefinition(packed: packed) else { return [] }
        let target: String =
            switch definition.callback.target {
            case .sink(let path): path
            case .url(let url): url.masked
            case .billing: CallTarget.billingPath
            case .steps: ""
            }
        return compact([
            ("name", definition.name.isEmpty ? nil : .string(definition.name)),
            ("callback_url", .string(target)),
            ("schedule", .array(definition.schedule.map { .string($0) })),
            ("zone", .string(definition.zone)),
        ])
    }

    private static func slot(_ slot: Slot, of job: JobID) -> [JSON.Member] {
        compact([
            ("id", .string(slot.name(of: job))), ("slot", slot.instant.json),
            ("local", .string(slot.local.text)),
            ("fold", .number(Int64(slot.fold))), ("line", .number(Int64(slot.line))),
        ])
    }

    private static func stretch(_ record: SlotsDecided) -> [JSON.Member] {
        compact([
            ("first", .string(record.first.name(of: record.job))), ("from", record.first.instant.json),
            ("last", .string(record.last.name(of: record.job))), ("through", record.last.instant.json),
            ("count", .number(Int64(record.count))), ("result", .string(record.result.word)),
            ("reason", .string(record.reason.word)),
            ("into", record.into.map { .string($0.name(of: record.job)) }),
            ("blackout", record.blackout.map { .string($0) }),
        ])
    }

    /// A reply's body is the run's business (`GET runs/{id}`): it can be large, and secret in its own way.
    private static func attempt(_ report: AttemptReport) -> [JSON.Member] {
        compact([
            ("attempt", .number(Int64(report.n))),
            ("status", report.status == 0 ? nil : .number(Int64(report.status))),
            ("failure", report.failure?.json),
            ("total_us", .number(Int64(report.timings.total))),
        ])
    }
}
