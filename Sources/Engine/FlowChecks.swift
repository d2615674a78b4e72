internal import Alerting
internal import Cron
package import Domain
internal import Effects
internal import Scheduling

/// A check as its owner sees it.
package struct CheckView: Sendable {
    package var id: CheckID
    package var entry: CheckEntry
    package var definition: CheckDefinition
    /// What its ping URL is made of.
    package var address: UniqueID
    /// The key of its scheduler's slug URLs; nil when there is none yet.
    package var pingKey: String?
    /// The key of its badges; nil without a ping key.
    package var badgeKey: String?
    /// The blackout that the expected instant lies in: then nothing is wanted by it.
    package var blackout: String?
}

/// Bounds on checks.
package enum CheckLimits {
    /// In one folder.
    package static let checksMax = 100_000
    package static let pingKeyBytes = 16
}

// What people may ask of a check. Each method checks everything first and then writes; a thrown error means
// that nothing was written.
extension Flow {
    /// Whether the caller may see the check, and whether it has seen its newest state.
    package func check(_ check: CheckID, _ caller: Caller, _ ifMatch: Sequence?) throws(CommandError) {
        guard let entry = ledger.checks.entries[check], caller.mayUse(scheduler: entry.scheduler) else {
            throw .noSuchCheck(check)
        }
        if let ifMatch, ifMatch != entry.sequence { throw .stale(current: entry.sequence) }
    }

    package mutating func registerCheck(
        _ definition: CheckDefinition,
        scheduler: UInt32,
        now: Timestamp
    ) throws(CommandError) -> CheckView {
        guard let owner = ledger.schedulers[scheduler] else { throw .noSuchScheduler(scheduler) }
        guard ledger.checks.entries.count < CheckLimits.checksMax else {
            throw .conflict("there are \(CheckLimits.checksMax) checks already; remove some first")
        }
        let check = CheckID(ledger.checks.checksEver + 1)
        try refuseTakenSlug(definition.slug, of: check, scheduler: scheduler)
        let plan = try compile(definition, check: check, registeredAt: now)
        guard let address = UniqueID(random: entropy.bytes(UniqueID.byteCount)) else {
            preconditionFailure("sixteen random bytes make a UUID")
        }
        adoptZone(definition.zone, now: now)
        if checks.keyOfScheduler[scheduler] == nil { _ = try renewPingKey(of: scheduler, now: now) }
        let place = KeyRing.place(of: check, account: owner.account)
        write(
            .checkRegistered(
                CheckRegistered(
                    check: check,
                    scheduler: scheduler,
                    address: keys.seal(address.bytes, for: place),
                    definition: definition.packed(),
                    standing: CheckMachine.begin(definition, expected: plan.next(after: now))
                )
            ),
            now
        )
        checks.plans[check] = plan
        checks.note(check, address: address, scheduler: scheduler, slug: definition.slug)
        arm(check)
        return try view(check)
    }

    package mutating func reviseCheck(
        _ check: CheckID,
        change: (CheckDefinition) throws(CommandError) -> CheckDefinition,
        now: Timestamp
    ) throws(CommandError) -> CheckView {
        let old = try view(check)
        let definition = try change(old.definition)
        let scheduler = old.entry.scheduler
        try refuseTakenSlug(definition.slug, of: check, scheduler: scheduler)
        let plan = try compile(definition, check: check, registeredAt: old.entry.registeredAt)
        let isRescheduled = definition.isRescheduled(from: old.definition)
        let expected = isRescheduled ? plan.next(after: now) : old.entry.standing.expected
        adoptZone(definition.zone, now: now)
        if !definition.watchesPace { resolveHabitAlerts(of: check, .notWatched, now: now) }
        write(
            .checkRevised(
                CheckRevised(
                    check: check,
                    definition: definition.packed(),
                    standing: CheckMachine.revise(old.entry, definition, expected: expected)
                )
            ),
            now
        )
        checks.bySlug[CheckIndex.Slug(scheduler: scheduler, slug: old.definition.slug)] = nil
        checks.plans[check] = plan
        if !old.entry.excludedBy.isEmpty { reviewExcluded(now: now) }
        if definition.tags != old.definition.tags { reviewSilences(of: check, now: now) }
        checks.note(check, address: old.address, scheduler: scheduler, slug: definition.slug)
        arm(check)
        return try view(check)
    }

    package mutating func removeCheck(_ check: CheckID, now: Timestamp) throws(CommandError) {
        let old = try view(check)
        resolveAlert(key: CheckMachine.key(of: check), .checkRemoved, now: now)
        resolveHabitAlerts(of: check, .checkRemoved, now: now)
        write(.checkRemoved(CheckRemoved(check: check)), now)
        noteHeard(check, now: now)
        checks.forget(
            check,
            address: old.address,
            scheduler: old.entry.scheduler,
            slug: old.definition.slug
        )
        reviewSilences(of: check, now: now)
    }

