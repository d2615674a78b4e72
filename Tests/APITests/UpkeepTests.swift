import API
import Domain
import Effects
import Journaling
import Testing

/// What an operator asks of the whole journal, over the API.
struct UpkeepTests {
    private let api = "/chronatogapi/1"

    @Test func `verify recomputes every slot and says so`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"*/5 * * * *"}"#)
        try await rig.clock(#"{"advance":"2h"}"#)
        let all = await rig.send("GET", "\(api)/verify")
        #expect(all.status == 200 && all.json["sound"] == .bool(true), "\(all)")
        #expect(all.json["slots"]?.number == 24 && all.json["runs"]?.number == 24)
        #expect(all.json["history_from"]?.number == 1 && all.json["jobs"]?.number == 1)
        let hour = await rig.send("GET", "\(api)/verify?from=2026-01-01T01:00:00Z&to=2026-01-01T01:30:00Z")
        #expect(hour.json["slots"]?.number == 6 && hour.json["sound"] == .bool(true), "\(hour)")
        let wrong = await rig.send("GET", "\(api)/verify?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")
        #expect(wrong.status == 422)
        #expect(
            await rig.send("GET", "\(api)/verify", as: SiteRig.basic("Udefault", "Pdefault")).status == 404
        )
        #expect(job == "1")
        await rig.stop()
    }

    @Test func `a backup is read in parts, while the server goes on, and is whole`() async throws {
        let rig = try await SiteRig()
        _ = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"* * * * *"}"#)
        try await rig.clock(#"{"advance":"3h"}"#)
        let made = await rig.send("POST", "\(api)/backups")
        #expect(made.status == 201, "\(made)")
        let total = Int(try #require(made.json["bytes"]?.number))
        let id = try #require(made.json["id"]?.string)
        let sequence = try #require(made.json["sequence"]?.number)
        let files = MemoryDisk()
        try files.create("b.tar", allocating: 0)
        var offset = 0
        while offset < total {
            let part = await rig.send("GET", "\(api)/backups/\(id)?offset=\(offset)&bytes=10000")
            #expect(part.status == 200 && part["Content-Type"] == "application/x-tar")
            try files.write("b.tar", at: offset, part.body)
            offset += part.body.count
            // What happens meanwhile is not in it.
            try await rig.clock(#"{"advance":"1m"}"#)
        }
        let backup = try BackupFile("b.tar", on: files)
        try backup.verify()
        #expect(Int64(backup.manifest.sequence.value) == sequence && offset == total)
        let folder = MemoryDisk()
        try backup.unpack(to: folder)
        #expect(try Inspection(disk: folder).check().lastSequence == backup.manifest.sequence)
        #expect(await rig.send("GET", "\(api)/backups/none").status == 404)
        #expect(await rig.send("GET", "\(api)/backups/\(id)?offset=\(total + 1)").status == 422)
        await rig.stop()
    }

    @Test func `the journal is dumped by range, job and kind`() async throws {
        let rig = try await SiteRig()
        let first = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"0 * * * *"}"#)
        _ = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"0 * * * *"}"#)
        try await rig.clock(#"{"advance":"3h"}"#)
        func lines(_ query: String) async -> Int {
            await rig.send("GET", "\(api)/journal?\(query)").text.split(separator: "\n").count
        }
        #expect(await lines("kind=runClosed") == 6)
        #expect(await lines("kind=runClosed,slotDecided&job=\(first)") == 6)
        #expect(await lines("from=3&to=6") == 3)
        #expect(await lines("from=2026-01-01T02:00:00Z&kind=slotDecided") == 4)
        let wrong = await rig.send("GET", "\(api)/journal?kind=runClose")
        #expect(wrong.status == 422 && wrong.text.contains("runClosed"), "\(wrong)")
        await rig.stop()
    }
}
