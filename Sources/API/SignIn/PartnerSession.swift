internal import Crypto
internal import Domain
internal import Effects
internal import Integrations

/// Who has come in by a signed link: for one account, or one scheduler of it, and no other.
///
/// Kept by the browser in a cookie that only this server can write, so a restart signs nobody out.
struct PartnerSession: Sendable, Hashable {
    var account: UInt32
    /// 0 when the link was for the account as a whole.
    var scheduler: UInt32 = 0
    var user: String
    /// The marketplace's own name for the user; empty where it has none.
    var userID = ""
    /// An owner; a collaborator only looks.
    var mayChange: Bool
    /// Where "Go Back" leads; empty for nowhere.
    var returnTo: String
    var expiresAt: Timestamp

    static let cookie = "chronatog_partner"
    static let lasts = Span.hours(1)

    /// The cookie's value.
    func sealed(_ key: [UInt8]) -> String {
        let json = JSON.object([
            JSON.Member("account", .number(Int64(account))),
            JSON.Member("scheduler", .number(Int64(scheduler))), JSON.Member("user", .string(user)),
            JSON.Member("user_id", .string(userID)),
            JSON.Member("owner", .bool(mayChange)), JSON.Member("return", .string(returnTo)),
            JSON.Member("until", .number(expiresAt.microseconds)),
        ])
        let text = hexadecimal(Array(json.text.utf8))
        return "\(text).\(Self.code(text, key))"
    }

    /// nil when the cookie is somebody else's work, or old.
    init?(_ value: String, _ key: [UInt8], now: Timestamp) {
        let parts = value.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2,
            Gate.isEqual(Array(Self.code(String(parts[0]), key).utf8), Array(parts[1].utf8)),
            let bytes = Self.bytes(parts[0]),
            let json = try? JSONReader.value(of: String(decoding: bytes, as: UTF8.self)),
            let number = json["account"]?.number, let account = UInt32(exactly: number),
            let until = json["until"]?.number
        else { return nil }
        self.account = account
        scheduler = json["scheduler"]?.number.flatMap { UInt32(exactly: $0) } ?? 0
        user = json["user"]?.string ?? ""
        userID = json["user_id"]?.string ?? ""
        mayChange = json["owner"]?.bool ?? false
        returnTo = json["return"]?.string ?? ""
        expiresAt = Timestamp(microseconds: until)
        guard now < expiresAt else { return nil }
    }

    /// The session that the request's cookie tells of.
    init?(_ request: APIRequest, _ key: [UInt8], now: Timestamp) {
        for header in request.headers where header.name.lowercased() == "cookie" {
            for pair in header.value.split(separator: ";") {
                let sides = String(pair).trimmed.split(separator: "=", maxSplits: 1)
                guard sides.count == 2, sides[0] == Self.cookie else { continue }
                self.init(String(sides[1]), key, now: now)
                return
            }
        }
        return nil
    }

    init(
        account: UInt32,
        scheduler: UInt32 = 0,
        user: String,
        userID: String = "",
        mayChange: Bool,
        returnTo: String,
        expiresAt: Timestamp
    ) {
        self.account = account
        self.scheduler = scheduler
        self.user = user
        self.userID = userID
        self.mayChange = mayChange
        self.returnTo = returnTo
        self.expiresAt = expiresAt
    }

    /// What a form has to send back: a page elsewhere cannot know it.
    func formToken(_ key: [UInt8]) -> String { Self.code("form \(sealed(key))", key) }

    private static func code(_ text: String, _ key: [UInt8]) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(text.utf8),
            using: SymmetricKey(data: key)
        )
        return hexadecimal(Array(code))
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// The header that keeps it in the browser.
    func header(_ key: [UInt8], path: String, isTLS: Bool) -> (name: String, value: String) {
        let age = Self.lasts.microseconds / 1_000_000
        let flags = "Path=\(path); HttpOnly; SameSite=Lax\(isTLS ? "; Secure" : "")"
        return ("Set-Cookie", "\(Self.cookie)=\(sealed(key)); Max-Age=\(age); \(flags)")
    }

    /// The header that takes it out again.
    static let end = (name: "Set-Cookie", value: "\(cookie)=; Path=\(SignInRoutes.path); Max-Age=0; HttpOnly")
}

extension LinkUsed {
    /// - Parameters:
    ///   - once: what makes the link or form different from all others.
    ///   - window: for how long its own timestamp lets it in, both ways.
    init(_ once: String, of account: UInt32, window: Span, now: Timestamp) {
        let digest = Array(SHA256.hash(data: Array(once.utf8)).prefix(16))
        self.init(account: account, digest: digest, until: now + window + window)
    }
}
