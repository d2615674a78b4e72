internal import DequeModule
internal import Domain
internal import Effects
internal import Scheduling

/// What is derived from the ledger's checks and kept beside it: who a URL means, compiled schedules, and the
/// alarms that stand.
struct CheckIndex: Sendable {
    struct Slug: Hashable, Sendable {
        var scheduler: UInt32
        var slug: String
    }

    var byAddress: [UniqueID: CheckID] = [:]
    var bySlug: [Slug: CheckID] = [:]
    var schedulerOfKey: [String: UInt32] = [:]
    var keyOfScheduler: [UInt32: String] = [:]
    var schedulerOfBadge: [String: UInt32] = [:]
    var plans: [CheckID: CheckPlan] = [:]
    /// Runs that end with a ping, by what their URLs say; the latest, open or not.
    var runs: [UniqueID: RunID] = [:]
    private var runOrder = Deque<UniqueID>()
    private static let runsMax = 65_536
    /// The earliest alarm that stands for a check. A ping moves the deadline and leaves the alarm: when it
    /// rings too early it is set again, once, instead of once for every ping.
    var armed: [CheckID: Timestamp] = [:]
    /// Those that an alert about our own absence names, until they are heard from or judged.
    var inDoubt: Set<CheckID> = []

    mutating func note(_ run: RunID, name: UniqueID) {
        guard runs.updateValue(run, forKey: name) == nil else { return }
        runOrder.append(name)
        if runOrder.count > Self.runsMax { runs[runOrder.removeFirst()] = nil }
    }

    mutating func note(_ check: CheckID, address: UniqueID, scheduler: UInt32, slug: String) {
        byAddress[address] = check
        if !slug.isEmpty { bySlug[Slug(scheduler: scheduler, slug: slug)] = check }
    }

    mutating func forget(_ check: CheckID, address: UniqueID?, scheduler: UInt32, slug: String) {
        if let address { byAddress[address] = nil }
        bySlug[Slug(scheduler: scheduler, slug: slug)] = nil
        plans[check] = nil
        armed[check] = nil
    }

    /// Badges are shown to the world, and nobody who sees one may ping: their key follows from the ping key,
    /// and not the other way round.
    static func badgeKey(of pingKey: String) -> String {
        hexadecimal(PasswordHash.make(pingKey, salt: Array("chronatog badge ".utf8)).prefix(16))
    }

    mutating func setKey(_ key: String, of scheduler: UInt32) {
        if let old = keyOfScheduler.updateValue(key, forKey: scheduler) {
            schedulerOfKey[old] = nil
            schedulerOfBadge[Self.badgeKey(of: old)] = nil
        }
        schedulerOfKey[key] = scheduler
        schedulerOfBadge[Self.badgeKey(of: key)] = scheduler
    }
}

extension KeyRing {
    /// Where a check's address belongs.
    static func place(of check: CheckID, account: UInt32) -> SecretPlace {
        SecretPlace(account: account, object: "check/\(check)", field: "address")
    }

    static func place(ofPingKey scheduler: UInt32, account: UInt32) -> SecretPlace {
        SecretPlace(account: account, object: "scheduler/\(scheduler)", field: "ping-key")
    }

    func address(_ sealed: Sealed, of check: CheckID, account: UInt32) -> UniqueID? {
        (try? open(sealed, for: Self.place(of: check, account: account))).flatMap { UniqueID(bytes: $0[...]) }
    }
}
