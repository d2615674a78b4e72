import Domain
import Effects
import Testing

@testable import Integrations

/// `reference/chronatog-and-partner-api.md` §4.2, and behaviours 1 to 8 of its §5.2.
struct AuthHMACTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var name: String
        var key = "secret"
        var method = "PUT"
        var type = "text/plain"
        var body = ""
        var date = AuthHMACTests.date
        var path = "/path/to/put"
        var signature: String
        var testDescription: String { name }
    }

    static let date = "Thu, 10 Jul 2008 03:29:56 GMT"
    static let vectors = [
        Vector(
            name: "H1",
            body: "somebody",
            path: "/path/to/put?foo=bar&bar=foo",
            signature: "EGLJlEoCa5s7MDgVZ7tGuIk3s68="
        ),
        Vector(name: "H2", body: "something, something?", signature: "YzKgetuk8Tkz19c4eUqbfg4QrFg="),
        Vector(
            name: "H4",
            key: "abc474e3fc9bddf6d41236b70cc5a952f3681166e1239214740d13eecd12318f7b8d27123b61eabc",
            method: "POST",
            type: "application/json",
            body: #"{"message":{"message_type":"status","subject":"Everything looks good.","body":null}}"#,
            date: "Thu, 15 Dec 2011 23:50:33 GMT",
            path: "/api/1/service_accounts/1324/messages",
            signature: "UZDkXszu4dp6Gz2TEGcy/cVt0R0="
        ),
        Vector(name: "H5", signature: "2j6+qecg/LesemwF1yHHdy0WfOs="),
        Vector(name: "H6", type: "", body: "somebody", signature: "E/9ziaj2WC0k4w9YqaMMiZNevzs="),
        Vector(name: "H7", method: "GET", type: "", signature: "R1ZVbb/LkeL4l0KtoWDaqD9QVv4="),
        Vector(
            name: "H8",
            body: "somebody",
            path: "/api/path/to/put",
            signature: "DU6/17j0LyIdOJNG1gEW6PecneE="
        ),
        Vector(
            name: "H9",
            key: "abc456",
            method: "DELETE",
            type: "",
            date: "Wed, 22 Aug 2012 18:14:50 GMT",
            path: "/eyintegration/api/1/customers/1",
            signature: "bF8I1R9COFCowNq/aeQdb8jKa5U="
        ),
    ]

    private func request(_ vector: Vector) -> AuthHMAC.Request {
        AuthHMAC.Request(
            method: vector.method,
            contentType: vector.type,
            body: Array(vector.body.utf8),
            date: vector.date,
            path: vector.path
        )
    }

    @Test(arguments: vectors)
    func `1: a request is signed as the vectors say`(_ vector: Vector) {
        let auth = AuthHMAC(id: "me", key: vector.key)
        #expect(auth.header(request(vector)) == "AuthHMAC me:\(vector.signature)")
    }

    private let auth = AuthHMAC(id: "123edf", key: "abc456")
    private let now = Timestamp(seconds: 1_215_660_596)

    private func verify(_ request: AuthHMAC.Request, _ header: String?, at now: Timestamp? = nil) throws
        -> String
    {
        try AuthHMAC.verify(request, header: header, known: [auth], now: now ?? self.now)
    }

    @Test(arguments: ["", "text/plain", "application/json; charset=utf-8"], ["", "some é"])
    func `2: what was signed verifies`(type: String, body: String) throws {
        let request = AuthHMAC.Request(
            method: "POST",
            contentType: type,
            body: Array(body.utf8),
            date: Self.date,
            path: "/path%20x/a%2Fb?x=1"
        )
        #expect(try verify(request, auth.header(request)) == "123edf")
    }

    @Test func `3: the old form of an empty body is taken (H3)`() throws {
        let old = AuthHMAC(id: "me", key: "secret")
        let request = AuthHMAC.Request(
            method: "PUT",
            contentType: "text/plain",
            body: [],
            date: Self.date,
            path: "/path/to/put"
        )
        #expect(old.code(request.canonical(isLegacy: true)) == "isJ7zHHPrpnSdZ/XbvqxFhVUf0c=")
        let header = "AuthHMAC me:isJ7zHHPrpnSdZ/XbvqxFhVUf0c="
        #expect(try AuthHMAC.verify(request, header: header, known: [old], now: now) == "me")
    }

    @Test func `4 to 8: every refusal has its reason, and none tells what would be right`() {
        let request = AuthHMAC.Request(
            method: "GET",
            body: [],
            date: Self.date,
            path: "/eyintegration/api/1/customers/1"
        )
        let good = auth.header(request)
        func fault(_ header: String?, _ change: (inout AuthHMAC.Request) -> Void = { _ in }) -> AuthHMACFault?
        {
            var changed = request
            change(&changed)
            do {
                _ = try AuthHMAC.verify(changed, header: header, known: [auth], now: now)
                return nil
            } catch { return error }
        }
        #expect(fault(good) == nil)
        #expect(fault(good) { $0.date = "" } == .noDate)
        #expect(fault(good) { $0.date = "yesterday" } == .unreadableDate)
        #expect(fault(nil) == .noHeader)
        #expect(fault("Basic x") == .noHeader)
        #expect(fault(AuthHMAC(id: "123edf", key: "other").header(request)) == .wrongSignature)
        #expect(fault("AuthHMAC nobody:x") == .unknownID("nobody"))
        #expect(fault(good) { $0.path += "x" } == .wrongSignature)
        #expect(fault(good) { $0.body = [1] } == .wrongSignature)
        #expect(fault(good) { $0.date = "Thu, 10 Jul 2008 03:44:57 GMT" } == .stale)
        for fault in [AuthHMACFault.wrongSignature, .stale, .noHeader, .noDate, .unknownID("a\nb")] {
            #expect(!fault.sentence.contains("\n"))
        }
    }
}

