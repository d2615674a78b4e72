import NIOCore
import Testing

/// Pings over real sockets, from scripts that know nothing of Chronatog but its address.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct PingTests {
    /// As https://healthchecks.io/docs shows how to use curl; `HC` is all that differs.
    private static let script = """
        set -eu
        HC=$1; UUID=$2; KEY=$3
        RID=7d7a3f0e-2c4b-4f6d-9a57-0c1b2d3e4f50
        ping() { curl -fsS -m 10 --retry 5 -o /dev/null "$@"; }
        code() { curl -sS -m 10 -o /dev/null -w '%{http_code}\\n' "$@"; }

        ping "$HC/ping/$UUID"
        ping --head "$HC/ping/$UUID"
        ping "$HC/ping/$UUID/start?rid=$RID"
        m=$(printf 'line one\\nline two\\n'); ping --data-raw "$m" "$HC/ping/$UUID/0?rid=$RID"
        set +e; sh -c 'exit 3'; result=$?; set -e
        ping "$HC/ping/$UUID/$result"
        ping --data-raw 'disk full' "$HC/ping/$UUID/fail"
        ping --data-raw 'just saying' "$HC/ping/$UUID/log"
        ping "$HC/ping/$UUID"
        printf 'a report' > "$4"; ping -T "$4" "$HC/ping/$UUID"

        curl -sS -m 10 "$HC/ping/$UUID"; echo
        code "$HC/ping/$KEY/nightly"
        code "$HC/ping/$KEY/nightly?create=1"
        code "$HC/ping/$KEY/nightly?create=1"
        code "$HC/ping/$KEY/nightly/start"
        code "$HC/ping/$UUID/256"
        code "$HC/ping/$UUID/later"
        code "$HC/ping/$UUID?rid=7"
        code "$HC/ping/6e1b3f0a-9c2d-4e5f-8a7b-0123456789ab"
        code "$HC/ping/guess/nightly"
        head -c 3000000 /dev/zero | tr '\\0' 'x' | code --data-binary @- "$HC/ping/$UUID"
        curl -sS -m 10 -D - -o /dev/null "$HC/ping/$UUID" | tr -d '\\r' | grep -i '^ping-body-limit'
        """

    private struct Check: Decodable, Sendable {
        var id: String
        var slug: String
        var ping_url: String
        var slug_url: String?
        var state: String
        var pings: Int
    }

    private struct PingRow: Decodable, Sendable {
        var kind: String
        var exit_code: Int?
        var duration: String?
        var method: String
        var body_bytes: Int
    }

    @Test func `a script written for Healthchecks works unchanged but for its host`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            let host = "http://127.0.0.1:\(server.api.port)"
            try await rig.apart {
                _ = try server.api.send("POST", "checks", #"{"name":"backup","slug":"backup"}"#)
            }
            let made = try await rig.apart { try server.api.list(Check.self, "checks") }
            let uuid = try #require(made.first?.ping_url.split(separator: "/").last)
            let slugParts = try #require(made.first?.slug_url).split(separator: "/")
            let key = String(slugParts[slugParts.count - 2])
            let end = try await rig.run(
                [host, String(uuid), key, "\(rig.dataFolder).report"],
                under: ["/bin/sh", "-c", Self.script]
            )
            #expect(end.status == 0, "\(end.complaint)")
            #expect(
                end.output.split(separator: "\n").map { $0.lowercased() } == [
                    "ok", "404", "201", "200", "200", "400", "404", "400", "404", "404", "200",
                    "ping-body-limit: 10000",
                ]
            )
            let rows = try await rig.apart { try server.api.list(PingRow.self, "checks/1/pings") }
            let oldest = Array(rows.reversed())
            #expect(
                oldest.prefix(9).map(\.kind) == [
                    "success", "success", "start", "success", "fail", "fail", "log", "success", "success",
                ]
            )
            #expect(oldest[8].method == "PUT")
            #expect(oldest[8].body_bytes == 8)
            #expect(oldest[1].method == "HEAD")
            #expect(oldest[3].duration != nil)
            #expect(oldest[3].exit_code == 0)
            #expect(oldest[4].exit_code == 3)
            #expect(oldest.map(\.body_bytes).contains(3_000_000))
            let checks = try await rig.apart { try server.api.list(Check.self, "checks") }
            #expect(checks.map(\.slug) == ["backup", "nightly"])
            #expect(checks.map(\.state) == ["up", "started"])
        }
    }

    @Test func `pings survive a kill, and older ones are read from the journal`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let first = try await rig.start()
            try await rig.apart { _ = try first.api.send("POST", "checks", #"{"name":"worker"}"#) }
            let added = try await rig.apart { try first.api.list(Check.self, "checks") }
            let path = try #require(added.first?.ping_url.split(separator: "/", maxSplits: 2).last)
            let url = "http://127.0.0.1:\(first.api.port)/\(path)"
            let loop = "for i in $(seq 30); do curl -fsS -m 10 -o /dev/null \"$1/$i\" || exit 1; done"
            let end = try await rig.run([url], under: ["/bin/sh", "-c", loop])
            #expect(end.status == 0, "\(end.complaint)")
            first.child.kill()
            let second = try await rig.start()
            let rows = try await rig.apart {
                try second.api.list(PingRow.self, "checks/1/pings?limit=100")
            }
            #expect(rows.compactMap(\.exit_code) == Array((1...30).reversed()))
            let checks = try await rig.apart { try second.api.list(Check.self, "checks") }
            #expect(checks.map(\.pings) == [30])
            #expect(checks.map(\.state) == ["down"])
        }
    }

    @Test func `the command line adds, shows and pings a check`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            let at = ["--url", "http://127.0.0.1:\(server.api.port)", "--token", "t"]
            let added = try await rig.run(["check", "add", "Nightly Backup", "--schedule", "0 3 * * *"] + at)
            #expect(added.status == 0, "\(added.complaint)")
            #expect(added.output.contains("0 3 * * * /path/to/command; curl -fsS -m 10 --retry 5"))
            #expect(added.output.contains("/nightly-backup"))
            let wrong = try await rig.run(["check", "show", "Nightly Bakup"] + at)
            #expect(wrong.status != 0)
            #expect(wrong.complaint.contains("did you mean Nightly Backup?"))
            let pinged = try await rig.run(["check", "ping", "nightly-backup", "fail"] + at)
            #expect(pinged.status == 0, "\(pinged.complaint)")
            let shown = try await rig.run(["check", "show", "nightly-backup"] + at)
            #expect(shown.output.contains("\"Nightly Backup\" is down since 20"), "\(shown.output)")
            #expect(shown.output.contains("The next good ping ends it"))
            let refused = try await rig.run(["check", "add", "x", "--schedule", "0 25 * * *"] + at)
            #expect(refused.status == 2)
            #expect(refused.complaint.contains("--schedule: hour"), "\(refused.complaint)")
            let few = try await rig.run(["check", "add", "y", "--failures", "0"] + at)
            #expect(few.complaint.hasPrefix("error: --failures: "), "\(few.complaint)")
            let again = try await rig.run(["check", "add", "nightly backup"] + at)
            #expect(again.complaint.contains("--slug WORD gives it another"), "\(again.complaint)")
        }
    }

    @Test func `the command line changes what it is told of a check, and nothing else`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            let at = ["--url", "http://127.0.0.1:\(server.api.port)", "--token", "t"]
            func set(_ words: [String]) async throws -> ChildProgram.Ending {
                try await rig.run(["check", "set", "worker"] + words + at)
            }
            let options = ["--schedule", "@daily", "--zone", "Europe/Oslo", "--tag", "shop", "--grace", "5m"]
            let added = try await rig.run(["check", "add", "worker"] + options + at)
            #expect(added.output.contains("every day (Europe/Oslo)"), "\(added.output)\(added.complaint)")
            let period = try await set(["--period", "10m", "--max-runtime", "2m", "--alert-unusual"])
            #expect(period.output.contains("schedule       @daily → none\n"), "\(period.output)")
            #expect(period.output.contains("period         none → 10m\n"))
            #expect(period.output.contains("alert_unusual  no → yes\n"))
            #expect(!period.output.contains("grace"))
            let back = try await set([
                "--schedule", "0 3 * * *", "--tag", "", "--slug", "", "--max-runtime", "",
            ])
            #expect(back.output.contains("schedule     none → 0 3 * * *\n"), "\(back.output)")
            #expect(back.output.contains("tags         shop → none\n"))
            #expect(back.output.contains("slug         worker → none\n"))
            #expect(back.output.contains("max_runtime  2m → none\n"))
            let same = try await set(["--grace", "5m"])
            #expect(same.output == "check 1 \"worker\" is as it was\n")
            let nothing = try await set([])
            #expect(nothing.status == 2)
            #expect(nothing.complaint.contains("say what to change"))
            let both = try await set(["--schedule", "@daily", "--period", "1h"])
            #expect(both.complaint.contains("--period: cannot be given beside a schedule"))
        }
    }
}
