import FoundationEssentials
import NIOCore
import Testing

/// In and out of a real server with the real program: a crontab in, a document out, and that document again.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ImportTests {
    private static let crontab = """
        CRON_TZ=Europe/Oslo
        # ping
        */5 * * * * curl -fsS 'http://127.0.0.1:9/ping?key=one' >/dev/null 2>&1
        */5 * * * * curl -fsS 'http://127.0.0.1:9/twin?key=one'
        */5 * * * * curl -fsS 'http://127.0.0.1:9/twin?key=two'
        0 4 * * * /usr/local/bin/backup.sh
        """

    @Test func `a crontab imported twice makes its jobs once, and its document applies to itself`()
        async throws
    {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            let login = ["--url", "http://127.0.0.1:\(server.api.port)", "--token", "t"]
            let crontab = "\(rig.dataFolder).crontab"
            try Data(Self.crontab.utf8).write(to: URL(filePath: crontab))

            let tried = try await rig.run(["import", "crontab", crontab, "--dry-run"] + login)
            #expect(tried.status == 0)
            #expect(tried.output.contains("would be made (3):\n  line 3  \"ping\"\n"))
            #expect(tried.output.contains("not translated (1):\n  line 6  /usr/local/bin/backup.sh\n"))
            #expect(try await names(server).isEmpty)

            let made = try await rig.run(["import", "crontab", crontab, "--label", "site"] + login)
            #expect(made.status == 0, "\(made.complaint)")
            #expect(try await names(server) == ["ping", "", ""])
            let again = try await rig.run(["import", "crontab", crontab, "--label", "site"] + login)
            #expect(again.output.contains("already there (3):"))
            #expect(try await names(server).count == 3)

            let document = "\(rig.dataFolder).json"
            let exported = try await rig.run(["export", document, "--label", "site"] + login)
            #expect(exported.status == 0)
            #expect(exported.complaint.contains("3 jobs written to"))
            #expect(exported.complaint.contains("ping  callback_url"))
            let same = try await rig.run(["apply", document, "--prune"] + login)
            #expect(same.output == "nothing to do: 3 jobs are as the document says\n", "\(same.complaint)")
        }
    }

    @Test func `a document without secrets makes the same jobs, and what it no longer names is pruned`()
        async throws
    {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            let login = ["--url", "http://127.0.0.1:\(server.api.port)", "--token", "t"]
            _ = try await rig.apart { try server.api.addIdle("a") }
            let document = "\(rig.dataFolder).json"
            try Data(Self.document.utf8).write(to: URL(filePath: document))

            let tried = try await rig.run(["apply", document, "--dry-run"] + login)
            #expect(tried.output.contains("would be created (2):"), "\(tried.complaint)")
            #expect(tried.output.contains("note: job 1 is named \"a\" too, without the label site"))
            #expect(tried.output.contains(" gained, 0 lost\n"))
            #expect(try await names(server) == ["a"])
            #expect(try await rig.run(["apply", document] + login).status == 0)
            #expect(try await names(server) == ["a", "a", "b"])

            let exported = try await rig.run(["export", "--label", "site"] + login)
            #expect(exported.output == Self.document)
            #expect(exported.complaint.isEmpty)

            let shorter = Self.document.replacing("\"a\"", with: "\"c\"")
            try Data(shorter.utf8).write(to: URL(filePath: document))
            let kept = try await rig.run(["apply", document] + login)
            #expect(kept.output.contains("not in the document, and left there (--prune removes them): a\n"))
            let pruned = try await rig.run(["apply", document, "--prune"] + login)
            #expect(pruned.output.contains("removed (1):\n  a  "), "\(pruned.output)")
            #expect(try await names(server) == ["a", "b", "c"])
        }
    }

    private func names(_ server: ServerRig.Server) async throws -> [String] {
        try Listed.all(server.api).map(\.name)
    }

    /// As `export` writes it.
    private static let document = """
        {
          "chronatog": 1,
          "label": "site",
          "defaults": {
            "zone": "UTC",
            "dst": "vixie"
          },
          "jobs": [
            {
              "name": "a",
              "callback_url": "http://127.0.0.1:9/a",
              "schedule": "0 0-23 * * *",
              "retries": 0,
              "labels": [
                "team:b"
              ]
            },
            {
              "name": "b",
              "callback_url": "http://127.0.0.1:9/b",
              "schedule": [
                "30 2 * * *"
              ],
              "zone": "Asia/Tokyo",
              "method": "PUT",
              "body": "x",
              "timeouts": {
                "total": "2m"
              }
            }
          ]
        }

        """
}