/// §4.3, and behaviours 9 to 13.
struct SignedLinkTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var name: String
        var auth: AuthHMAC
        var url: String
        var signature: String
        var testDescription: String { name }
    }

    private static let spec = AuthHMAC(id: "3243afed3242", key: "987a87c98f78d9a8c798f7d89")
    private static let short = AuthHMAC(id: "id1", key: "k")
    static let vectors = [
        Vector(
            name: "S1",
            auth: AuthHMAC(
                id: "676f8731f9d3bfd0",
                key: "b7c65a18f6955d58f06a439fb881d1565c17e840999500f2aed6859144de5bac4d1a670119c9b7a9"
            ),
            url: "http://ec2-107-22-254-37.compute-1.amazonaws.com/eyintegration/sso/customers/1"
                + "?access_level=owner&ey_return_to_url=https%3A%2F%2Fcloud.engineyard.com%2Faccounts%2F10398"
                + "%2Fservices&ey_user_id=10133&ey_user_name=Jacob+Chronatog-Demo+Burkhart"
                + "&timestamp=2011-10-07T23%3A15%3A50%2B00%3A00",
            signature: "nvsCICd/00dvFCpJYfvI9LTl81s="
        ),
        Vector(
            name: "S2",
            auth: AuthHMAC(id: "123edf", key: "abc456"),
            url: "https://chronatog.engineyard.com/eyintegration/sso/customers/1?access_level=owner"
                + "&ey_return_to_url=https%3A%2F%2Fcloud.engineyard.com%2Fdashboard&ey_user_id=57"
                + "&ey_user_name=Person+Name&timestamp=2012-08-22T11%3A14%3A50-07%3A00",
            signature: "dQtuu3JZ5piyn4N0YDV6GwmIM3A="
        ),
        Vector(
            name: "S3",
            auth: spec,
            url: "http://example.com/sign_test?foo=bar&xargs=5&zarg=boot",
            signature: "HAVuM8xCe7tDtHXAOFO/7aV9X8I="
        ),
        Vector(
            name: "S5",
            auth: spec,
            url: "http://example.com/sign_test",
            signature: "uVqtpcAVVpxQ3QGFmxNt9nzRbxc="
        ),
        Vector(
            name: "S6",
            auth: short,
            url: "https://h.example/x?B=3&a=~%2A-._+%C3%A9%2F%2B%26%3D&a.b=1&a_b=2",
            signature: "/xlEySCjzYxjd1nsNEGvxvU6Mb0="
        ),
        Vector(
            name: "S7",
            auth: short,
            url: "https://h.example/x?a=12",
            signature: "St4ybT7+zPHQkWoJgg2WfvmMZVU="
        ),
    ]

    private func value(_ auth: AuthHMAC, _ code: String) -> String {
        FormText.encode([SignedLink.Parameter("signature", "AuthHMAC \(auth.id):\(code)")])
    }

    @Test(arguments: vectors)
    func `9: a link is signed and verified as the vectors say`(_ vector: Vector) throws {
        let signed = try SignedLink.sign(vector.url, adding: [], by: vector.auth)
        #expect(signed.hasSuffix(value(vector.auth, vector.signature)))
        #expect(try SignedLink.verify(signed, known: [vector.auth]).id == vector.auth.id)
    }

    @Test func `9: parameters join those of the URL (S4), and repeated ones count as one (S7)`() throws {
        let signed = try SignedLink.sign(
            "http://example.com/sign_test?baz=bert&stuff=awesome",
            adding: [.init("zarg", "boot"), .init("foo", "bar"), .init("xargs", "5")],
            by: Self.spec
        )
        #expect(
            signed == "http://example.com/sign_test?baz=bert&foo=bar&stuff=awesome&xargs=5&zarg=boot&"
                + value(Self.spec, "IcOwFp5EvXBxbEiUoaFHiECjNL0=")
        )
        let doubled =
            "https://h.example:443/x?" + value(Self.short, "St4ybT7+zPHQkWoJgg2WfvmMZVU=") + "&a=1&a=2"
        #expect(try SignedLink.verify(doubled, known: [Self.short]).parameters == [.init("a", "12")])
    }

    private func fault(_ url: String) -> SignedLinkFault? {
        do {
            _ = try SignedLink.verify(url, known: [Self.short])
            return nil
        } catch { return error }
    }

    @Test func `10 and 11: whatever was changed is refused, each with its reason`() throws {
        let good = try SignedLink.sign("https://h.example/x?a=1&b=2", adding: [], by: Self.short)
        #expect(fault(good) == nil)
        #expect(fault(good.replacing("/x?", with: "/y?")) == .wrongSignature("id1"))
        #expect(fault(good.replacing("a=1", with: "a=2")) == .wrongSignature("id1"))
        #expect(fault(good + "&c=3") == .wrongSignature("id1"))
        #expect(fault(good + "x") == .wrongSignature("id1"))
        #expect(fault("https://h.example/x") == .noQuery)
        #expect(fault("https://h.example/x?a=1") == .noSignature)
        #expect(fault("https://h.example/x?a=1&signature=junk") == .noSignature)
        #expect(fault(good.replacing("id1", with: "id2")) == .unknownID("id2"))
        #expect(fault("https://h.example/x?a=%zz") == .unreadable)
    }

    @Test func `12 and 13: a doubled parameter is not signed, and the id comes back`() throws {
        #expect(throws: SignedLinkFault.doubled("a")) {
            try SignedLink.sign("https://h.example/x?a=1", adding: [.init("a", "2")], by: Self.short)
        }
        #expect(throws: SignedLinkFault.doubled("signature")) {
            try SignedLink.sign("https://h.example/x?signature=1", adding: [], by: Self.short)
        }
        let good = try SignedLink.sign("https://h.example/x?a=1", adding: [], by: Self.short)
        #expect(try SignedLink.verify(good, known: [Self.spec, Self.short]).id == "id1")
    }

    @Test func `a link is good for five minutes, and says who comes`() throws {
        let link = try SignedLink.sign(
            "https://h.example/x",
            adding: [
                .init("timestamp", "2026-01-01T01:00:00+01:00"), .init("ey_user_id", "57"),
                .init("ey_user_name", "Person Name"), .init("access_level", "owner"),
                .init("ey_return_to_url", "https://cloud.engineyard.com/dashboard"),
            ],
            by: Self.short
        )
        let start = Timestamp(seconds: 1_767_225_600)
        let visit = try SignedLink.admit(link, known: [Self.short], now: start + .minutes(5))
        #expect(visit.userName == "Person Name" && visit.mayChange && !visit.once.isEmpty)
        #expect(throws: SignedLinkFault.stale) {
            try SignedLink.admit(link, known: [Self.short], now: start + .seconds(301))
        }
        let bare = try SignedLink.sign("https://h.example/x?a=1", adding: [], by: Self.short)
        #expect(throws: SignedLinkFault.noTimestamp) {
            try SignedLink.admit(bare, known: [Self.short], now: start)
        }
    }
}

