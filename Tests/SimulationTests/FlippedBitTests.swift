import Domain
import Effects
import Journaling
import Simulation
import Testing

/// A bit that turns over without a word is found, and never mended in silence.
struct FlippedBitTests {
    /// A folder with several segments and snapshots, closed in order.
    private struct Folder: Sendable {
        var disk: SimulatedDisk
        var ledger: Ledger
        var limits: JournalLimits
    }

    private static let folder = Result {
        let world = Simulator(seed: 3, pace: .quick)
        try world.liveALittle()
        try world.stop()
        return Folder(disk: world.disk, ledger: world.witness.ledger, limits: world.limits)
    }

    @Test(arguments: 1...60)
    func `whatever is read is what was written, or refused, or said to be cut off`(seed: Int) throws {
        let folder = try Self.folder.get()
        let (disk, whole) = (folder.disk.copy(), folder.ledger)
        var dice = Dice(seed: UInt64(seed), stream: "flip")
        let names = try disk.list()
        let name = dice.pick(names)
        let size = try disk.size(of: name)
        let byte = dice.below(size)
        disk.flip(name, byte: byte, bit: dice.below(8))
        do {
            let recovered = try Journal.open(disk: disk, limits: folder.limits, holder: "test")
            if recovered.report.torn == nil {
                #expect(recovered.ledger.difference(from: whole) == nil, "\(name) at \(byte)")
            } else {
                // The last write looks as if it had been cut short: it is left out, and said to be.
                // A bit behind the last frame looks like the beginning of one more.
                #expect(recovered.ledger.sequence <= whole.sequence)
            }
        } catch {
            switch error {
            // A segment whose first frame cannot be read looks as if nothing had been written to it yet.
            case .corrupt, .historyMissing: break
            default: Issue.record("\(name) at \(byte): \(error)")
            }
        }
    }
}
