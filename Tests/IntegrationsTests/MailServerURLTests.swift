import Domain
import Testing

@testable import Integrations

struct MailServerURLTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let url: String
        /// The channel's settings but for the addresses, as JSON; or what is wrong.
        let becomes: String

        var testDescription: String { url }
    }

    static let good = [
        Row(
            url: "smtp://ops%40x.example:p%2Fw:d@mail.x.example",
            becomes: #"{"security":"starttls","user":"ops@x.example","password":"p/w:d","#
                + #""server":"mail.x.example"}"#
        ),
        Row(url: "smtps://mail.x.example/", becomes: #"{"security":"tls","server":"mail.x.example"}"#),
        Row(
            url: "smtp://127.0.0.1:2525?tls=none",
            becomes: #"{"security":"none","server":"127.0.0.1","port":2525}"#
        ),
        Row(url: "SMTP://[::1]:25", becomes: #"{"security":"starttls","server":"::1","port":25}"#),
    ]

    static let bad = [
        Row(url: "mail.x.example:25", becomes: "does not begin with smtp:// or smtps://"),
        Row(url: "smtp://ops@x", becomes: "has to have user:password before the @, percent-encoded"),
        Row(url: "smtp://a:%zz@x", becomes: "has to have user:password before the @, percent-encoded"),
        Row(url: "smtp://x:0", becomes: "has a port that is not 1 to 65535"),
        Row(url: "smtp://:25", becomes: "has no host"),
        Row(
            url: "smtps://x?tls=none",
            becomes: "takes nothing after ? but tls=none, and that only after smtp://"
        ),
        Row(
            url: "smtp://a:p/w@x",
            becomes: "has a path; percent-encode a / in a user or password as %2F"
        ),
    ]

    @Test(arguments: good) func `a mail server's URL stands for the fields of its channel`(row: Row) throws {
        #expect(JSON.object(try MailServerURL.fields(row.url)).text == row.becomes)
    }

    @Test(arguments: bad) func `what is wrong is said without a word of it`(row: Row) {
        #expect(throws: MailServerURL.Fault(predicate: row.becomes)) {
            try MailServerURL.fields(row.url)
        }
    }
}
