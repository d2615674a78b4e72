package import Cron
package import Domain

/// When a check expects a ping: its definition, compiled.
package struct CheckPlan: Sendable {
    package let definition: CheckDefinition
    private let lines: [Recurrence]

    /// - Parameters:
    ///   - check: seeds `H`, as a job's number does.
    ///   - registeredAt: anchors `@every`.
    package init(
        _ definition: CheckDefinition,
        check: CheckID,
        registeredAt: Timestamp,
        zone: Zone
    ) throws(PlanError) {
        self.definition = definition
        let options = ScheduleOptions(seed: UInt64(check.number))
        var lines: [Recurrence] = []
        for (index, text) in definition.schedule.enumerated() {
            do {
                let schedule = try Schedule(text, options: options)
                let anchor = Instant(seconds: registeredAt.seconds)
                lines.append(Recurrence(schedule, zone: zone, anchor: anchor))
            } catch {
                throw .schedule(line: index, "\(error)")
            }
        }
        self.lines = lines
    }

    /// The first instant from a moment on by which a ping is wanted; after a period, where there is one.
    package func next(from time: Timestamp) -> Timestamp {
        next(after: lines.isEmpty ? time : time - Span(microseconds: 1))
    }

    /// The first instant after a moment by which a ping is wanted; `distantFuture` for none.
    package func next(after time: Timestamp) -> Timestamp {
        guard !lines.isEmpty else { return time + definition.period }
        let after = Instant(seconds: time.seconds)
        let instants = lines.compactMap { $0.nextRun(after: after)?.seconds }
        return instants.min().map { Timestamp(seconds: $0) } ?? .distantFuture
    }
}
