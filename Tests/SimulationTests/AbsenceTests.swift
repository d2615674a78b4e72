import Domain
import Journaling
import Simulation
import Testing

/// A process that was stopped and went on is no reason to blame those it could not hear.
struct AbsenceTests {
    @Test func `a process that was stopped for hours blames no check, and waits for the next ping`() throws {
        let world = Simulator(seed: 3, pace: .quick)
        try world.start()
        var definition = CheckDefinition()
        definition.period = .minutes(10)
        definition.grace = .minutes(5)
        for _ in 0..<3 { world.watch(definition) }
        try world.pass(.minutes(1))
        world.time.advance(by: .hours(5))
        try world.pass(.minutes(14))
        #expect(try names(world) == ["checkUnwatched"])
        try world.pass(.minutes(2))
        #expect(try names(world) == ["alertOpened", "checkLapsed", "checkUnwatched"])
        try world.stop()
    }

    /// The kinds of record that judge checks so far.
    private func names(_ world: Simulator) throws -> [String] {
        try world.checkEverything()
        let kinds = ["alertOpened", "checkLapsed", "checkUnwatched"]
        let seen = Set(world.witness.entries.map(\.record.name))
        return kinds.filter { seen.contains($0) }
    }
}