/// §7.1.
struct HerokuLoginTests {
    private let now = Timestamp(seconds: 1_267_597_772)

    @Test func `tokens are those of the vectors`() {
        #expect(
            HerokuLogin.token(
                resource: "123",
                salt: "2f97bfa52ca102f8874716e2eb1d3b4920ad0be4",
                timestamp: "1267597772"
            ) == "bb466eb1d6bc345d11072c3cd25c311f21be130d"
        )
        #expect(
            HerokuLogin.token(resource: "1", salt: "SSO_SALT", timestamp: "1262304000")
                == "b6010f6fbb850887a396c2bc0ab23974003008f6"
        )
        #expect(
            HerokuLogin.userToken(
                resource: "01234567-89ab-cdef-0123-456789abcdef",
                salt: "7CwqmJLEjv8YZTXK",
                timestamp: "1267597772",
                userID: "u-1",
                email: "user@example.com"
            ) == "515d3cddd7bfca4d8a8e4e7a567aff9461debecd7a80f982e857a05a40540c78"
        )
    }

    @Test func `a wrong token and an old form are refused`() throws {
        var form = HerokuLogin.Form([
            .init("id", "123"), .init("timestamp", "1267597772"),
            .init("token", "bb466eb1d6bc345d11072c3cd25c311f21be130d"),
        ])
        let salt = "2f97bfa52ca102f8874716e2eb1d3b4920ad0be4"
        try HerokuLogin.admit(form, salt: salt, now: now)
        #expect(throws: HerokuLoginFault.stale) {
            try HerokuLogin.admit(form, salt: salt, now: now + .minutes(6))
        }
        // A bad token of the better kind is not made good by a good one of the other.
        form.userToken = "x"
        #expect(throws: HerokuLoginFault.wrongToken) { try HerokuLogin.admit(form, salt: salt, now: now) }
        form.userToken = ""
        form.timestamp = "-9223372036854775808"
        #expect(throws: HerokuLoginFault.wrongToken) { try HerokuLogin.admit(form, salt: salt, now: now) }
    }
}
