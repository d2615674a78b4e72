import Domain
import Effects
import Engine
import Journaling
import Simulation
import Testing

/// What the simulation has found, in the smallest form that shows it.
struct RegressionTests {
    private func founded(_ disk: SimulatedDisk, _ journal: Journal, _ count: Int) throws {
        for _ in 0..<count {
            try journal.append { (frame: inout FrameBuilder) throws(JournalError) in
                _ = frame.append(
                    .clockStepped(ClockStepped(from: .init(seconds: 1), to: .init(seconds: 2))),
                    time: Timestamp(seconds: 3),
                    account: 0,
                    visibility: .operator
                )
            }
            _ = try journal.flush()
        }
    }

    private var limits: JournalLimits {
        var limits = JournalLimits()
        limits.segmentBytes = 64 << 10
        limits.reserveBytes = 8 << 10
        limits.readBytes = 4 << 10
        return limits
    }

    @Test func `a frame whose sync failed, and which a start has taken for good, outlives a power cut`()
        throws
    {
        for seed in 1...30 {
            let disk = SimulatedDisk(seed: UInt64(seed))
            let first = try Journal.open(disk: disk, limits: limits, holder: "1").journal
            try founded(disk, first, 3)
            disk.plan(DiskFault(.datasync, number: 1, isPersistent: false))
            #expect(throws: JournalError.self) { try founded(disk, first, 1) }
            disk.plan(nil)
            disk.kill()
            let second = try Journal.open(disk: disk, limits: limits, holder: "2").journal
            let found = second.durable
            #expect(found >= Sequence(3))
            disk.cutPower(.losesAll)
            let third = try Journal.open(disk: disk, limits: limits, holder: "3").journal
            #expect(third.durable == found, "seed \(seed)")
            try founded(disk, third, 1)
        }
    }

    @Test func `a segment whose name was never synced is used only once it is`() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Journal.open(disk: disk, limits: limits, holder: "1").journal
        // Everything after this stays in memory until a start syncs the folder.
        disk.plan(DiskFault(.syncDirectory, number: 1, isPersistent: true))
        try founded(disk, first, 400)
        while first.prepareNextSegment() == nil, first.needsPreparation {}
        disk.plan(nil)
        disk.kill()
        let second = try Journal.open(disk: disk, limits: limits, holder: "2").journal
        try founded(disk, second, 1200)
        let durable = second.durable
        disk.cutPower(.losesAll)
        #expect(try Journal.open(disk: disk, limits: limits, holder: "3").journal.durable == durable)
    }

    @Test func `when a full disk has room again, work goes on by itself`() throws {
        let world = Simulator(seed: 2, pace: .quick)
        try world.start()
        world.register("* * * * * *")
        try world.pass(.seconds(1))
        world.disk.limit(to: world.disk.usedBytes)
        try world.pass(.hours(1)) { $0.journal.room != .plenty }
        let engine = try #require(world.engine)
        #expect(engine.journal.room != .plenty)
        let full = engine.ledger.sequence
        try world.pass(.minutes(1))
        world.disk.limit(to: .max)
        try world.pass(.minutes(5))
        #expect(engine.journal.room == .plenty)
        #expect(engine.ledger.sequence > full)
        try world.checkEverything()
    }

    @Test func `the same seed has the same history`() throws {
        func history(_ seed: UInt64) throws -> [Entry] {
            let world = Simulator(seed: seed, pace: .steady)
            try world.run()
            return world.witness.entries
        }
        let first = try history(4)
        #expect(first.count > 100)
        #expect(try history(4) == first)
    }
}
