internal import Cron
internal import Dispatching
package import Domain
internal import Effects
internal import Scheduling

// From a draft to a definition that can be kept: secrets sealed, schedule compiled, zone adopted. And the
// views.
extension Flow {
    /// Seals what the draft brings in the clear; what it leaves alone stays as it is. So does a secret that
    /// is given once more: sealed anew it would look like another one.
    func seal(
        _ draft: JobDraft,
        job: JobID,
        account: UInt32,
        over old: JobDefinition? = nil
    ) -> JobDefinition {
        var definition = draft.definition
        var kept = old?.callback.secrets ?? [:]
        for (index, step) in (old?.reaction?.steps ?? []).enumerated() {
            kept["step/\(index)"] = step.secrets
        }
        func sealed(_ text: String, _ field: String) -> Sealed {
            let place = SecretPlace(account: account, object: "job/\(job)", field: field)
            let plain = Array(text.utf8)
            if let sealed = kept[field], (try? keys.open(sealed, for: place)) == plain { return sealed }
            return keys.seal(plain, for: place)
        }
        if case .url(var url) = definition.callback.target {
            if let query = draft.query { url.query = query.isEmpty ? nil : sealed(query, "query") }
            if let userInfo = draft.userInfo {
                url.userInfo = userInfo.isEmpty ? nil : sealed(userInfo, "userinfo")
            }
            definition.callback.target = .url(url)
        }
        if let headers = draft.headers {
            let old = definition.callback.headers
            definition.callback.headers = headers.compactMap { name, value in
                if let value {
                    return SealedHeader(name: name, value: sealed(value, "header/\(name.lowercased())"))
                }
                return old.first { $0.name.lowercased() == name.lowercased() }
            }
        }
        if let body = draft.secretBody { definition.callback.body = .sealed(sealed(body, "body")) }
        if let reaction = definition.reaction, !draft.stepSecrets.isEmpty {
            var steps = reaction.steps
            for (index, secrets) in draft.stepSecrets {
                steps[index].secrets = sealed(secrets.text, "step/\(index)")
            }
            definition.reaction = Reaction(triggers: reaction.triggers, steps: steps)
        }
        return definition
    }

    func compile(
        _ definition: JobDefinition,
        job: JobID,
        registeredAt: Timestamp,
        account: UInt32
    ) throws(CommandError) -> Plan {
        if let reaction = definition.reaction { try check(reaction) }
        do {
            let zone: Zone
            if let adopted = ledger.zones[definition.zone] {
                zone = try Zone(name: adopted.name, version: adopted.version, tzif: adopted.bytes)
            } else {
                zone = try settings.zones.zone(named: definition.zone)
            }
            let lines = try Plans.recurrences(
                of: definition,
                job: job,
                registeredAt: registeredAt,
                zone: zone
            )
            return Plan(definition, lines: lines, account: account)
        } catch let error as ZoneError {
            throw .invalid([CommandError.Fault(field: "zone", message: "\(error)")])
        } catch {
            throw .invalid([CommandError.Fault(field: "schedule", message: "\(error)")])
        }
    }

    /// Puts a zone's rules into the journal when they are used for the first time.
    mutating func adoptZone(_ name: String, now: Timestamp) {
        guard name != "UTC", ledger.zones[name] == nil, let bytes = settings.zones.bytes(named: name) else {
            return
        }
        adopt(ZoneAdopted(name: name, version: settings.zones.version, bytes: bytes), now: now)
    }

    /// Whether slots decided under one definition could differ under the other.
    static func schedulingDiffers(_ a: JobDefinition, _ b: JobDefinition) -> Bool {
        a.schedule != b.schedule || a.dialect != b.dialect || a.zone != b.zone || a.dst != b.dst
            || a.dayMatch != b.dayMatch || a.start != b.start || a.end != b.end
    }

    // MARK: Schedulers

    package mutating func registerScheduler(
        name: String,
        username: String,
        password: String,
        now: Timestamp
    ) throws(CommandError) -> SchedulerRegistered {
        guard !ledger.schedulers.values.contains(where: { $0.username == username }) else {
            throw .schedulerExists(username: username)
        }
        let salt = entropy.bytes(16)
        let record = SchedulerRegistered(
            number: ledger.schedulersEver + 1,
            account: 1,
            name: name,
            username: username,
            salt: salt,
            passwordHash: PasswordHash.make(password, salt: salt)
        )
        write(.schedulerRegistered(record), now)
        return record
    }

