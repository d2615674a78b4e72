import Domain
import Testing

@testable import chronatog

struct ImportedCommandTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var command: String
        /// Members of the job; timeouts and `retries`, which every curl has, apart.
        var members: String
        var input: String?
        var testDescription: String { command }

        init(_ command: String, _ members: String, input: String? = nil) {
            self.command = command
            self.members = members
            self.input = input
        }
    }

    static let form = #""Content-Type":"application/x-www-form-urlencoded""#

    static let curl = [
        Row("curl -fsS http://h/x", #"{"callback_url":"http://h/x"}"#),
        Row("/usr/bin/curl -s h/x?a=1#top", #"{"callback_url":"http://h/x?a=1"}"#),
        Row("curl -XPUT --url http://h/", #"{"callback_url":"http://h/","method":"PUT"}"#),
        Row("curl -sX POST http://h/", #"{"callback_url":"http://h/","method":"POST"}"#),
        Row(
            "curl -d a=1 -d b=2 http://h/",
            #"{"callback_url":"http://h/","headers":{\#(form)},"body":"a=1&b=2"}"#
        ),
        Row(
            "curl -H 'content-type: text/x' --data-raw @a http://h/",
            #"{"callback_url":"http://h/","headers":{"content-type":"text/x"},"body":"@a"}"#
        ),
        Row(
            "curl -G --data-urlencode 'q=a b&c' -d x=1 http://h/?z=0",
            #"{"callback_url":"http://h/?z=0&q=a%20b%26c&x=1"}"#
        ),
        Row(
            #"curl --json '{"a":1}' http://h/"#,
            #"{"callback_url":"http://h/","headers":{"Content-Type":"application/json","#
                + #""Accept":"application/json"},"body":"{\"a\":1}"}"#
        ),
        Row(
            "curl -d @- http://h/",
            #"{"callback_url":"http://h/","headers":{\#(form)},"body":"ab"}"#,
            input: "a\nb\n"
        ),
        Row(
            "curl --data-binary @- http://h/",
            #"{"callback_url":"http://h/","headers":{\#(form)},"body":"a\nb\n"}"#,
            input: "a\nb\n"
        ),
        Row(
            "curl -u me:a:b http://h/",
            #"{"callback_url":"http://h/","auth":{"basic":{"username":"me","password":"a:b"}}}"#
        ),
        Row(
            "curl -A bot -e http://r/ -b 's=1; t=2' http://h/",
            #"{"callback_url":"http://h/","headers":{"User-Agent":"bot","Referer":"http://r/","#
                + #""Cookie":"s=1; t=2"}}"#
        ),
        Row("curl -I http://h/", #"{"callback_url":"http://h/","method":"HEAD"}"#),
        Row("curl -L http://h/", #"{"callback_url":"http://h/","redirects":20}"#),
        Row("curl -L --max-redirs 3 http://h/", #"{"callback_url":"http://h/","redirects":3}"#),
        Row("curl -H 'Expect:' -H 'X-A;' http://h/", #"{"callback_url":"http://h/","headers":{"X-A":""}}"#),
        Row("nice -n 19 curl -o /dev/null http://[::1]:8/", #"{"callback_url":"http://[::1]:8/"}"#),
        Row("curl http://h/ä", #"{"callback_url":"http://h/%C3%A4"}"#),
    ]

    @Test(arguments: curl) func `curl becomes a job`(_ row: Row) throws {
        let call = try ImportedCommand.call(row.command, input: row.input)
        let left = JSON.compact(call.members.filter { !["timeouts", "retries"].contains($0.0) })
        #expect(left.text == row.members)
        #expect(call.retries == 0)
        #expect(call.total == .hours(1) && call.firstByte == .hours(1) && call.connect == nil)
    }

    @Test func `times and retries are those of curl`() throws {
        let call = try ImportedCommand.call("curl -m 2.5 --connect-timeout 3 --retry 4 http://h/")
        #expect(call.total == .milliseconds(2500) && call.firstByte == .milliseconds(2500))
        #expect(call.connect == .seconds(3))
        #expect(call.retries == 4 && call.backoffMin == .seconds(1) && call.backoffMax == .minutes(10))
        let steady = try ImportedCommand.call("timeout 1m curl --retry 1 --retry-delay 7 http://h/")
        #expect(steady.total == .minutes(1) && steady.firstByte == .minutes(1))
        #expect(steady.backoffMin == .seconds(7) && steady.backoffMax == .seconds(7))
    }

    static let wget = [
        Row("wget -qO- http://h/x", #"{"callback_url":"http://h/x","redirects":20}"#),
        Row(
            "wget -q -O /dev/null --tries=1 h/x",
            #"{"callback_url":"http://h/x","retries":0,"redirects":20}"#
        ),
        Row(
            "wget --post-data=a=1 --header='X-A: b' http://h/",
            #"{"callback_url":"http://h/","headers":{"X-A":"b",\#(form)},"body":"a=1","redirects":20}"#
        ),
        Row(
            "wget --method=PUT --body-data '{}' --max-redirect=0 http://h/",
            #"{"callback_url":"http://h/","method":"PUT","headers":{\#(form)},"body":"{}"}"#
        ),
        Row(
            "wget --user=u --password=p --spider http://h/",
            #"{"callback_url":"http://h/","method":"HEAD","auth":{"basic":{"username":"u","password":"p"}},"#
                + #""redirects":20}"#
        ),
    ]

    @Test(arguments: wget) func `wget becomes a job`(_ row: Row) throws {
        let call = try ImportedCommand.call(row.command)
        #expect(JSON.compact(call.members.filter { $0.0 != "timeouts" }).text == row.members)
        #expect(call.firstByte == .minutes(15))
    }

    @Test func `wget's timeout is one for each phase`() throws {
        let call = try ImportedCommand.call("wget -T 30 -t 3 --waitretry=9 http://h/")
        #expect(call.connect == .seconds(30) && call.firstByte == .seconds(30) && call.total == .hours(1))
        #expect(call.retries == 2 && call.backoffMax == .seconds(9))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var command: String
        var reasons: [String]
        var testDescription: String { command }

        init(_ command: String, _ reasons: String...) {
            self.command = command
            self.reasons = reasons
        }
    }

    static let refusals = [
        Refusal("/opt/backup.sh --now", "\"backup.sh\" is neither curl nor wget"),
        Refusal("curl -k http://h/", "-k: a server's certificate is always checked"),
        Refusal("curl -k -F a=b -x p http://h/", "-k:", "-F: multipart", "-x: a proxy"),
        Refusal("curl --dat x http://h/", "--dat is not known here; did you mean --data?"),
        Refusal("curl -sW http://h/", "-W is not known here"),
        Refusal("curl -d @body.json http://h/", "the body is in the file body.json"),
        Refusal("curl -d @- http://h/", "the body is read from standard input"),
        Refusal("curl -u me http://h/", "-u me asks for the password"),
        Refusal("curl -b jar.txt http://h/", "cookies in the file jar.txt"),
        Refusal("curl http://h/ http://i/", "it names 2 URLs"),
        Refusal("curl 'http://h/[1-3]'", "is a pattern for several URLs"),
        Refusal("curl ftp://h/", "ftp:// is not a web call"),
        Refusal("curl -s", "it names no URL"),
        Refusal("curl http://h/ -m", "-m lacks its value"),
        Refusal("curl -m soon http://h/", "-m soon is not a number"),
        Refusal("curl -H 'Host: x' http://h/", "the header Host cannot be set: it comes from the URL"),
        Refusal("curl -H 'X: a' -H 'x: b' http://h/", "the header x is given twice"),
        Refusal("curl -d '{{slot}}' http://h/", "the body holds {{…}}"),
        Refusal("TOKEN=x curl http://h/", "TOKEN is set for the command alone"),
        Refusal("wget --no-check-certificate http://h/", "--no-check-certificate: a server's certificate"),
        Refusal("wget -r http://h/", "-r: a job makes one call"),
        Refusal("flock /tmp/l curl http://h/", "flock without -n waits"),
    ]

    @Test(arguments: refusals) func `what would be another call is refused, with every reason`(_ row: Refusal)
    {
        let error = #expect(throws: Untranslatable.self) { try ImportedCommand.call(row.command) }
        let reasons = error?.reasons ?? []
        #expect(reasons.count == row.reasons.count, "\(reasons)")
        for (reason, wanted) in zip(reasons, row.reasons) { #expect(reason.contains(wanted)) }
    }

    @Test func `what is merely missed is said`() throws {
        let call = try ImportedCommand.call(
            "flock -n /tmp/l curl -o out.txt -4 -H 'Connection: close' http://h/ >> /var/log/x"
        )
        #expect(
            call.notes == [
                "-4: IPv6 is used where the target has it", "the answer is not written to out.txt",
                "the header Connection is left out: Chronatog and the connection decide it",
                "output is not written to /var/log/x",
                "the lock /tmp/l is not taken: a slot is skipped while the job's own call is open",
            ]
        )
    }
}
