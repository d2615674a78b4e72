package import Domain

/// What a run came to.
package struct Tally: Sendable, Hashable, CustomStringConvertible {
    package internal(set) var simulated = Span.zero
    package internal(set) var turns = 0
    package internal(set) var records = 0
    package internal(set) var slots = 0
    package internal(set) var calls = 0
    package internal(set) var alerts = 0
    package internal(set) var pings = 0
    package internal(set) var blackouts = 0
    package internal(set) var messages = 0
    /// Calls that told a destination again what it had been told.
    package internal(set) var repeats = 0
    package internal(set) var acknowledgements = 0
    package internal(set) var refusals = 0
    package internal(set) var starts = 0
    package internal(set) var startsFromSnapshot = 0
    package internal(set) var tornTails = 0
    package internal(set) var kills = 0
    package internal(set) var powerCuts = 0
    /// The journal was poisoned and the process ended.
    package internal(set) var poisonings = 0
    /// Times that there was no room for another promise.
    package internal(set) var fullDisks = 0
    package internal(set) var clockSteps = 0
    package internal(set) var faults = 0
    package internal(set) var diskOperations = 0

    package init() {}

    package var description: String {
        "\(simulated.text) simulated, \(turns) turns, \(records) records, \(slots) slots, \(calls) calls, "
            + "\(pings) pings, \(blackouts) blackouts, \(alerts) alerts, "
            + "\(messages) messages delivered, \(repeats) told again, "
            + "\(acknowledgements) acknowledged, \(refusals) refused, \(starts) starts "
            + "(\(startsFromSnapshot) from a snapshot, \(tornTails) with a torn tail), \(kills) kills, "
            + "\(powerCuts) power cuts, \(poisonings) poisoned, \(fullDisks) full disks, "
            + "\(clockSteps) clock steps, \(faults) faults in \(diskOperations) disk operations"
    }
}
