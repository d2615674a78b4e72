import Cron
import Domain
import Engine
import Integrations
import Testing

@testable import chronatog

struct ConfigurationTests {
    @Test func `nothing given is the defaults`() {
        let reading = read()
        #expect(reading.faults.isEmpty)
        #expect(reading.configuration == Configuration())
        #expect(reading.origins.isEmpty)
    }

    @Test func `a flag wins over a variable, a variable over a file, a file over an alias`() {
        let files = ["/run/listen": "127.0.0.1:3\n"]
        let alias = read(environment: ["PORT": "4"])
        #expect(alias.configuration.server.listen == ListenAddress(host: "0.0.0.0", port: 4))
        let file = read(environment: ["PORT": "4", "CHRONATOG_LISTEN_FILE": "/run/listen"], files: files)
        #expect(file.configuration.server.listen.port == 3)
        #expect(file.origins["listen"] == .file(variable: "CHRONATOG_LISTEN_FILE"))
        let variable = read(environment: ["PORT": "4", "CHRONATOG_LISTEN": "127.0.0.1:2"])
        #expect(variable.configuration.server.listen.port == 2)
        let flag = read(["--listen", "127.0.0.1:1"], environment: ["CHRONATOG_LISTEN": "127.0.0.1:2"])
        #expect(flag.configuration.server.listen.port == 1)
        #expect(flag.origins["listen"] == .flag)
    }

    @Test func `mail takes three settings, and a fault names the one to look at without its text`() {
        let good = read(
            ["--mail-to", "ops@x.example, \"Doe, J\" <j@x.example>", "--mail-from", "Cron <cron@x.example>"],
            environment: ["SMTP_URL": "smtp://u:p%40w@mail.x.example"]
        )
        #expect(good.faults.isEmpty)
        #expect(good.configuration.alerts.channels().channels.keys.sorted() == ["email"])
        let bad = read(["--smtp-url", "smtp://u:s3cret@x.example?tls=none", "--mail-to", "nobody"])
        #expect(bad.faults.contains { $0.hasPrefix("--smtp-url: its security is none, and a password") })
        #expect(bad.faults.contains { $0.hasPrefix("--mail-to holds something") })
        #expect(bad.faults.contains("--mail-from is missing"))
        #expect(!bad.faults.joined().contains("s3cret"))
        #expect(read(["--mail-to", "ops@x.example"]).faults == ["--mail-to needs --smtp-url"])
    }

    @Test func `a webhook without a secret is signed with this installation's key, and says so`() {
        let webhook = read(["--webhook-url", "https://x.example/hook"])
        #expect(webhook.faults.isEmpty)
        let settings = webhook.configuration.alerts.channels().channels["webhook"]
        #expect(settings?.summary == "webhook at https://x.example/***, signed with Ed25519")
    }