    package mutating func pauseCheck(_ check: CheckID, now: Timestamp) throws(CommandError) -> CheckView {
        guard ledger.checks.entries[check]?.isPaused == false else {
            throw .conflict("check \(check) is paused already")
        }
        resolveAlert(key: CheckMachine.key(of: check), .checkPaused, now: now)
        resolveHabitAlerts(of: check, .checkPaused, now: now)
        write(.checkPaused(CheckPaused(check: check)), now)
        noteHeard(check, now: now)
        return try view(check)
    }

    package mutating func resumeCheck(_ check: CheckID, now: Timestamp) throws(CommandError) -> CheckView {
        guard ledger.checks.entries[check]?.isPaused == true, let plan = plan(of: check) else {
            throw .conflict("check \(check) is not paused")
        }
        let standing = CheckMachine.begin(plan.definition, expected: plan.next(after: now))
        write(.checkResumed(CheckResumed(check: check, standing: standing)), now)
        arm(check)
        return try view(check)
    }

    /// A new key for the scheduler's slug URLs and badges; those with the old one stop working.
    package mutating func renewPingKey(of scheduler: UInt32, now: Timestamp) throws(CommandError) -> String {
        guard let owner = ledger.schedulers[scheduler] else { throw .noSuchScheduler(scheduler) }
        let key = hexadecimal(entropy.bytes(CheckLimits.pingKeyBytes))
        let place = KeyRing.place(ofPingKey: scheduler, account: owner.account)
        write(
            .pingKeySet(PingKeySet(scheduler: scheduler, key: keys.seal(Array(key.utf8), for: place))),
            now
        )
        checks.setKey(key, of: scheduler)
        return key
    }

    package func pingKey(of scheduler: UInt32) throws(CommandError) -> String? {
        guard ledger.schedulers[scheduler] != nil else { throw .noSuchScheduler(scheduler) }
        return checks.keyOfScheduler[scheduler]
    }

    private func refuseTakenSlug(
        _ slug: String,
        of check: CheckID,
        scheduler: UInt32
    ) throws(CommandError) {
        guard !slug.isEmpty,
            let other = checks.bySlug[CheckIndex.Slug(scheduler: scheduler, slug: slug)], other != check
        else { return }
        throw .invalid([
            CommandError.Fault(field: "slug", message: "\"\(slug)\" is the slug of check \(other) already")
        ])
    }

    func compile(
        _ definition: CheckDefinition,
        check: CheckID,
        registeredAt: Timestamp
    ) throws(CommandError) -> CheckPlan {
        do {
            let zone: Zone
            if let adopted = ledger.zones[definition.zone] {
                zone = try Zone(name: adopted.name, version: adopted.version, tzif: adopted.bytes)
            } else {
                zone = try settings.zones.zone(named: definition.zone)
            }
            return try CheckPlan(definition, check: check, registeredAt: registeredAt, zone: zone)
        } catch let error as ZoneError {
            throw .invalid([CommandError.Fault(field: "zone", message: "\(error)")])
        } catch {
            throw .invalid([CommandError.Fault(field: "schedule", message: "\(error)")])
        }
    }

    package func view(_ check: CheckID) throws(CommandError) -> CheckView {
        guard let entry = ledger.checks.entries[check],
            let definition = try? CheckDefinition(packed: entry.definition)
        else { throw .noSuchCheck(check) }
        let account = ledger.schedulers[entry.scheduler]?.account ?? 0
        guard let address = keys.address(entry.address, of: check, account: account) else {
            throw .conflict("check \(check)'s address is sealed with a key that this server does not have")
        }
        return CheckView(
            id: check,
            entry: entry,
            definition: definition,
            address: address,
            pingKey: checks.keyOfScheduler[entry.scheduler],
            badgeKey: checks.keyOfScheduler[entry.scheduler].map { CheckIndex.badgeKey(of: $0) },
            blackout: blackout(at: entry.standing.expected, definition)
        )
    }

    /// In order of number, after the given one.
    package func checkViews(after: CheckID, limit: Int, as caller: Caller) -> [CheckView] {
        var views: [CheckView] = []
        for check in ledger.checks.ids where check > after && views.count < limit {
            guard let entry = ledger.checks.entries[check], caller.mayUse(scheduler: entry.scheduler),
                let view = try? view(check)
            else { continue }
            views.append(view)
        }
        return views
    }
}
