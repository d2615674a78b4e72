import FoundationEssentials
import NIOCore
import Testing

/// A disk that is really full, not one that says so.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct FullDiskTests {
    private static let mount = SmallMount(mebibytes: 20)
    private static let ballastBytes = 8 << 20
    /// Small pieces, so that the end comes soon.
    private static let flags = ["--journal-segment-bytes", "4MiB", "--journal-reserve-bytes", "1MiB"]

    @Test func `a full disk refuses writes, goes on reading and recording, and is forgiven`() async throws {
        if let obstacle = SmallMount.obstacle() {
            return print("the test of a full disk is left out: \(obstacle)")
        }
        // A call lasts so long that one is under way when the disk is full.
        try await ServerRig.with(answersAfter: .milliseconds(2500), on: Self.mount) { rig in
            let ballast = "\(rig.mountPoint)/ballast"
            try Ballast.make(ballast, bytes: Self.ballastBytes)
            let first = try await rig.start(Self.flags)
            let busy = try await rig.apart { try first.api.add("busy", everySecondTo: rig.target) }
            _ = try await rig.target.call { $0.path == "/busy" }
            let kept = try await rig.apart { try fill(first.api) }
            print("the disk took \(kept.count) jobs of \(Form.bodyBytes) bytes")
            #expect(kept.count > 100)
            try await expectReadOnly(first, kept, busy, rig)
            try await expectOutcomes(first, of: busy, rig)
            // Still full: a crash now costs nothing that was acknowledged, and the server comes up again.
            first.child.kill()
            let second = try await rig.start(Self.flags)
            try await expectReadOnly(second, kept, busy, rig)
            Ballast.remove(ballast)
            let more = try await rig.apart { try addWhenPossible(second.api) }
            try await expectKept(second, kept + [more], rig)
            _ = try await rig.apart { try second.api.send("DELETE", "jobs/\(busy)") }
            second.child.terminate()
            let ending = try await rig.ending(of: second.child)
            #expect(ending.status == 0, "\(ending.complaint)")
            let check = try await rig.run(["journal", "check", "--data-dir", rig.dataFolder])
            #expect(check.status == 0, "\(check.output)\(check.complaint)")
        }
    }

    /// Writes answer 507, and reads as ever.
    private func expectReadOnly(
        _ server: ServerRig.Server,
        _ kept: [Kept],
        _ busy: String,
        _ rig: ServerRig
    ) async throws {
        let api = server.api
        let answers = try await rig.apart {
            [
                try api.send("POST", "jobs", Form.text("refused")),
                try api.send("POST", "jobs/\(busy)/pause"), try api.send("POST", "jobs/\(busy)/run"),
                try api.send("DELETE", "jobs/\(busy)"),
            ]
        }
        for (status, body) in answers {
            #expect(status == 507, "\(String(decoding: body, as: UTF8.self))")
            #expect(String(decoding: body, as: UTF8.self).contains("The disk is full"))
        }
        try await expectKept(server, kept, rig)
        let (status, body) = try await rig.apart { try api.send("GET", "jobs/\(busy)") }
        #expect(status == 200)
        #expect(try JSONDecoder().decode(Listed.self, from: Data(body)).state == "active")
    }

    private func expectKept(_ server: ServerRig.Server, _ kept: [Kept], _ rig: ServerRig) async throws {
        let jobs = try await rig.apart { try Listed.all(server.api) }
        let names = Dictionary(jobs.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        for job in kept { #expect(names[job.id] == job.name) }
    }

    /// A call that was under way when the disk was full is recorded when it ends.
    private func expectOutcomes(_ server: ServerRig.Server, of busy: String, _ rig: ServerRig) async throws {
        let open = try await rig.apart { try server.api.list(Run.self, "jobs/\(busy)/runs?last=1") }
        let last = try #require(open.first)
        _ = try await rig.target.call { $0.scheduledAt == last.scheduledAt }
        let closed = try await rig.apart { () throws -> Run? in
            // Each question takes about a millisecond, the call two and a half seconds.
            for _ in 0..<20_000 {
                let runs = try server.api.list(Run.self, "jobs/\(busy)/runs?last=1")
                if let run = runs.first, run.endedAt != nil { return run }
            }
            return nil
        }
        #expect(closed?.scheduledAt == last.scheduledAt, "nothing new is begun on a full disk")
        #expect(closed?.result == "ok")
    }

    /// Jobs until the disk is full.
    private func fill(_ api: APIClient) throws -> [Kept] {
        var kept: [Kept] = []
        for number in 0..<2000 {
            let (status, body) = try api.send("POST", "jobs", Form.text("n\(number)"))
            if status == 507 { return kept }
            guard status == 201 else { throw Obstacle("\(status) \(String(decoding: body, as: UTF8.self))") }
            kept.append(Kept(id: try Form.id(in: body), name: "n\(number)"))
        }
        throw Obstacle("2000 jobs did not fill the disk")
    }

    /// There is room again, and the server finds out by itself.
    private func addWhenPossible(_ api: APIClient) throws -> Kept {
        let end = ContinuousClock.now + .seconds(10)
        var last = 0
        while ContinuousClock.now < end {
            let (status, body) = try api.send("POST", "jobs", Form.text("again"))
            if status == 201 { return Kept(id: try Form.id(in: body), name: "again") }
            last = status
        }
        throw Obstacle("ten seconds after there was room a job is still answered with \(last)")
    }

    private struct Kept {
        var id: String
        var name: String
    }
}

/// A job with a long body.
private enum Form {
    static let bodyBytes = 20_000
    private static let body = String(repeating: "x", count: bodyBytes)

    static func text(_ name: String) -> String {
        #"{"name":"\#(name)","callback_url":"http://127.0.0.1:9/","schedule":"0 0 29 2 *","body":"\#(body)"}"#
    }

    static func id(in answer: [UInt8]) throws -> String {
        struct Created: Decodable { let id: String }
        return try JSONDecoder().decode(Created.self, from: Data(answer)).id
    }
}
