import Domain
import Testing

@testable import API

/// Labels, and trying a job without making it.
struct LabelTests {
    private let jobs = "/chronatogapi/1/jobs"

    private func job(_ members: String) -> String {
        #"{"callback_url":"/_sink/200","schedule":"@hourly",\#(members)}"#
    }

    @Test func `labels are kept in order and once, and jobs are listed by them`() async throws {
        let rig = try await SiteRig()
        let first = try await rig.add(job(#""labels":["team:b","a","team:b"]"#))
        _ = try await rig.add(job(#""name":"none""#))
        let third = try await rig.add(job(#""labels":["a"]"#))
        let shown = await rig.send("GET", "\(jobs)/\(first)")
        #expect(shown.json["labels"]?.text == #"["a","team:b"]"#)
        let listed = await rig.send("GET", "\(jobs)?label=a")
        #expect(listed.json.array?.compactMap { $0["id"]?.string } == [first, third])
        let page = await rig.send("GET", "\(jobs)?label=a&limit=1")
        #expect(page["Link"]?.contains("label=a&limit=1&after=\(first)") ?? false)
        let rest = await rig.send("GET", "\(jobs)?label=a&limit=1&after=\(first)")
        #expect(rest.json.array?.compactMap { $0["id"]?.string } == [third])
        #expect(rest["Link"] == nil)
        #expect(await rig.send("GET", "\(jobs)?label=A").status == 422)
        let patched = await rig.send("PATCH", "\(jobs)/\(first)", #"{"labels":null}"#)
        #expect(patched.json["labels"] == .array([]))
        await rig.stop()
    }

    static let refused = [
        #""labels":"a""#, #""labels":[1]"#, #""labels":[""]"#, #""labels":["A"]"#, #""labels":["a b"]"#,
        #""labels":["\#(String(repeating: "a", count: 65))"]"#,
        #""labels":[\#((0..<17).map { #""l\#($0)""# }.joined(separator: ","))]"#,
    ]

    @Test(arguments: refused) func `what is no label is refused`(_ members: String) async throws {
        let rig = try await SiteRig()
        let answer = await rig.send("POST", jobs, job(members))
        #expect(answer.status == 422)
        #expect(answer.messages.first?.hasPrefix("labels ") ?? false, "\(answer)")
        await rig.stop()
    }

    @Test func `a dry run answers what would be, and records nothing`() async throws {
        let rig = try await SiteRig()
        let id = try await rig.add(job(#""name":"a""#))
        let before = await rig.send("GET", "/healthz").json["sequence"]
        let made = await rig.send("POST", "\(jobs)?dry_run=true", job(#""name":"b","zone":"Asia/Tokyo""#))
        #expect(made.status == 200)
        #expect(made.json["name"]?.string == "b")
        #expect(made.json["next_at"]?.string == "2026-01-01T01:00:00Z")
        let changed = await rig.send(
            "PATCH",
            "\(jobs)/\(id)?dry_run=true",
            #"{"schedule":"30 2 * * *","labels":["x"]}"#
        )
        #expect(changed.json["changes"]?.text == #"["schedule","labels"]"#)
        #expect(changed.json["next_at"]?.string == "2026-01-01T02:30:00Z")
        #expect(
            await rig.send("PUT", "\(jobs)/\(id)?dry_run=true", job(#""name":"a""#)).json["changes"]
                == .array([])
        )
        #expect(await rig.send("POST", "\(jobs)?dry_run=true", job(#""zone":"x""#)).status == 422)
        #expect(await rig.send("POST", "\(jobs)?dry_run=1", job(#""name":"b""#)).status == 422)
        #expect(await rig.send("PUT", "\(jobs)/99?dry_run=true", job(#""name":"b""#)).status == 404)
        #expect(await rig.send("GET", "/healthz").json["sequence"] == before)
        #expect(await rig.send("GET", jobs).json.array?.count == 1)
        await rig.stop()
    }

    @Test func `a dry run tells another secret from the same one`() async throws {
        let rig = try await SiteRig()
        let url = #""callback_url":"http://u:p@127.0.0.1:9/x?k=1","schedule":"@hourly""#
        let rest = #""headers":{"X-A":"1","X-B":"2"},"body":"s","body_secret":true"#
        let id = try await rig.add("{\(url),\(rest)}")
        func changes(_ body: String) async -> String? {
            await rig.send("PUT", "\(jobs)/\(id)?dry_run=true", body).json["changes"]?.text
        }
        #expect(await changes("{\(url),\(rest)}") == "[]")
        let shown = await rig.send("GET", "\(jobs)/\(id)").text
        #expect(await changes(shown) == "[]")
        #expect(await changes("{\(url.replacing("k=1", with: "k=2")),\(rest)}") == #"["callback_url"]"#)
        #expect(await changes("{\(url.replacing("u:p", with: "u:q")),\(rest)}") == #"["callback_url"]"#)
        #expect(await changes("{\(url),\(rest.replacing("\"2\"", with: "\"3\""))}") == #"["headers.X-B"]"#)
        #expect(await changes("{\(url),\(rest.replacing("\"s\"", with: "\"t\""))}") == #"["body"]"#)
        #expect(await changes("{\(url),\(rest.replacing("X-B", with: "X-C"))}") == #"["headers"]"#)
        await rig.stop()
    }

    @Test func `a job whose time has come can be sent back as it is`() async throws {
        let rig = try await SiteRig()
        let once = #"{"name":"once","callback_url":"/_sink/200","schedule":"@at 2026-01-01T00:30:00Z"}"#
        let id = try await rig.add(once)
        try await rig.clock(#"{"advance":"3d"}"#)
        let same = await rig.send("PUT", "\(jobs)/\(id)?dry_run=true", once)
        #expect(same.json["changes"] == .array([]), "\(same)")
        #expect(await rig.send("POST", jobs, once).status == 422, "a new one would never run")
        await rig.stop()
    }

    @Test func `a masked body is no body for a new job`() async throws {
        let rig = try await SiteRig()
        let answer = await rig.send("POST", jobs, job(#""body":"***","body_secret":true"#))
        #expect(answer.messages == ["body is the mask of a secret, not a secret"])
        await rig.stop()
    }
}
