import Domain
import Testing

/// What a job may say, and what it is told when it says something else.
struct JobRequestTests {
    private let jobs = "/chronatogapi/1/jobs"

    struct Row: Sendable, CustomTestStringConvertible {
        /// Members beside a good `callback_url` and `schedule`; a later one replaces an earlier one.
        var members: String
        /// Part of the one message.
        var message: String
        var hint: String = ""
        var testDescription: String { members }

        init(_ members: String, _ message: String, hint: String = "") {
            self.members = members
            self.message = message
            self.hint = hint
        }
    }

    static let refused = [
        Row(#""shedule":"x""#, "shedule is not a field", hint: "did you mean schedule?"),
        Row(#""timeouts":{"connct":"5s"}"#, "timeouts.connct is not a field", hint: "did you mean connect?"),
        Row(#""timeouts":{"connect":"5x"}"#, "timeouts.connect is not a duration"),
        Row(#""timeouts":7"#, "timeouts is not an object"),
        Row(
            #""zone":"Europe/Lndon""#,
            "zone \"Europe/Lndon\" is not a time zone",
            hint: "did you mean Europe/London?"
        ),
        Row(#""dst":"vixi""#, "dst \"vixi\" is not one of", hint: "did you mean vixie?"),
        Row(#""overlap":"queue-on""#, "overlap \"queue-on\" is not one of", hint: "did you mean queue-one?"),
        Row(#""catchup":1"#, "catchup what was given is not one of"),
        Row(#""retries":-1"#, "retries is not a whole number from 0 to 1000"),
        Row(#""retries":"2""#, "retries is not a whole number"),
        Row(#""retries":2.5"#, "retries is not a whole number"),
        Row(#""backoff_min":"2h""#, "backoff_max is less than backoff_min (2h)"),
        Row(#""limit_rate":"10""#, "limit_rate is not a rate"),
        Row(#""catchup_rate":"0/s""#, "catchup_rate is not a rate"),
        Row(#""success":{"status":[99]}"#, "success.status has an entry"),
        Row(#""success":{"status":["300-200"]}"#, "success.status has an entry"),
        Row(#""success":{"body_matches":"(a"}"#, "success.body_matches at character"),
        Row(#""start":"tomorrow""#, "start is not an RFC 3339 instant"),
        Row(#""start":"2026-02-02T00:00:00Z","end":"2026-02-02T00:00:00Z""#, "end is not after start"),
        Row(#""method":"GE T""#, "method is not an HTTP method"),
        Row(#""method":"CONNECT""#, "method CONNECT opens a tunnel"),
        Row(#""headers":{"Host":"x"}"#, "headers.Host cannot be set: it comes from the URL"),
        Row(#""headers":{"webhook-id":"x"}"#, "headers.webhook-id cannot be set"),
        Row(#""headers":{"X y":"x"}"#, "headers.X y is not a header name"),
        Row(#""headers":{"X":"a\r\nB: c"}"#, "headers.X holds a line break"),
        Row(#""headers":{"X":"***"}"#, "headers.X is the mask of a value, not a value"),
        Row(#""headers":{"X":"{{slto}}"}"#, "headers.X uses {{slto}}", hint: "did you mean slot?"),
        Row(#""body":"{{attemp}}""#, "body uses {{attemp}}", hint: "did you mean attempt?"),
        Row(#""auth":{"basic":{"username":"a:b"}}"#, "auth.basic.username holds a colon"),
        Row(#""auth":{}"#, "auth.basic or bearer"),
        Row(
            #""auth":{"bearer":"t"},"headers":{"Authorization":"x"}"#,
            "auth and headers both give Authorization"
        ),
        Row(#""name":7"#, "name is not a string"),
        Row(#""queue_max":0"#, "queue_max is not a whole number from 1"),
    ]

    @Test(arguments: refused)
    func `a fault is named with its field`(row: Row) async throws {
        let rig = try await SiteRig()
        let body = #"{"callback_url":"/_sink/200","schedule":"@hourly",\#(row.members)}"#
        let answer = await rig.send("POST", jobs, body)
        #expect(answer.status == 422, "\(answer)")
        #expect(answer.messages.count == 1, "\(answer.messages)")
        #expect(answer.messages.first?.contains(row.message) ?? false, "\(answer.messages)")
        if !row.hint.isEmpty { #expect(answer.json["errors"]?.array?.first?["hint"]?.string == row.hint) }
        await rig.stop()
    }

    static let urls = [
        Row("ftp://x/", "is not an http or https URL"),
        Row("/relative", "is not absolute"),
        Row("http://", "has no host"),
        Row("http://ho st/", "holds a blank"),
        Row("http://h/a#b", "has a fragment"),
        Row("http://h:0/", "which is not 1 to 65535"),
        Row("http://h:99999/", "which is not 1 to 65535"),
        Row("http://h:8x/", "which is not 1 to 65535"),
        Row("http://[::1/", "not closed with ]"),
        Row("http://[zz]/", "no IPv6 address"),
        Row("http://exa_mple!.com/", "which is no host name"),
        Row("http://10.0.0.1/", "is refused by the egress policy"),
        Row("http://h/{{jbo}}", "uses {{jbo}}", hint: "did you mean job?"),
        Row("/_sink/99", "is not a status from 200 to 599"),
        Row("/_sink/200?delay=soon", "delay \"soon\" is not a duration"),
        Row("http://h/***?k=***", "shows the query only as ***"),
        Row("http://h/\u{e9}", "outside ASCII"),
    ]

    @Test(arguments: urls)
    func `a bad callback_url is refused with its reason`(row: Row) async throws {
        let rig = try await SiteRig()
        let answer = await rig.send("POST", jobs, #"{"callback_url":"\#(row.members)","schedule":"@hourly"}"#)
        #expect(answer.status == 422, "\(answer)")
        #expect(answer.messages.count == 1)
        #expect(answer.messages.first?.contains(row.message) ?? false, "\(answer.messages)")
        await rig.stop()
    }

    @Test func `everything wrong is told at once`() async throws {
        let rig = try await SiteRig()
        let body =
            #"{"callback_url":"nowhere","schedule":"61 * * * *","zone":"Mars","retries":"x","colour":1}"#
        let answer = await rig.send("POST", jobs, body)
        #expect(answer.status == 422)
        let fields = answer.json["errors"]?.array?.compactMap { $0["field"]?.string } ?? []
        #expect(Set(fields) == ["callback_url", "schedule", "zone", "retries", "colour"])
        #expect(
            await rig.send("POST", jobs, "{}").messages.sorted() == [
                "callback_url is missing", "schedule is missing",
            ]
        )
        await rig.stop()
    }

    @Test func `a schedule fault says which field of which line`() async throws {
        let rig = try await SiteRig()
        let body =
            """
            {"callback_url":"/_sink/200",
             "schedule":["@hourly","0 61 * * *","* * * * * *","@at 2020-01-01T00:00Z"]}
            """
        let answer = await rig.send("POST", jobs, body)
        #expect(answer.messages.count == 3, "\(answer.messages)")
        #expect(
            answer.messages.first?.hasPrefix("schedule line 1: hour \"61\"") ?? false,
            "\(answer.messages)"
        )
        await rig.stop()
    }

    @Test func `what is not a JSON object is 400`() async throws {
        let rig = try await SiteRig()
        for body in ["", "{", "[]", "7", "{\"a\":1,}", "nul"] {
            let answer = await rig.send("POST", jobs, body)
            #expect(answer.status == 400, "\(body): \(answer)")
            #expect(answer.messages.count == 1)
        }
        await rig.stop()
    }

    @Test func `the sink is named only where there is one`() async throws {
        let rig = try await SiteRig(hasSink: false)
        let answer = await rig.send("POST", jobs, #"{"callback_url":"/_sink/200","schedule":"@hourly"}"#)
        #expect(
            answer.messages == ["callback_url names the built-in sink, which exists only with --ephemeral"]
        )
        await rig.stop()
    }

    @Test func `a patch changes what it names, and null takes it back`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(
            #"{"callback_url":"/_sink/200","schedule":"@hourly","retries":7,"zone":"Asia/Tokyo"}"#
        )
        let first = await rig.send("PATCH", "\(jobs)/\(job)", #"{"name":"n","timeouts":{"total":"5m"}}"#)
        #expect(first.json["name"]?.string == "n")
        #expect(first.json["retries"]?.number == 7)
        #expect(first.json["timeouts"]?["total"]?.string == "5m")
        #expect(first.json["timeouts"]?["connect"]?.string == "5s")
        let second = await rig.send("PATCH", "\(jobs)/\(job)", #"{"retries":null,"zone":null}"#)
        #expect(second.json["retries"]?.number == 2)
        #expect(second.json["zone"]?.string == "UTC")
        let replaced = await rig.send(
            "PUT",
            "\(jobs)/\(job)",
            #"{"callback_url":"/_sink/204","schedule":"@daily"}"#
        )
        #expect(replaced.json["name"]?.string == "")
        #expect(replaced.json["timeouts"]?["total"]?.string == "1m")
        await rig.stop()
    }

    @Test func `If-Match guards a change`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"@hourly"}"#)
        let tag = try #require(await rig.send("GET", "\(jobs)/\(job)")["ETag"])
        let good = await rig.send("PATCH", "\(jobs)/\(job)", #"{"name":"a"}"#, headers: [("If-Match", tag)])
        #expect(good.status == 200)
        let stale = await rig.send("PATCH", "\(jobs)/\(job)", #"{"name":"b"}"#, headers: [("If-Match", tag)])
        #expect(stale.status == 412)
        #expect(stale["ETag"] == good["ETag"])
        let odd = await rig.send("DELETE", "\(jobs)/\(job)", headers: [("If-Match", "W/\"x\"")])
        #expect(odd.status == 412)
        #expect(await rig.send("DELETE", "\(jobs)/\(job)", headers: [("If-Match", "*")]).status == 200)
        await rig.stop()
    }

    @Test func `warnings foretell what a clock change will do`() async throws {
        let rig = try await SiteRig()
        let body = #"{"callback_url":"/_sink/200","schedule":"30 2 * * *","zone":"America/New_York"}"#
        let answer = await rig.send("POST", jobs, body)
        let warnings = answer.json["warnings"]?.array?.compactMap(\.string) ?? []
        #expect(warnings.contains { $0.contains("2026-03-08T07:00:00Z") }, "\(warnings)")
        await rig.stop()
    }
}