    @Test func `the tutorial's four variables watch a stream, and half of a login is said so`() {
        let good = read(environment: [
            "TUTUM_USERNAME": "me", "TUTUM_TOKEN": "s3cret", "TUTUM_STREAM_HOST": "stream.example.com",
        ])
        #expect(good.faults.isEmpty)
        let wish = good.configuration.alerts.streams().wishes["tutum"]
        #expect(wish?.settings["url"] == .string("wss://stream.example.com"))
        #expect(wish?.alertAfter == .seconds(10))
        let whole = read(environment: ["TUTUM_AUTH": "Basic s3cret", "TUTUM_TOKEN": "x"])
        #expect(whole.faults.isEmpty)
        #expect(
            whole.configuration.alerts.streams().wishes["tutum"]?.settings["url"]
                == .string("wss://stream.tutum.co/v1/events")
        )
        #expect(
            read(environment: ["TUTUM_TOKEN": "s3cret"]).faults
                == ["--tutum-token needs --tutum-username (TUTUM_USERNAME)"]
        )
        let bad = read(["--tutum-url", "ftp://h", "--tutum-auth", "s3cret"])
        #expect(bad.faults == ["--tutum-url does not begin with wss:// or ws://"])
        #expect(read(["--tutum-url", "wss://h"]).faults.first?.contains("needs credentials") == true)
        #expect(read(["--tutum-alert-after", "soon"]).faults.count == 1)
    }

    @Test func `a file loses one line end and no more`() {
        let reading = read(
            environment: ["CHRONATOG_TOKEN_FILE": "/run/token"],
            files: ["/run/token": "secret\n\n"]
        )
        #expect(reading.configuration.server.token?.value == "secret\n")
    }

    @Test func `a variable and its file together are a fault`() {
        let reading = read(
            environment: ["CHRONATOG_TOKEN": "a", "CHRONATOG_TOKEN_FILE": "/run/token"],
            files: ["/run/token": "b"]
        )
        #expect(reading.faults == ["CHRONATOG_TOKEN and CHRONATOG_TOKEN_FILE are both set; keep one of them"])
    }

    @Test func `a reserve that leaves no segment for anything else is a fault`() {
        let small = read(["--journal-segment-bytes", "4MiB", "--journal-reserve-bytes", "1MiB"])
        #expect(small.faults.isEmpty)
        let large = read(["--journal-segment-bytes", "4MiB", "--journal-reserve-bytes", "2MiB"])
        #expect(large.faults.count == 1)
        #expect(large.faults.first?.contains("less than half of --journal-segment-bytes") == true)
    }

    @Test func `all faults are told at once`() {
        let reading = read(
            [
                "--lisen", "127.0.0.1:1", "--drain", "soon", "--zone", "Europe/Lodnon", "extra", "--clock",
                "2026",
            ],
            environment: ["CHRONATOG_DATADIR": "/x", "CHRONATOG_TARGET_PARALLEL": "0"]
        )
        #expect(reading.faults.count == 7)
        #expect(reading.faults.contains("unknown flag --lisen; did you mean --listen?"))
        #expect(
            reading.faults.contains("unknown variable CHRONATOG_DATADIR; did you mean CHRONATOG_DATA_DIR?")
        )
        #expect(reading.faults.contains { $0.hasPrefix("--drain takes a duration") })
        #expect(reading.faults.contains { $0.contains("Europe/London") })
        #expect(reading.faults.contains("CHRONATOG_TARGET_PARALLEL takes 1 to 100000, not \"0\""))
    }

    @Test func `what platforms inject is ignored, and the client's variables are left alone`() {
        let reading = read(environment: [
            "CHRONATOG_PORT": "tcp://10.0.0.1:80", "CHRONATOG_PORT_80_TCP": "x",
            "CHRONATOG_SERVICE_HOST": "10.0.0.1",
            "CHRONATOG_NAME": "/web/chronatog", "CHRONATOG_ENV_PATH": "/bin",
            "CHRONATOG_URL": "http://127.0.0.1:1",
        ])
        #expect(reading.faults.isEmpty)
        #expect(reading.configuration == Configuration())
    }

    @Test func `no setting takes a name that platforms inject`() {
        for setting in Setting.table {
            let rest = setting.variable.dropFirst(Setting.prefix.count)
            #expect(rest != "PORT" && rest != "NAME" && rest != "URL")
            #expect(!["PORT_", "SERVICE_", "ENV_"].contains { rest.hasPrefix($0) })
        }
    }

    @Test func `names are unique, and no variable is another's file form`() {
        let variables = Setting.table.map(\.variable)
        #expect(Set(variables).count == variables.count)
        for variable in variables { #expect(!variables.contains(variable + Setting.fileSuffix)) }
    }

    @Test func `a proxy in the environment is ignored aloud`() {
        let reading = read(environment: ["HTTP_PROXY": "http://10.0.0.1:3128"])
        #expect(reading.faults.isEmpty)
        #expect(reading.warnings.count == 1)
        #expect(reading.configuration.calls.proxy == nil)
    }

    @Test func `demo implies ephemeral, and the clock needs it`() {
        #expect(read(["--demo"]).configuration.testing.isEphemeral)
        let clock = ["--clock", "2026-01-01T00:00:00Z"]
        #expect(read(clock).faults.count == 1)
        let reading = read(clock + ["--ephemeral"])
        #expect(reading.faults.isEmpty)
        #expect(reading.configuration.testing.clock == Instant(rfc3339: "2026-01-01T00:00:00Z"))
    }

    @Test func `egress may be repeated and holds commas`() {
        let reading = read(["--egress", "allow=10.0.0.0/8,deny=10.1.0.0/16", "--egress=allow=192.0.2.1/32"])
        #expect(reading.faults.isEmpty)
        #expect(
            reading.configuration.calls.egress == [
                "allow=10.0.0.0/8", "deny=10.1.0.0/16", "allow=192.0.2.1/32",
            ]
        )
        #expect(read(["--egress", "10.0.0.0/8"]).faults.count == 1)
    }

    @Test func `a secret never reaches a message or a dump`() {
        let reading = read([
            "--token", "hunter2", "--secret-key", "hunter2", "--username", "u", "--password", "hunter2",
        ])
        #expect(!reading.faults.joined().contains("hunter2"))
        #expect(!SettingText.dump(reading).contains("hunter2"))
        #expect(!SettingText.json(reading).text.contains("hunter2"))
        #expect(!"\(reading.configuration)".contains("hunter2"))
    }

    @Test func `credentials come in pairs`() {
        #expect(read(environment: ["CHRONOS_AUTH_USERNAME": "u"]).faults.count == 1)
        let both = read(environment: ["CHRONOS_AUTH_USERNAME": "u", "CHRONOS_AUTH_PASSWORD": "p"])
        #expect(both.faults.isEmpty)
        #expect(both.configuration.server.password?.value == "p")
    }

    @Test func `a switch can be turned off again`() {
        let reading = read(["--ephemeral=false"], environment: ["CHRONATOG_EPHEMERAL": "1"])
        #expect(!reading.configuration.testing.isEphemeral)
        #expect(read(environment: ["CHRONATOG_EPHEMERAL": "perhaps"]).faults.count == 1)
    }

    private func read(
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        files: [String: String] = [:]
    ) -> ConfigurationReader.Reading {
        let reader = ConfigurationReader(environment: environment) { (path) throws(FileFault) in
            guard let text = files[path] else { throw FileFault("cannot read \(path)") }
            return text
        }
        return reader.read(arguments: arguments)
    }
}
