package import Cron
package import Domain

/// Compiled plans by job, made when first needed and shared by jobs that differ only in what they call.
///
/// Bounded: beyond `plansMax` distinct plans everything is dropped and compiled anew on demand.
package struct Plans: Sendable {
    package static let plansMax = 262_144
    private var pool: [Plan] = []
    private var shared: [SharedKey: UInt32] = [:]
    /// By job number: 0 is "not compiled", otherwise an index into `pool` plus one.
    private var indexOfJob: [UInt32] = []
    private var zones: [String: Zone] = [:]
    private let database: ZoneDatabase

    private struct SharedKey: Hashable {
        var definition: JobDefinition
        var account: UInt32
    }

    package init(database: ZoneDatabase) {
        self.database = database
    }

    /// The plan of a job that has been compiled already.
    package func known(_ job: JobID) -> Plan? {
        let number = Int(job.number)
        guard number < indexOfJob.count, indexOfJob[number] != 0 else { return nil }
        return pool[Int(indexOfJob[number]) - 1]
    }

    /// Compiles a job's definition and remembers the plan.
    package mutating func compile(
        _ definition: JobDefinition,
        job: JobID,
        registeredAt: Timestamp,
        account: UInt32
    ) throws(PlanError) -> Plan {
        if pool.count >= Self.plansMax { reset() }
        let zone = try zone(named: definition.zone)
        let lines = try Self.recurrences(of: definition, job: job, registeredAt: registeredAt, zone: zone)
        let plan = Plan(definition, lines: lines, account: account)
        remember(plan, of: definition, job: job, account: account)
        return known(job) ?? plan
    }

    /// Keeps a plan that was compiled to check a definition, so that it is not compiled again for its first
    /// slot.
    package mutating func remember(_ plan: Plan, of definition: JobDefinition, job: JobID, account: UInt32) {
        if pool.count >= Self.plansMax { return }
        let key =
            plan.lines.allSatisfy { Self.isShareable($0) } ? sharedKey(definition, account: account) : nil
        var index = key.flatMap { shared[$0] } ?? 0
        if index == 0 {
            pool.append(plan)
            index = UInt32(pool.count)
            if let key { shared[key] = index }
        }
        let number = Int(job.number)
        while indexOfJob.count <= number { indexOfJob.append(0) }
        indexOfJob[number] = index
    }

    /// Forgets a job's plan: its definition changed.
    package mutating func forget(_ job: JobID) {
        if Int(job.number) < indexOfJob.count { indexOfJob[Int(job.number)] = 0 }
    }

    /// Zones in use come from the journal, so that an old folder keeps its rules until newer ones are
    /// adopted.
    package mutating func adopt(_ zone: ZoneAdopted) throws(PlanError) {
        do {
            zones[zone.name] = try Zone(name: zone.name, version: zone.version, tzif: zone.bytes)
        } catch {
            throw .zone(zone.name, "\(error)")
        }
    }

    /// Everything of a definition that a plan depends on.
    private func sharedKey(_ definition: JobDefinition, account: UInt32) -> SharedKey {
        var key = definition
        key.name = ""
        key.scheduler = 0
        key.callback = Callback(target: .sink(definition.callback.target.host))
        key.deadlines = CallDeadlines()
        key.success = SuccessRule()
        key.retry = RetryPolicy()
        return SharedKey(definition: key, account: account)
    }

    /// A calendar line without `H` or `~` means the same for every job; the others depend on the job.
    private static func isShareable(_ recurrence: Recurrence) -> Bool {
        guard case .calendar = recurrence.schedule.form else { return false }
        let text = recurrence.schedule.text
        return !text.utf8.contains {
            $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "H") || $0 == UInt8(ascii: "h")
        }
    }

    private mutating func reset() {
        pool.removeAll()
        shared.removeAll()
        indexOfJob.removeAll()
    }

    private mutating func zone(named name: String) throws(PlanError) -> Zone {
        if let zone = zones[name] { return zone }
        do {
            let zone = try database.zone(named: name)
            zones[name] = zone
            return zone
        } catch {
            throw .zone(name, "\(error)")
        }
    }

    /// A definition's lines as recurrences: `H` is seeded by the job's number, `@every` is anchored at
    /// `start` or else at the registration.
    package static func recurrences(
        of definition: JobDefinition,
        job: JobID,
        registeredAt: Timestamp,
        zone: Zone
    ) throws(PlanError) -> [Recurrence] {
        let options = ScheduleOptions(
            dialect: definition.dialect,
            dayMatch: definition.dayMatch,
            seed: UInt64(job.number)
        )
        let anchor = Instant(seconds: (definition.start ?? registeredAt).seconds)
        var lines: [Recurrence] = []
        for (index, text) in definition.schedule.enumerated() {
            do {
                let schedule = try Schedule(text, options: options)
                lines.append(Recurrence(schedule, zone: zone, dst: definition.dst, anchor: anchor))
            } catch {
                throw .schedule(line: index, "\(error)")
            }
        }
        return lines
    }
}

/// Why a definition cannot be compiled: it was made by a build that reads schedules differently, or its zone
/// is gone.
package enum PlanError: Error, Equatable {
    case zone(String, String)
    case schedule(line: Int, String)
}
