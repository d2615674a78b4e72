import FoundationEssentials
import Glibc
import NIOCore
import Testing

/// The real executable, its real folder, real sockets: few, because each costs seconds.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ServerTests {
    @Test func `a second server on the same folder is refused with a sentence`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let first = try await rig.start()
            let second = try await rig.run(rig.serving())
            #expect(second.status == 1)
            #expect(second.output.isEmpty)
            #expect(second.complaint.contains("in use by process \(first.child.pid)."))
            #expect(second.complaint.contains("hint: "))
            let jobs = try await rig.apart { try Listed.all(first.api) }
            #expect(jobs.isEmpty, "the first one goes on serving")
        }
    }

    @Test func `SIGTERM drains and exits 0`() async throws {
        try await ServerRig.with(answersAfter: .milliseconds(300)) { rig in
            let first = try await rig.start()
            let id = try await rig.apart { try first.api.add("slow", everySecondTo: rig.target) }
            let call = try await rig.target.call { $0.path == "/slow" }
            first.child.terminate()
            let ending = try await rig.ending(of: first.child)
            #expect(ending.status == 0, "\(ending.complaint)")
            let ended = Date.now
            let second = try await rig.start()
            let slots = try await rig.apart { try second.api.list(Slot.self, "jobs/\(id)/slots") }
            let runs = try await rig.apart { try second.api.list(Run.self, "jobs/\(id)/runs") }
            let calls = try await rig.target.calls().filter { $0.scheduledAt == call.scheduledAt }
            let slot = slots.first { $0.slot.formatted(.iso8601) == call.scheduledAt }
            let run = runs.first { $0.scheduledAt == call.scheduledAt }
            #expect(slot?.result == "ok")
            #expect(run?.result == "ok")
            #expect(run?.attempts.count == 1)
            let until = try #require(run?.endedAt).prefix(19)
            #expect(until <= ended.formatted(.iso8601).prefix(19))
            #expect(calls.count == 1, "what was recorded is not called again")
        }
    }

    @Test func `a port in use is one clear sentence`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let taken = rig.target.port
            let refused = try await rig.run(rig.serving(port: taken))
            #expect(refused.status == 1)
            #expect(refused.output.isEmpty)
            let errors = refused.complaint.split(separator: "\n").filter { $0.hasPrefix("error: ") }
            #expect(errors == ["error: 127.0.0.1:\(taken) is in use by another program"])
            #expect(refused.complaint.contains("hint: stop that one, or give another port"))
        }
    }

    @Test func `a job is added with what its flags say, and a fault names the flag`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            let at = ["--url", "http://127.0.0.1:\(server.api.port)", "--token", "t"]
            let job = ["add", "@daily", "http://127.0.0.1:1/"]
            let flags = ["--alert-unusual", "--completion", "ping", "--max-runtime", "10m", "--json"]
            let added = try await rig.run(job + flags + at)
            for field in [#""alert_unusual": true"#, #""completion": "ping""#, #""max_runtime": "10m""#] {
                #expect(added.output.contains(field), "\(added.output)\(added.complaint)")
            }
            let refused = try await rig.run(job + ["--label", "A B", "--timeout", "soon"] + at)
            #expect(refused.status == 2)
            #expect(refused.complaint.contains("error: --label: "), "\(refused.complaint)")
            #expect(refused.complaint.contains("error: --timeout: "))
        }
    }
}
