import Cron
import Domain
import Effects
import Engine
import Journaling
import Scheduling
import Testing

/// Backup, restore to a moment, and forks, over what real engines recorded.
struct BackupTests {
    private static let now = EngineRig.start + .days(40)

    /// A folder with a few days of work of several jobs in it.
    private func worked() async throws -> MemoryDisk {
        let rig = try await EngineRig()
        _ = try await rig.add("*/5 * * * *")
        _ = try await rig.add("*/7 * * * *", target: "/_sink/500") { $0.retry.retries = 2 }
        _ = try await rig.add("0 * * * *", target: "/_sink/200?delay=90m") {
            $0.overlap.mode = .queueOne
            $0.deadlines.firstByte = .hours(3)
            $0.deadlines.total = .hours(3)
        }
        let paused = try await rig.add("*/10 * * * *")
        try await rig.advance(.hours(30))
        _ = try await rig.engine.pause(paused, as: .operator, until: nil, reason: "holiday")
        try await rig.advance(.hours(30))
        await rig.stop()
        return rig.disk
    }

    private func backup(_ disk: MemoryDisk, key: [UInt8]? = nil) throws -> MemoryDisk {
        let plan = try BackupPlan(of: disk, key: key, now: Self.now)
        let files = MemoryDisk()
        try files.create("b.tar", allocating: 0)
        // In odd pieces: a reader may ask for any part.
        var offset = 0
        while offset < plan.byteCount {
            let piece = try plan.read(at: offset, count: 100_003)
            try files.write("b.tar", at: offset, piece)
            offset += piece.count
        }
        #expect(files.list() == ["b.tar"] && offset == plan.byteCount && offset.isMultiple(of: 512))
        return files
    }

    private func ledgerBytes(_ ledger: Ledger, _ disk: MemoryDisk) throws -> [UInt8] {
        // Written as a snapshot: equal bytes are equal states.
        let recovered = try Journal.open(disk: disk, holder: "snapshot")
        defer { recovered.journal.close() }
        #expect(recovered.ledger.difference(from: ledger) == nil)
        try recovered.journal.writeSnapshot(of: recovered.ledger)
        let name = try #require(disk.list().last { $0.hasSuffix(".snap") })
        return try disk.read(name)
    }

    @Test func `a restored folder is the prefix of the journal, byte for byte, at any moment`() async throws {
        let disk = try await worked()
        let files = try backup(disk)
        let file = try BackupFile("b.tar", on: files)
        var entries: [(Entry, Position)] = []
        try Inspection(disk: disk).scan { entry, position in
            entries.append((entry, position))
            return .next
        }
        #expect(file.manifest.sequence == entries.last?.0.sequence)
        for part in [1, 3, 7, 10] {
            let folder = MemoryDisk()
            try file.unpack(to: folder)
            let wanted = entries[entries.count * part / 10 - 1].0
            let cut = try Inspection(disk: folder).cut(
                at: part == 3 ? .time(wanted.time) : .sequence(wanted.sequence)
            )
            try cut.apply(to: folder)
            var prefix = Ledger()
            for (entry, position) in entries where entry.sequence <= cut.sequence {
                try prefix.apply(entry, at: position)
            }
            #expect(cut.sequence <= wanted.sequence || part == 3)
            #expect(cut.sequence.value + 50 > wanted.sequence.value, "a moment is a frame, not a day")
            let twin = MemoryDisk()
            try file.unpack(to: twin)
            try cut.apply(to: twin)
            #expect(try ledgerBytes(prefix, folder) == ledgerBytes(prefix, twin))
            #expect(try Inspection(disk: folder).check().findings.isEmpty)
        }
    }

    @Test func `after a restore nothing is caught up, and every slot still has one decision`() async throws {
        let disk = try await worked()
        let cut = try Inspection(disk: disk).cut(at: .time(EngineRig.start + .hours(20)))
        try cut.apply(to: disk)
        let entropy = SeededEntropy(seed: 5)
        let keys = try KeyRing(keys: [SeededEntropy(seed: 99).bytes(32)], entropy: entropy)
        let recovered = try Journal.open(disk: disk, holder: "restore")
        let settled = try Restoration.settle(
            recovered,
            keys: keys,
            entropy: entropy,
            settings: FlowSettings(zones: .embedded),
            now: EngineRig.start + .hours(50)
        )
        recovered.journal.close()
        #expect(settled.slots > 600 && settled.runs > 0)
        let rig = try await EngineRig(disk: disk, start: EngineRig.start + .hours(50))
        let called = rig.sink.captured.count
        #expect(called == 0, "nothing of the past is called")
        try await rig.advance(.hours(10))
        let results = try await rig.results(JobID(1))
        #expect(results[.restoredOver] == 360 && results[.ok] == 240 + 120)
        await rig.stop()
        let verified = try Verification.run(Inspection(disk: disk), zones: .embedded)
        #expect(verified.report.findings == [])
    }

    @Test func `a fork has the state and other keys`() async throws {
        let disk = try await worked()
        let copy = disk.copy()
        let before = try Journal.open(disk: disk, holder: "original").ledger
        let recovered = try Journal.open(disk: copy, holder: "fork")
        let ledger = try Restoration.fork(recovered, entropy: SeededEntropy(seed: 8), now: Self.now)
        recovered.journal.close()
        #expect(ledger.storeID != before.storeID && ledger.jobs.count == before.jobs.count)
        #expect(try Journal.open(disk: copy, holder: "again").ledger.difference(from: ledger) == nil)
    }

    @Test func `a flipped bit anywhere in a backup is found`() async throws {
        let files = try backup(try await worked(), key: Array("key\n".utf8))
        let size = try files.size(of: "b.tar")
        #expect(try BackupFile("b.tar", on: files).key() == Array("key\n".utf8))
        var missed: [Int] = []
        let random = SeededEntropy(seed: 3)
        for _ in 0..<60 {
            let place = random.bytes(4).reduce(0) { $0 << 8 | Int($1) } % (size - 1024)
            let hurt = files.copy()
            let byte = try hurt.read("b.tar", at: place, count: 1)[0]
            try hurt.write("b.tar", at: place, [byte ^ 0x10])
            do {
                try BackupFile("b.tar", on: hurt).verify()
                missed.append(place)
            } catch {
                // As it should be.
            }
        }
        // Padding and a header's spare fields carry nothing.
        #expect(missed.count < 6, "\(missed)")
        for place in missed {
            let folder = MemoryDisk()
            let hurt = files.copy()
            try hurt.write("b.tar", at: place, [0xff])
            try? BackupFile("b.tar", on: hurt).unpack(to: folder)
        }
        let short = MemoryDisk()
        try short.create("b.tar", allocating: 0)
        try short.write("b.tar", at: 0, files.read("b.tar", at: 0, count: size / 2))
        #expect(throws: BackupError.self) { try BackupFile("b.tar", on: short).verify() }
    }

    @Test func `a moment before history is refused with where it begins`() async throws {
        let disk = try await worked()
        #expect(throws: JournalError.self) {
            try Inspection(disk: disk).cut(at: .time(EngineRig.start - .days(1)))
        }
    }
}
