import Domain
import FoundationEssentials
import Glibc
import NIOCore
import Synchronization
import Testing

@testable import Counterparts

/// A disk that fails in the middle of the work: `strace` makes the system answer EIO.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct FailingDiskTests {
    @Test func `a failed fdatasync ends the server, and nothing acknowledged is missing`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            guard let strace = try await Strace.usable(rig) else { return }
            let failing = try await rig.start(under: strace.failing("fdatasync", from: 40))
            let told = Told()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<6 {
                    group.addTask { try await rig.apart { try told.ask(failing.api, "c\(client)") } }
                }
                try await group.waitForAll()
            }
            let ending = try await rig.ending(of: failing.child)
            #expect(ending.status == 1, "\(ending.complaint)")
            #expect(ending.complaint.contains("error: the journal cannot be written: "))
            #expect(ending.complaint.contains("datasync"))
            #expect(ending.complaint.contains("Input/output error"))
            #expect(ending.complaint.contains("hint: "))
            let (kept, refusals) = (told.kept, told.refusals)
            #expect(!kept.isEmpty)
            #expect(refusals.allSatisfy { $0 == 500 || $0 == 503 }, "\(refusals)")
            #expect(refusals.contains(500), "whoever waited for the disk is told")
            let second = try await rig.start()
            let jobs = try await rig.apart { try Listed.all(second.api) }
            let names = Dictionary(jobs.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
            for (id, name) in kept { #expect(names[id] == name) }
            print("\(kept.count) jobs acknowledged before EIO, \(refusals.count) requests refused at it")
            second.child.terminate()
            #expect(try await rig.ending(of: second.child).status == 0)
            let check = try await rig.run(["journal", "check", "--data-dir", rig.dataFolder])
            #expect(check.status == 0, "\(check.output)\(check.complaint)")
        }
    }

    @Test func `a server that cannot write tells its operator's Sentry before it ends`() async throws {
        let onCall = try await OnCall()
        try await ServerRig.with(answersAfter: .zero) { rig in
            guard let strace = try await Strace.usable(rig) else { return }
            let failing = try await rig.start(onCall.flags, under: strace.failing("fdatasync", from: 10))
            let told = Told()
            try await rig.apart { try told.ask(failing.api, "c") }
            #expect(try await rig.ending(of: failing.child).status == 1)
            let event = try #require(onCall.state.sentry.events.values.first)
            #expect(event["level"]?.string == "fatal")
            #expect(event["logger"]?.string == "chronatog.journal")
            #expect(event["message"]?["formatted"]?.string?.contains("cannot be written") == true)
        }
        try await onCall.stop()
    }

    @Test func `a disk that fails from the start is one clear sentence`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            guard let strace = try await Strace.usable(rig) else { return }
            let refused = try await rig.run(rig.serving(), under: strace.failing("fdatasync", from: 1))
            #expect(refused.status == 1)
            #expect(refused.output.isEmpty)
            #expect(refused.complaint.contains("Input/output error"))
            let fresh = try await rig.start()
            #expect(try await rig.apart { try Listed.all(fresh.api) }.isEmpty)
        }
    }
}

/// The program that comes between a process and its system.
private struct Strace {
    let path: String

    /// nil, with the reason printed, where there is none or where it may not look.
    static func usable(_ rig: ServerRig) async throws -> Strace? {
        let folders = ["/usr/bin", "/usr/local/bin", "/bin"]
        // because: the path is a string of ours
        guard let folder = folders.first(where: { unsafe access("\($0)/strace", X_OK) == 0 }) else {
            print("the tests of a failing disk are left out: there is no strace")
            return nil
        }
        let strace = Strace(path: "\(folder)/strace")
        let trial = try await rig.run(["version"], under: strace.failing("fdatasync", from: 1))
        guard trial.status == 0 else {
            print("the tests of a failing disk are left out: strace may not trace: \(trial.complaint)")
            return nil
        }
        return strace
    }

    /// Every thread's n-th call and all after it fail with EIO.
    func failing(_ call: String, from count: Int) -> [String] {
        [
            path, "-f", "--quiet=all", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
            "inject=\(call):error=EIO:when=\(count)+",
        ]
    }
}

/// What clients were answered until there was nobody left to answer.
private final class Told: Sendable {
    private let state = Mutex(State())

    private struct State {
        var kept: [String: String] = [:]
        var refusals: [Int] = []
    }

    var kept: [String: String] { state.withLock { $0.kept } }
    var refusals: [Int] { state.withLock { $0.refusals } }

    func ask(_ api: APIClient, _ client: String) throws {
        struct Created: Decodable { let id: String }
        for number in 0..<1000 {
            let name = "\(client)n\(number)"
            let form = #"{"name":"\#(name)","callback_url":"http://127.0.0.1:9/","schedule":"0 0 29 2 *"}"#
            do {
                let (status, body) = try api.send("POST", "jobs", form)
                if status == 201 {
                    let id = try JSONDecoder().decode(Created.self, from: Data(body)).id
                    state.withLock { $0.kept[id] = name }
                } else {
                    state.withLock { $0.refusals.append(status) }
                }
            } catch is APIClient.Lost {
                return
            }
        }
        throw Obstacle("a thousand jobs were taken from \(client) by a disk that fails")
    }
}
