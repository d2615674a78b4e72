import Effects
import Simulation
import Testing

struct SimulatedDiskTests {
    private static let name = "file"
    private static let block = [UInt8](repeating: 7, count: 2048)

    /// A durable, empty file of four sectors.
    private func disk(seed: UInt64 = 1) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: seed)
        try disk.create(Self.name, allocating: Self.block.count)
        try disk.datasync(Self.name)
        try disk.syncDirectory()
        return disk
    }

    @Test func `what was not synced is gone after a hard power cut, and what was is not`() throws {
        let disk = try disk()
        try disk.write(Self.name, at: 0, [1, 2, 3])
        try disk.datasync(Self.name)
        try disk.write(Self.name, at: 3, [4, 5, 6])
        #expect(try disk.read(Self.name, at: 0, count: 6) == [1, 2, 3, 4, 5, 6])
        disk.cutPower(.losesAll)
        #expect(try disk.read(Self.name, at: 0, count: 6) == [1, 2, 3, 0, 0, 0])
    }

    @Test func `a killed process leaves its writes to the system, where a power cut still gets them`() throws
    {
        let disk = try disk()
        try disk.write(Self.name, at: 0, [1])
        disk.kill()
        #expect(try disk.read(Self.name, at: 0, count: 1) == [1])
        disk.cutPower(.losesAll)
        #expect(try disk.read(Self.name, at: 0, count: 1) == [0])
    }

    @Test func `a write is kept, lost, cut short or torn by sectors`() throws {
        var kinds: Set<String> = []
        for seed in 1...60 {
            let disk = try disk(seed: UInt64(seed))
            try disk.write(Self.name, at: 0, Self.block)
            disk.cutPower(.mixed)
            let left = try disk.read(Self.name)
            let written = left.count { $0 == 7 }
            if written == 0 || written == left.count {
                kinds.insert(written == 0 ? "lost" : "kept")
            } else {
                kinds.insert(left[..<written].allSatisfy { $0 == 7 } ? "prefix" : "sectors")
            }
        }
        #expect(kinds == ["kept", "lost", "prefix", "sectors"])
    }

    @Test func `after a sync that failed, one that succeeds may have brought nothing`() throws {
        var isLost = false
        for seed in 1...40 {
            let disk = try disk(seed: UInt64(seed))
            try disk.write(Self.name, at: 0, [9])
            disk.plan(DiskFault(.datasync, number: 1, isPersistent: false))
            #expect(throws: DiskError.self) { try disk.datasync(Self.name) }
            try disk.datasync(Self.name)
            #expect(try disk.read(Self.name, at: 0, count: 1) == [9], "the page cache shows it")
            disk.cutPower(.keepsAll)
            if try disk.read(Self.name, at: 0, count: 1) == [0] { isLost = true }
        }
        #expect(isLost)
    }

    @Test func `writing again what a failed sync lost makes the next sync bring it`() throws {
        for seed in 1...40 {
            let disk = try disk(seed: UInt64(seed))
            try disk.write(Self.name, at: 0, [9])
            disk.plan(DiskFault(.datasync, number: 1, isPersistent: false))
            #expect(throws: DiskError.self) { try disk.datasync(Self.name) }
            try disk.write(Self.name, at: 0, [9])
            try disk.datasync(Self.name)
            disk.cutPower(.losesAll)
            #expect(try disk.read(Self.name, at: 0, count: 1) == [9])
        }
    }

    @Test func `names made, renamed and removed wait for the folder's sync`() throws {
        let disk = try disk()
        try disk.create("new", allocating: 0)
        try disk.rename(Self.name, to: "renamed")
        disk.cutPower(.losesAll)
        #expect(try disk.list() == [Self.name])
        try disk.rename(Self.name, to: "renamed")
        try disk.syncDirectory()
        try disk.remove("renamed")
        disk.cutPower(.losesAll)
        #expect(try disk.list() == ["renamed"])
    }

    @Test func `the N-th operation fails, once or from then on`() throws {
        for isPersistent in [false, true] {
            let disk = try disk()
            disk.plan(DiskFault(.write, number: 2, isPersistent: isPersistent, kind: .noSpace))
            let failed = (1...4).map { _ -> Bool in
                do throws(DiskError) {
                    try disk.write(Self.name, at: 0, [1])
                    return false
                } catch {
                    #expect(error.kind == .noSpace)
                    return true
                }
            }
            #expect(failed == [false, true, isPersistent, isPersistent])
            #expect(disk.faultsFired == (isPersistent ? 3 : 1))
        }
    }

    @Test func `a full disk refuses growth and nothing else`() throws {
        let disk = try disk()
        disk.limit(to: disk.usedBytes + 10)
        try disk.write(Self.name, at: 0, Self.block)
        #expect(throws: DiskError.self) { try disk.write(Self.name, at: Self.block.count, Self.block) }
        #expect(throws: DiskError.self) { try disk.create("other", allocating: 11) }
        #expect(disk.freeBytes() == 10)
        #expect(try disk.list() == [Self.name])
    }

    @Test func `one seed has one fate`() throws {
        func left(_ seed: UInt64) throws -> [UInt8] {
            let disk = try disk(seed: seed)
            for offset in stride(from: 0, to: 2048, by: 128) {
                try disk.write(Self.name, at: offset, [UInt8](repeating: UInt8(offset / 128 + 1), count: 128))
            }
            disk.cutPower(.mixed)
            return try disk.read(Self.name)
        }
        #expect(try left(5) == left(5))
        #expect(try left(5) != left(6))
    }
}
