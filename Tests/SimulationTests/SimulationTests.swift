import Domain
import Simulation
import Testing

/// Whole lives of an engine in a world where everything goes wrong.
struct SimulationTests {
    @Test(arguments: Seeds.chosen)
    func `a life by seed keeps every promise`(seed: UInt64) throws {
        let world = Simulator(seed: seed)
        do {
            try world.run()
        } catch {
            Issue.record("\(error)\nSEED=\(seed) replays it\n\(world.lastWords)")
        }
        print("seed \(seed), \(world.pace.rawValue): \(world.tally)")
    }
}
