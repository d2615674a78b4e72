import Domain
import Effects
import Testing

@testable import API

/// Who sees the events of checks, and of their alerts.
struct CheckEventTests {
    private let events = "/chronatogapi/1/events"
    private let checks = "/chronatogapi/1/checks"
    private let owner = SiteRig.basic("Udefault", "Pdefault")
    private let other = SiteRig.basic("other", "longenough")

    private func types(_ answer: Answer) -> [String] {
        answer.json.array?.compactMap { $0["type"]?.string } ?? []
    }

    private func addOther(to rig: SiteRig) async {
        let body = #"{"username":"other","password":"longenough"}"#
        #expect(await rig.send("POST", "/chronatogapi/1/schedulers", body).status == 201)
    }

    private static let life = [
        "ping_key.set", "check.registered", "check.pinged", "alert.opened", "check.pinged", "alert.resolved",
    ]

    /// A check of the default scheduler's that failed and recovered.
    private func live(_ rig: SiteRig) async throws {
        let made = await rig.send("POST", checks, #"{"name":"backup"}"#, as: owner)
        #expect(made.status == 201, "\(made.text)")
        let url = try #require(made.json["ping_url"]?.string)
        let path = "/" + url.split(separator: "/", maxSplits: 2).dropFirst(2).joined()
        #expect(await rig.send("GET", "\(path)/fail", as: "").status == 200)
        #expect(await rig.send("GET", path, as: "").status == 200)
    }

    @Test func `they reach the scheduler that owns the check, and no other`() async throws {
        let rig = try await SiteRig()
        await addOther(to: rig)
        try await live(rig)
        let seen = await rig.send("GET", events, as: owner)
        #expect(types(seen) == Self.life)
        #expect(seen.json.array?[3]["check"]?.string == "1")
        #expect(await rig.send("GET", events, as: other).json == .array([]))
        #expect(await rig.send("POST", checks, #"{"name":"theirs"}"#, as: other).status == 201)
        #expect(types(await rig.send("GET", events, as: other)) == ["ping_key.set", "check.registered"])
        #expect(types(await rig.send("GET", events, as: owner)) == Self.life)
        let all = types(await rig.send("GET", events))
        #expect(all.filter { $0 == "check.registered" }.count == 2)
        await rig.stop()
    }

    @Test func `a removed check's stay its owner's, after a restart too`() async throws {
        let disk = MemoryDisk()
        let first = try await SiteRig(disk: disk)
        await addOther(to: first)
        try await live(first)
        #expect(await first.send("DELETE", "\(checks)/1", as: owner).status == 200)
        let last = try #require(
            await first.send("GET", events, as: owner).json.array?.last?["seq"]?.number
        )
        await first.stop()
        let second = try await SiteRig(disk: disk)
        #expect(types(await second.send("GET", events, as: owner)) == Self.life + ["check.removed"])
        #expect(await second.send("GET", events, as: other).json == .array([]))
        await second.stop()
        let third = try await SiteRig(disk: disk)
        let tail = await third.send("GET", "\(events)?since=\(last - 1)", as: owner)
        #expect(types(tail) == ["check.removed"])
        #expect(await third.send("GET", "\(events)?since=\(last - 1)", as: other).json == .array([]))
        await third.stop()
    }
}
