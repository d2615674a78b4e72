import Cron
import Domain
import Effects
import Engine
import FoundationEssentials
import Journaling
import Scheduling
import Testing

/// Folders that earlier builds wrote, kept as backups in `Tests/Goldens/folders`: every later build opens
/// them and reads the same from them, for ever. A release adds one with `RECORD_FOLDER=NAME swift test
/// --filter Upgrade`; none is ever changed.
struct UpgradeTests {
    private static let folder = URL(filePath: "\(#filePath)").deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Goldens/folders")

    private static var recorded: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".tar") }.map { String($0.dropLast(4)) }.sorted()
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["RECORD_FOLDER"]?.isEmpty == false))
    func `record a folder of this build`() async throws {
        let name = try #require(ProcessInfo.processInfo.environment["RECORD_FOLDER"])
        let tar = Self.folder.appending(path: "\(name).tar")
        guard !FileManager.default.fileExists(atPath: tar.path) else { return }
        let disk = try await worked()
        let key = Array((String(repeating: "0b", count: 32) + "\n").utf8)
        let plan = try BackupPlan(of: disk, key: key, now: EngineRig.start + .days(30))
        try Data(plan.read(at: 0, count: plan.byteCount)).write(to: tar)
        try Data(dump(disk)).write(to: Self.folder.appending(path: "\(name).ndjson"))
    }

    /// A little of everything that can be recorded, with a snapshot in the middle.
    private func worked() async throws -> MemoryDisk {
        let disk = MemoryDisk()
        let first = try await EngineRig(disk: disk)
        _ = try await first.add("0 */4 * * *") {
            $0.zone = "Europe/Berlin"
            $0.name = "every four hours"
            $0.labels = ["team:a"]
        }
        _ = try await first.add("0 * * * *", target: "/_sink/500") { $0.retry.retries = 1 }
        let queued = try await first.add("0 * * * *", target: "/_sink/200?delay=90m") {
            $0.overlap.mode = .queueOne
            $0.deadlines.firstByte = .hours(3)
            $0.deadlines.total = .hours(3)
        }
        let gone = try await first.add("@every 2h")
        let paused = try await first.add("0 * * * *")
        try await first.advance(.hours(5))
        _ = try await first.engine.pause(paused, as: .operator, until: nil, reason: "holiday")
        try await first.engine.remove(gone, as: .operator, ifMatch: nil)
        await first.stop()
        let middle = try Journal.open(disk: disk, holder: "snapshot")
        try middle.journal.writeSnapshot(of: middle.ledger)
        middle.journal.close()
        let second = try await EngineRig(disk: disk, start: EngineRig.start + .hours(5) + .seconds(9))
        _ = try await second.engine.resume(paused, as: .operator, catchup: .last)
        _ = try await second.engine.runNow(queued, as: .operator, overlap: .allow)
        _ = try await second.engine.drive(.set(EngineRig.start + .hours(9)))
        try await second.advance(.hours(4))
        await second.stop()
        return disk
    }

    private func dump(_ disk: any Disk) throws -> [UInt8] {
        var out: [UInt8] = []
        try Inspection(disk: disk).dump { line in
            out += line
            return .next
        }
        return out
    }

    @Test func `there is a folder to open`() {
        #expect(!Self.recorded.isEmpty)
    }

    @Test(arguments: UpgradeTests.recorded)
    func `a folder that an earlier build wrote opens, verifies and reads the same`(_ name: String)
        async throws
    {
        let bytes = try Data(contentsOf: Self.folder.appending(path: "\(name).tar"))
        let files = MemoryDisk()
        try files.create("b.tar", allocating: 0)
        try files.write("b.tar", at: 0, Array(bytes))
        let backup = try BackupFile("b.tar", on: files)
        let disk = MemoryDisk()
        try backup.unpack(to: disk)
        #expect(try Inspection(disk: disk).check().findings.isEmpty)
        let golden = try Data(contentsOf: Self.folder.appending(path: "\(name).ndjson"))
        #expect(try dump(disk) == Array(golden))
        #expect(try Verification.run(Inspection(disk: disk), zones: .embedded).report.findings == [])
        // From the snapshot, and from the records alone: the same state.
        let whole = try Journal.open(disk: disk, holder: "whole")
        whole.journal.close()
        #expect(whole.report.snapshot != nil)
        let bare = disk.copy()
        for snapshot in bare.list() where snapshot.hasSuffix(".snap") { try bare.remove(snapshot) }
        #expect(try Journal.open(disk: bare, holder: "bare").ledger.difference(from: whole.ledger) == nil)
        // And it goes on.
        let rig = try await EngineRig(disk: disk, start: whole.ledger.lastTime + .seconds(1))
        try await rig.advance(.hours(12))
        await rig.stop()
        #expect(try Verification.run(Inspection(disk: disk), zones: .embedded).report.findings == [])
    }
}
