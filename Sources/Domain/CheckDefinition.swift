/// What a check waits for: a ping by every instant of a schedule, or one within every period.
///
/// The ledger keeps it packed, as it does a job's definition.
package struct CheckDefinition: Sendable, Hashable {
    package var name = ""
    /// What slug URLs and badges name it by: `a-z 0-9 _ -`, unique within its scheduler; empty for none.
    package var slug = ""
    /// Words to find checks by, in ascending order, each once.
    package var tags: [String] = []
    /// Lines as a job's schedule has them; none: `period` counts.
    package var schedule: [String] = []
    /// The wall clock of `schedule`.
    package var zone = "UTC"
    /// From one ping to the next, where there is no schedule.
    package var period = Span.days(1)
    /// How much later than expected a ping may come.
    package var grace = Span.hours(1)
    /// From a start to its end; zero stands for the grace, as with Healthchecks.
    package var maxRuntime = Span.zero
    /// Bad ends in a row that open an alert.
    package var failuresToOpen: UInt32 = 1
    /// Good ends in a row that resolve it.
    package var successesToResolve: UInt32 = 1
    /// Successes that come much more often than usual, and runs of an unusual duration, open a warning.
    package var watchesPace = false
    /// Made by a check-in with a monitor's configuration; later ones that bring another change it.
    package var followsCheckIns = false

    package init() {}

    package var runtimeMax: Span { maxRuntime == .zero ? grace : maxRuntime }

    /// Whether pings are wanted at other times than before.
    package func isRescheduled(from old: CheckDefinition) -> Bool {
        schedule != old.schedule || zone != old.zone || period != old.period
    }

    /// This check with what another one waits for; its names and wishes stay.
    package func waiting(as other: CheckDefinition) -> CheckDefinition {
        var definition = self
        definition.schedule = other.schedule
        definition.zone = other.zone
        definition.period = other.period
        definition.grace = other.grace
        definition.maxRuntime = other.maxRuntime
        definition.failuresToOpen = other.failuresToOpen
        definition.successesToResolve = other.successesToResolve
        return definition
    }

    /// What people call it: its name, its slug, or nothing but a number.
    package func title(_ check: CheckID) -> String {
        name.isEmpty ? (slug.isEmpty ? "check \(check)" : slug) : name
    }

    /// As fields; what equals its default takes no bytes. Field numbers are for ever
    /// (`Journaling.docc/Format.md`).
    package func packed() -> [UInt8] {
        var w = FieldWriter()
        w.write(1, name)
        w.write(2, slug)
        for tag in tags { w.write(3, tag) }
        for line in schedule { w.write(4, Array(line.utf8)) }
        if zone != "UTC" { w.write(5, zone) }
        w.write(6, signed: period.microseconds &- Span.days(1).microseconds)
        w.write(7, signed: grace.microseconds &- Span.hours(1).microseconds)
        w.write(8, signed: maxRuntime.microseconds)
        w.write(9, UInt64(failuresToOpen &- 1))
        w.write(10, UInt64(successesToResolve &- 1))
        w.write(33, watchesPace ? 1 : 0)
        w.write(34, followsCheckIns ? 1 : 0)
        return w.bytes
    }

    /// Reads `packed()` bytes of this or any older build.
    package init(packed bytes: [UInt8]) throws(FieldError) {
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: name = value.text ?? ""
            case 2: slug = value.text ?? ""
            case 3: tags.append(value.text ?? "")
            case 4: schedule.append(value.text ?? "")
            case 5: zone = value.text ?? "UTC"
            case 6: period = Span(microseconds: (value.signed ?? 0) &+ Span.days(1).microseconds)
            case 7: grace = Span(microseconds: (value.signed ?? 0) &+ Span.hours(1).microseconds)
            case 8: maxRuntime = Span(microseconds: value.signed ?? 0)
            case 9: failuresToOpen = UInt32(truncatingIfNeeded: value.number ?? 0) &+ 1
            case 10: successesToResolve = UInt32(truncatingIfNeeded: value.number ?? 0) &+ 1
            case 33: watchesPace = value.number == 1
            case 34: followsCheckIns = value.number == 1
            default: throw .invalid(field: field, of: "check definition")
            }
        }
    }
}
