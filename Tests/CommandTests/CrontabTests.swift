import Domain
import Testing

@testable import chronatog

struct CrontabTests {
    private static let text = """
        # m h dom mon dow command
        SHELL=/bin/bash
        MAILTO="ops@example.com"
        CRON_TZ = Europe/Oslo

        # Ping the shop
        */5 * * * *  curl -fsS https://shop.example/ping >/dev/null 2>&1
        # ---------
        # 0 3 * * * curl https://old.example/
        @daily wget -q -O /dev/null https://shop.example/daily
        CRON_TZ=
        30 2 * * 1 curl -d @- https://shop.example/in%a=1%b=50\\%
        0 4 * * * /usr/local/bin/backup.sh
        61 * * * * curl https://shop.example/
        * * * * curl
        """

    @Test func `lines become entries, with the name and the zone that stand above them`() {
        let crontab = Crontab(Self.text, hasUserColumn: false)
        #expect(
            crontab.entries == [
                Crontab.Entry(
                    line: 7,
                    name: "Ping the shop",
                    schedule: "*/5 * * * *",
                    zone: "Europe/Oslo",
                    command: "curl -fsS https://shop.example/ping >/dev/null 2>&1"
                ),
                Crontab.Entry(
                    line: 10,
                    name: "",
                    schedule: "@daily",
                    zone: "Europe/Oslo",
                    command: "wget -q -O /dev/null https://shop.example/daily"
                ),
                Crontab.Entry(
                    line: 12,
                    name: "",
                    schedule: "30 2 * * 1",
                    command: "curl -d @- https://shop.example/in",
                    input: "a=1\nb=50%\n"
                ),
                Crontab.Entry(
                    line: 13,
                    name: "",
                    schedule: "0 4 * * *",
                    command: "/usr/local/bin/backup.sh"
                ),
            ]
        )
        #expect(crontab.refused.map(\.line) == [14, 15])
        #expect(crontab.refused[0].reasons[0].contains("minute \"61\""))
        #expect(crontab.remarks.map(\.line) == [3])
    }

    @Test func `a translation has the jobs, and every line that is none`() {
        let translation = Translation(
            Crontab(Self.text, hasUserColumn: false),
            adding: Translation.Additions(zone: "Asia/Tokyo", labels: ["site"])
        )
        #expect(translation.jobs.map(\.line) == [7, 10, 12])
        #expect(translation.refused.map(\.line) == [13, 14, 15])
        let last = translation.jobs[2].json
        #expect(last["body"]?.string == "a=1b=50%")
        #expect(last["zone"]?.string == "Asia/Tokyo")
        #expect(last["labels"] == .array([.string("site")]))
        #expect(translation.jobs[0].json["zone"]?.string == "Europe/Oslo")
        #expect(translation.jobs[0].json["name"]?.string == "Ping the shop")
    }

    @Test func `a system crontab has a user, and a user's crontab hints at it`() {
        let text = """
            RANDOM_DELAY=15
            TZ=:Nowhere/Land
            @hourly root curl http://h/
            TZ=UTC
            @hourly root curl http://h/
            """
        let system = Crontab(text, hasUserColumn: true)
        #expect(system.entries.map(\.command) == ["curl http://h/"])
        #expect(system.entries[0].jitter == .minutes(15))
        #expect(system.refused.map(\.reasons) == [["\"Nowhere/Land\" is not a time zone"]])
        var user = Translation(
            Crontab("@hourly root curl http://h/", hasUserColumn: false),
            adding: Translation.Additions()
        )
        user.hintAtUserColumn()
        #expect(user.refused[0].reasons.last == "if \"root\" is a user's name, say --system")
    }

    @Test func `a variable that the crontab sets is named with its line`() {
        let translation = Translation(
            Crontab("\nTOKEN = abc\n@hourly curl -H \"X: $TOKEN\" http://h/$OTHER", hasUserColumn: false),
            adding: Translation.Additions()
        )
        #expect(
            translation.refused[0].reasons == ["$TOKEN is set on line 2: write its value into the command"]
        )
    }

    @Test func `a machine's own zone is told when jobs would get another`() {
        let translation = Translation(
            Crontab("@daily curl http://h/", hasUserColumn: false),
            adding: Translation.Additions()
        )
        func note(_ machine: String?, isGiven: Bool = false) -> String? {
            var report = ImportReport(translation, isDryRun: true, isJSON: false)
            let shown = JSON.object([.init("zone", .string("UTC"))])
            report.settled = translation.jobs.map { .init(job: $0, outcome: .made(shown)) }
            report.noteZone(machine, isGiven: isGiven)
            return report.zoneNote
        }
        #expect(
            note("Europe/Oslo")
                == "cron on this machine goes by Europe/Oslo, jobs without a zone by UTC: "
                + "--zone Europe/Oslo keeps cron's times"
        )
        #expect(note("Europe/Oslo", isGiven: true) == nil)
        #expect(note("Etc/UTC") == nil)
        #expect(note(nil) == nil)
    }

    @Test func `no text stops the parsers`() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "curl", " ", "-d", "-", "@", "%", "\\", "'", "\"", "$'", "\\x4", "\\u", "$", "`", ">", "<",
            "2>&1", "&",
            "|", "\n", "#", "*/5 * * * * ", "@daily ", "TZ=", "http://h/", "[", "{{", "é", "wget --", "=",
            "-XqO",
            "timeout 1e9 ", "flock -n", "--max-redirs 99999999999999999999 ", "-m 1.1.1 ",
        ]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 1...12, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let lines = Translation(
                Crontab("* * * * * \(text)\n\(text)", hasUserColumn: Bool.random(using: &random)),
                adding: Translation.Additions()
            )
            let command = Translation(command: text, schedule: "@daily", name: nil, adding: .init())
            #expect(lines.jobs.count <= 2 && command.jobs.count + command.refused.count == 1)
        }
    }

    @Test func `an import takes each job of the server for one line at most`() {
        let matches = ImportRun.matched([
            [("1", ["body"]), ("2", [])], [("1", ["body"]), ("2", ["body"])],
            [("1", ["retries"]), ("2", [])],
        ])
        #expect(matches.map(\.index) == [0, 1])
        #expect(matches.map(\.id) == ["2", "1"])
    }
}
