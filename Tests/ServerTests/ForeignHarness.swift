import Crypto
import FoundationEssentials

/// A marketplace as the original's testing gem played it, written from its protocol alone
/// (`reference/chronatog-and-partner-api.md` §3 to §5): nothing of ours but a socket.
struct ForeignHarness: Sendable {
    static let id = "123edf"
    static let key = "abc456"
    /// The partner's.
    let port: UInt16

    struct Answer: Sendable {
        let status: Int
        let head: String
        let body: String

        func header(_ name: String) -> String {
            let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("\(name): ") }
            return String(line?.dropFirst(name.count + 2) ?? "")
        }

        func decoded<Value: Decodable>(_: Value.Type) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(body.utf8))
        }
    }

    // MARK: Signatures

    private static func code(_ text: String) -> String {
        let key = SymmetricKey(data: Data(Self.key.utf8))
        return Data(HMAC<Insecure.SHA1>.authenticationCode(for: Data(text.utf8), using: key))
            .base64EncodedString()
    }

    /// `Authorization` of a request of either side.
    static func signature(_ method: String, _ type: String, _ body: String, _ date: String, _ path: String)
        -> String
    {
        let digest = Insecure.MD5.hash(data: Data(body.utf8)).map { byte in
            String(UInt16(byte) + 256, radix: 16).dropFirst()
        }
        let sum = body.isEmpty ? "" : digest.joined()
        return "AuthHMAC \(id):\(code([method, type, sum, date, path].joined(separator: "\n")))"
    }

    /// The dashboard's link: parameters sorted, the whole URL signed.
    static func link(_ url: String, _ parameters: [String: String]) -> String {
        let query = parameters.sorted { $0.key < $1.key }.map { "\(encoded($0.key))=\(encoded($0.value))" }
        let text = "\(url)?\(query.joined(separator: "&"))"
        return "\(text)&signature=\(encoded("AuthHMAC \(id):\(code(text))"))"
    }

    private static func encoded(_ text: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~".utf8)
        return text.utf8.map { byte in
            if plain.contains(byte) { return String(decoding: [byte], as: UTF8.self) }
            return byte == 0x20 ? "+" : "%" + String(UInt16(byte) + 256, radix: 16).dropFirst().uppercased()
        }.joined()
    }

    /// RFC 1123, of now.
    static func httpDate() -> String {
        let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let text = now()
        let days = Int(Date().timeIntervalSince1970) / 86_400
        let month = Int(text.dropFirst(5).prefix(2)) ?? 1
        return "\(names[days % 7]), \(text.dropFirst(8).prefix(2)) \(months[month - 1]) \(text.prefix(4)) "
            + "\(text.dropFirst(11).prefix(8)) GMT"
    }

    /// ISO 8601, with an offset.
    static func now() -> String { String(Date().formatted(.iso8601).dropLast()) + "+00:00" }

    // MARK: Requests

    /// A request that the marketplace signs.
    func signed(_ method: String, _ url: String, _ body: String = "") throws -> Answer {
        let (date, path) = (Self.httpDate(), path(of: url))
        let type = body.isEmpty ? "" : "application/json"
        var headers = ["Date: \(date)", "Accept: application/json"]
        if !body.isEmpty { headers.append("Content-Type: \(type)") }
        headers.append("Authorization: \(Self.signature(method, type, body, date, path))")
        return try send(method, url, headers, body)
    }

    /// A customer's browser.
    func browse(_ method: String, _ url: String, cookie: String = "", form: String = "") throws -> Answer {
        var headers = cookie.isEmpty ? [] : ["Cookie: \(cookie)"]
        if !form.isEmpty { headers.append("Content-Type: application/x-www-form-urlencoded") }
        return try send(method, url, headers, form)
    }

    /// A customer's app.
    func app(_ method: String, _ url: String, _ login: (String, String), _ body: String = "") throws
        -> Answer
    {
        let basic = Data("\(login.0):\(login.1)".utf8).base64EncodedString()
        return try send(
            method,
            url,
            ["Authorization: Basic \(basic)", "Content-Type: application/json"],
            body
        )
    }

    private func path(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        return String(url[scheme.upperBound...].drop { $0 != "/" })
    }

    private func send(_ method: String, _ url: String, _ headers: [String], _ body: String) throws -> Answer {
        var lines = ["\(method) \(path(of: url)) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
        lines += headers
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        let reply = try RawExchange(port: port)([
            .text(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        ])
        guard let end = reply.text.firstRange(of: "\r\n\r\n"), let status = reply.statuses.first else {
            throw Obstacle("no answer to \(method) \(url): \(reply.text)")
        }
        return Answer(
            status: status,
            head: String(reply.text[..<end.lowerBound]),
            body: String(reply.text[end.upperBound...])
        )
    }
}

/// What a partner answers, as much of it as the original's platform keeps.
struct PushedAccount: Decodable {
    struct Account: Decodable {
        let url: String
        let configuration_url: String
        let provisioned_services_url: String
    }
    struct Message: Decodable {
        let message_type: String
        let subject: String
    }
    let service_account: Account
    let message: Message?
}

struct PushedService: Decodable {
    struct Service: Decodable {
        let url: String
        let vars: [String: String]
    }
    let provisioned_service: Service
    let message: PushedAccount.Message?
}

struct PostedMessage: Decodable { let message: PushedAccount.Message }

struct PostedInvoice: Decodable {
    struct Invoice: Decodable {
        let total_amount_cents: Int
        let line_item_description: String
        let unique_id: String?
    }
    let invoice: Invoice
}

struct RegisteredService: Decodable {
    struct Service: Decodable {
        let name: String
        let label: String
        let service_accounts_url: String
        let home_url: String
        let terms_and_conditions_url: String
        let vars: [String]
    }
    let service: Service
}