    package mutating func removeScheduler(_ number: UInt32, now: Timestamp) throws(CommandError) {
        guard let known = ledger.schedulers[number] else { throw .noSuchScheduler(number) }
        guard known.account == 1 else {
            throw .conflict(
                "scheduler \(number) belongs to account \(known.account); its marketplace removes it"
            )
        }
        let jobs = ledger.jobs.ids.count {
            ledger.jobs[$0].scheduler == number && ledger.jobs[$0].state != .removed
        }
        guard jobs == 0, number != 1 else { throw .schedulerInUse(number, jobs: jobs) }
        let checks = ledger.checks.entries.values.count { $0.scheduler == number }
        guard checks == 0 else {
            throw .conflict("scheduler \(number) still has \(checks) checks; remove them first")
        }
        write(.schedulerRemoved(SchedulerRemoved(number: number)), now)
    }

    // MARK: Views

    package func view(_ job: JobID) throws(CommandError) -> JobView {
        guard let definition = ledger.definition(of: job) else { throw .noSuchJob(job) }
        return JobView(
            id: job,
            entry: ledger.jobs[job],
            definition: definition,
            pause: ledger.pauses[job],
            catchingUpThrough: catching[job],
            limitWaiting: accepted[job] != nil,
            heldBackUntil: heldBack[job],
            cover: blackouts.cover(labels: definition.labels),
            missingStreams: missingStreams(of: definition),
            badgeKey: checks.keyOfScheduler[ledger.jobs[job].scheduler].map { CheckIndex.badgeKey(of: $0) }
        )
    }

    func missingStreams(of definition: JobDefinition) -> [String] {
        guard let triggers = definition.reaction?.triggers else { return [] }
        return Set(triggers.map(\.source)).filter { ledger.sources[$0] == nil }.sorted()
    }

    package func views(after: JobID, limit: Int, as caller: Caller) -> [JobView] {
        var views: [JobView] = []
        var number = after.number
        while views.count < limit, number < UInt32(ledger.jobs.count) {
            number += 1
            let job = JobID(number)
            guard ledger.jobs[job].state != .removed, caller.mayUse(scheduler: ledger.jobs[job].scheduler),
                let view = try? view(job)
            else { continue }
            views.append(view)
        }
        return views
    }

    package func openRunViews(of job: JobID?) -> [OpenRunView] {
        guard let job else {
            return ledger.openRuns.sorted { $0.key < $1.key }.map { OpenRunView(id: $0.key, run: $0.value) }
        }
        guard ledger.jobs.contains(job) else { return [] }
        return ledger.openRuns(of: job).compactMap { id in
            ledger.openRuns[id].map { OpenRunView(id: id, run: $0) }
        }
    }

    package func signingSecret(of job: JobID) -> String {
        courier.signingSecret(of: job, storeID: ledger.storeID)
    }
}

extension Callback {
    /// What is sealed in a callback, by the field that it is bound to.
    package var secrets: [String: Sealed] {
        var secrets: [String: Sealed] = [:]
        if case .url(let url) = target {
            secrets["query"] = url.query
            secrets["userinfo"] = url.userInfo
        }
        for header in headers { secrets["header/\(header.name.lowercased())"] = header.value }
        if case .sealed(let body) = body { secrets["body"] = body }
        return secrets
    }
}

extension Record {
    /// Who may see this as an event.
    package var visibility: Visibility {
        switch self {
        case .folderFounded, .zoneAdopted, .serverAttended: .internal
        case .schedulerRegistered, .schedulerRemoved, .clockStepped, .folderRestored: .operator
        case .messageIntended, .messageDelivered, .messageFailed, .messageDead, .messageResent,
            .messageDiscarded, .channelConfigured, .channelRemoved, .channelMended, .messagesGrouped,
            .blackoutSet, .blackoutRemoved:
            .operator
        case .account, .source, .token: .operator
        default: .account
        }
    }
}
