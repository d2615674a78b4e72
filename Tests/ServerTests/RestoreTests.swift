import FoundationEssentials
import NIOCore
import Testing

/// `backup`, `restore` and `fork` with the real program on real folders.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RestoreTests {
    @Test func `a backup takes a folder's place only when asked to, and is the moment that was asked for`()
        async throws
    {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let backup = try await Self.backedUp(rig, jobs: ["a", "b"], flags: ["--with-key"])
            let first = try #require(try await Self.records(rig, rig.dataFolder, "jobRegistered").first)
            let into = ["--data-dir", rig.dataFolder]
            let restore = ["restore", backup, "--at", "\(first.sequence)"] + into
            let before = try await rig.run(["journal", "dump"] + into)

            let tried = try await rig.run(restore + ["--dry-run"])
            #expect(tried.status == 0, "\(tried.complaint)")
            #expect(tried.output.contains("would be as at record \(first.sequence) of "))
            #expect(tried.output.contains("files of the folder would go (--replace)"))
            let refused = try await rig.run(restore)
            #expect(refused.status == 1)
            #expect(refused.complaint.contains("has a journal already; nothing was changed"))
            #expect(try await rig.run(["journal", "dump"] + into).output == before.output)
            let impossible = try await rig.run(["restore", backup, "--at", "soon"] + into)
            #expect(impossible.status == 2)

            let restored = try await rig.run(restore + ["--replace"])
            #expect(restored.status == 0, "\(restored.complaint)")
            #expect(restored.output.contains("is as at record \(first.sequence) of "))
            #expect(restored.output.contains("recorded as restored-over: "))
            let server = try await rig.start()
            #expect(try Listed.all(server.api).map(\.name) == ["a"])
            let inUse = try await rig.run(restore + ["--replace"])
            #expect(inUse.status == 1)
            #expect(inUse.complaint.contains("is in use by process \(server.child.pid)"))
            server.child.terminate()
            #expect(try await rig.ending(of: server.child).status == 0)
            let verified = try await rig.run(["verify"] + into)
            #expect(verified.status == 0, "\(verified.output)\(verified.complaint)")
        }
    }

    @Test func `after an exchange that was cut short no server starts until the restore is done again`()
        async throws
    {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let backup = try await Self.backedUp(rig, jobs: ["a"], flags: ["--with-key"])
            // As a machine leaves it that stopped between the old files and the new ones.
            try Data("run `chronatog restore` again\n".utf8).write(
                to: URL(filePath: "\(rig.dataFolder)/restore-unfinished")
            )
            let refused = try await rig.run(rig.serving())
            #expect(refused.status == 1)
            #expect(refused.complaint.contains("was cut short, and the folder is incomplete"))
            let again = try await rig.run(["restore", backup, "--data-dir", rig.dataFolder, "--replace"])
            #expect(again.status == 0, "\(again.complaint)")
            let server = try await rig.start()
            #expect(try Listed.all(server.api).map(\.name) == ["a"])
        }
    }

    @Test func `what was due since the moment is recorded as restored over, unless it is to be caught up`()
        async throws
    {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            _ = try await rig.apart { try server.api.add("often", everySecondTo: rig.target) }
            let early = try await rig.target.call { $0.path == "/often" }
            _ = try await rig.target.call { $0.scheduledAt > early.scheduledAt }
            server.child.terminate()
            #expect(try await rig.ending(of: server.child).status == 0)
            let backup = "\(rig.dataFolder).tar"
            let source = ["--data-dir", rig.dataFolder]
            #expect(try await rig.run(["backup", backup, "--with-key"] + source).status == 0)
            let job = try #require(try await Self.records(rig, rig.dataFolder, "jobRegistered").first)
            let (over, caught) = ("\(rig.dataFolder)-over", "\(rig.dataFolder)-caught")
            let restore = ["restore", backup, "--at", "\(job.sequence)", "--data-dir"]

            let settled = try await rig.run(restore + [over])
            #expect(settled.status == 0, "\(settled.complaint)")
            let restoredOver = try await Self.records(rig, over, "folderRestored,slotsDecided")
            #expect(restoredOver.map(\.kind) == ["folderRestored", "slotsDecided"])
            #expect(restoredOver.last?.result == "restored-over")
            #expect((restoredOver.last?.count ?? 0) >= 2)

            let left = try await rig.run(restore + [caught, "--catch-up"])
            #expect(left.status == 0, "\(left.complaint)")
            #expect(!left.output.contains("restored-over"))
            #expect(try await Self.records(rig, caught, "folderRestored,slotsDecided").isEmpty)
        }
    }

    @Test func `a restore without the key of the backup's secrets changes nothing`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let backup = try await Self.backedUp(rig, jobs: ["a"], flags: [])
            let elsewhere = "\(rig.dataFolder)-elsewhere"
            let refused = try await rig.run(["restore", backup, "--data-dir", elsewhere])
            #expect(refused.status == 1)
            #expect(refused.complaint.contains("the key that opens this backup's secrets is not here"))
            #expect(!FileManager.default.fileExists(atPath: elsewhere))
            // The folder that it came from has the key.
            let again = try await rig.run(["restore", backup, "--data-dir", rig.dataFolder, "--replace"])
            #expect(again.status == 0, "\(again.complaint)")
        }
    }

    @Test func `a fork has the jobs of its moment, calls nobody, and leaves the folder alone`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let original = try await rig.start()
            let id = try await rig.apart { try original.api.addIdle("a", to: rig.target) }
            _ = try await rig.apart { try original.api.addIdle("b") }
            let first = try #require(try await Self.records(rig, rig.dataFolder, "jobRegistered").first)
            let dump = ["journal", "dump", "--data-dir", rig.dataFolder]
            let before = try await rig.run(dump)
            let fork = try await rig.launch(
                ["fork", "--at", "\(first.sequence)", "--data-dir", rig.dataFolder, "--"]
                    + ["--listen", "127.0.0.1:0", "--token", "t"]
            )
            #expect(fork.child.complaint.contains("as at record \(first.sequence) of "))
            #expect(try Listed.all(fork.api).map(\.name) == ["a"])
            #expect(try Listed.all(original.api).map(\.name) == ["a", "b"])

            let (status, answer) = try await rig.apart { try fork.api.send("POST", "jobs/\(id)/run") }
            #expect(status == 202, "\(String(decoding: answer, as: UTF8.self))")
            // Its clock stands still until it is told to go on.
            _ = try await rig.apart { try fork.api.send("POST", "clock", #"{"advance":"2h"}"#) }
            let (_, runs) = try await rig.apart { try fork.api.send("GET", "jobs/\(id)/runs") }
            #expect(String(decoding: runs, as: UTF8.self).contains(#""egress""#))
            fork.child.terminate()
            #expect(try await rig.ending(of: fork.child).status == 0)
            #expect(try await rig.target.calls().isEmpty)
            #expect(try await rig.run(dump).output == before.output)
        }
    }

    // MARK: Steps

    private struct Recorded: Decodable {
        let sequence: UInt64
        let kind: String
        let result: String?
        let count: Int?
    }

    /// The records of some kinds in a folder, in order.
    private static func records(_ rig: ServerRig, _ folder: String, _ kinds: String) async throws
        -> [Recorded]
    {
        let dump = try await rig.run(["journal", "dump", "--data-dir", folder, "--kind", kinds])
        return try dump.output.split(separator: "\n").map {
            try JSONDecoder().decode(Recorded.self, from: Data($0.utf8))
        }
    }

    /// A folder with some jobs whose server has ended, and the path of its backup.
    private static func backedUp(_ rig: ServerRig, jobs: [String], flags: [String]) async throws -> String {
        let server = try await rig.start()
        for name in jobs { _ = try await rig.apart { try server.api.addIdle(name) } }
        server.child.terminate()
        #expect(try await rig.ending(of: server.child).status == 0)
        let backup = "\(rig.dataFolder).tar"
        let made = try await rig.run(["backup", backup, "--data-dir", rig.dataFolder] + flags)
        #expect(made.status == 0, "\(made.complaint)")
        return backup
    }
}
