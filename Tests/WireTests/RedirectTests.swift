import Domain
import Effects
import Testing

@testable import Wire

struct RedirectTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let reference: String
        /// `scheme://host:port/target`, nil when it leads nowhere.
        let place: String?
        var testDescription: String { reference }
        init(_ reference: String, _ place: String?) {
            self.reference = reference
            self.place = place
        }
    }

    static let rows: [Row] = [
        Row("/x", "http://a.test:8080/x"), Row("x", "http://a.test:8080/d/x"),
        Row("../x?y=/../z", "http://a.test:8080/x?y=/../z"),
        Row("../../../x", "http://a.test:8080/x"), Row("./", "http://a.test:8080/d/"),
        Row("..", "http://a.test:8080/"),
        Row("?n=2", "http://a.test:8080/d/e?n=2"), Row("", "http://a.test:8080/d/e?q=1"),
        Row("#f", "http://a.test:8080/d/e?q=1"),
        Row("//b.test/x", "http://b.test:80/x"), Row("https://B.Test", "https://b.test:443/"),
        Row("HTTP://b.test:81?x#f", "http://b.test:81/?x"), Row("http://u:p@b.test/x", "http://b.test:80/x"),
        Row("http://[::1]:8/x", "http://::1:8/x"), Row("http://b.test:/x", "http://b.test:80/x"),
        Row("/a b/ü", "http://a.test:8080/a%20b/%C3%BC"), Row("http://2130706433/", "http://2130706433:80/"),
        Row("http://b.test\\@c.test/", "http://b.test:80/\\@c.test/"),
        Row("ftp://b.test/", nil), Row("javascript:alert(1)", nil), Row("http:/x", nil), Row("http://", nil),
        Row("http://b.test:0/", nil), Row("http://b.test:65536/", nil), Row("http://b.test:x/", nil),
        Row("http://b test/", nil), Row("http://[::1/", nil), Row("http://[::1]x/", nil),
        Row("http://ü.test/", nil),
    ]

    @Test(arguments: rows)
    func `a location is resolved against where it was found`(_ row: Row) {
        let origin = Origin(isTLS: false, host: "a.test", port: 8080)
        let place = Place(row.reference, from: origin, "/d/e?q=1")
        let text = place.map {
            "\($0.origin.isTLS ? "https" : "http")://\($0.origin.host):\($0.origin.port)\($0.target)"
        }
        #expect(text == row.place)
    }

    @Test
    func `the method follows the status`() {
        struct Case { let status: UInt16, method: String, becomes: String }
        let cases = [
            Case(status: 301, method: "POST", becomes: "GET"),
            Case(status: 302, method: "POST", becomes: "GET"),
            Case(status: 303, method: "PUT", becomes: "GET"),
            Case(status: 303, method: "HEAD", becomes: "HEAD"),
            Case(status: 302, method: "PUT", becomes: "PUT"),
            Case(status: 307, method: "POST", becomes: "POST"),
            Case(status: 308, method: "POST", becomes: "POST"),
        ]
        for row in cases {
            let call = Call.to(
                80,
                method: row.method,
                headerLines: "Content-Type: a/b\r\nX: y\r\n",
                body: "b"
            )
            guard case .follow(let next) = Redirect.decide(call, status: row.status, location: "/n") else {
                Issue.record("\(row.status) is not followed")
                continue
            }
            #expect(next.method == row.becomes)
            let isChanged = row.becomes == "GET"
            #expect(next.body == (isChanged ? [] : Array("b".utf8)))
            #expect(
                String(decoding: next.headerLines, as: UTF8.self)
                    == (isChanged ? "X: y\r\n" : "Content-Type: a/b\r\nX: y\r\n")
            )
        }
    }

    @Test
    func `credentials stay with their origin`() {
        let call = Call.to(80, headerLines: "AUTHORIZATION: Basic x\r\nX: y\r\nCookie: c\r\n")
        guard case .follow(let other) = Redirect.decide(call, status: 307, location: "http://b.test/"),
            case .follow(let same) = Redirect.decide(call, status: 307, location: "/n")
        else {
            Issue.record("not followed")
            return
        }
        #expect(String(decoding: other.headerLines, as: UTF8.self) == "X: y\r\n")
        #expect(same.headerLines == call.headerLines)
    }

    @Test
    func `https does not lead to http`() {
        let call = Call.to(443, isTLS: true)
        guard
            case .refused(let failure) = Redirect.decide(
                call,
                status: 302,
                location: "http://127.0.0.1/secret"
            )
        else {
            Issue.record("not refused")
            return
        }
        #expect(failure.kind == .egress)
        #expect(!failure.message.contains("secret"))
    }

    @Test
    func `other answers are answers`() {
        for status: UInt16 in [200, 300, 304, 305, 400] {
            guard case .none = Redirect.decide(.to(80), status: status, location: "/n") else {
                Issue.record("\(status) is followed")
                continue
            }
        }
    }
}
