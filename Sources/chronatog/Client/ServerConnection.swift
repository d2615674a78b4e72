import Domain
import Effects
import Synchronization
import Wire

/// The client's side of the API: one request at a time over the product's own HTTP client.
final class ServerConnection: Sendable {
    let address: ServerAddress
    private let transport: any Transport
    let origin: Origin
    private let basePath: String
    /// `ClientCommand.flags`.
    private let flags: [String: String]?
    private let pending = Mutex<[UInt64: CheckedContinuation<Outcome, Never>]>([:])
    private let lastID = Atomic<UInt64>(0)

    /// Longest answer that is read: a dump of a large journal.
    static let answerBytesMax = 4 << 30
    /// `clock advance` may be at work for long.
    private static let deadlines = Deadlines(
        name: .seconds(10),
        connect: .seconds(10),
        firstByte: .hours(6),
        total: .hours(6)
    )

    init(
        _ address: ServerAddress,
        transport: any Transport,
        flags: [String: String]? = nil
    ) throws(CommandFailure) {
        guard let (origin, path) = Self.split(address.origin) else {
            throw .asked(
                "\"\(address.origin)\" is not the address of a server",
                hint: "write http://HOST:PORT"
            )
        }
        self.address = address
        self.transport = transport
        self.origin = origin
        basePath = path
        self.flags = flags
        transport.deliverOutcomes { [weak self] outcomes in
            for outcome in outcomes {
                self?.pending.withLock { $0.removeValue(forKey: outcome.id) }?.resume(returning: outcome)
            }
        }
    }

    /// Asks and returns the answer's JSON; `.null` for an empty body.
    ///
    /// - Throws: the server's own words when it refuses, and a sentence about the connection when there is
    /// none.
    func request(_ method: String, _ path: String, body: JSON? = nil) async throws(CommandFailure) -> JSON {
        let answer = try await bytes(method, path, body: body)
        guard !answer.isEmpty else { return .null }
        do {
            return try JSONReader.value(of: answer)
        } catch {
            throw .failed(
                "\(address.origin) answered something that is \(error.sentence)",
                hint: "is that really a Chronatog server?"
            )
        }
    }

    /// Asks and returns the answer's body as it is.
    func bytes(_ method: String, _ path: String, body: JSON? = nil) async throws(CommandFailure) -> [UInt8] {
        let outcome = await send(method, path, body)
        switch outcome.result {
        case .failed(let failure):
            throw .failed(
                "\(address.origin) cannot be reached: \(failure.message)",
                hint: "is `chronatog serve` running there? --url or CHRONATOG_URL says which server is asked"
            )
        case .answered(let answer) where (200..<300).contains(answer.status): return answer.body
        case .answered(let answer): throw refusal(answer)
        }
    }

    private func send(_ method: String, _ path: String, _ body: JSON?) async -> Outcome {
        let id = lastID.add(1, ordering: .relaxed).newValue
        var call = Call(
            id: id,
            origin: origin,
            method: method,
            target: basePath + path,
            headerLines: Array(headerLines(hasBody: body != nil).utf8),
            body: body.map { Array($0.text.utf8) } ?? [],
            deadlines: Self.deadlines,
            keepBodyBytesMax: Self.answerBytesMax
        )
        call.redirectsMax = 0
        return await withCheckedContinuation { continuation in
            pending.withLock { $0[id] = continuation }
            transport.send([call])
        }
    }

    private func headerLines(hasBody: Bool) -> String {
        var lines = "Accept: application/json\r\nUser-Agent: chronatog/\(Version.number)\r\n"
        if hasBody { lines += "Content-Type: application/json\r\n" }
        switch address.login {
        case .none: break
        case .bearer(let token): lines += "Authorization: Bearer \(Self.oneLine(token))\r\n"
        case .basic(let username, let password):
            lines += "Authorization: Basic \(Base64.encode(Array("\(username):\(password)".utf8)))\r\n"
        }
        return lines
    }

    private static func oneLine(_ text: String) -> String { text.filter { !$0.isNewline } }

    /// The problem document in the server's words; plain text of other servers is shown as it is, cut short.
    private func refusal(_ answer: Answer) -> CommandFailure {
        guard let problem = try? JSONReader.value(of: answer.body) else {
            let text = String(decoding: answer.body.prefix(200), as: UTF8.self)
            return .failed("\(address.origin) answered \(answer.status)" + (text.isEmpty ? "" : ": \(text)"))
        }
        var sentences: [String] = []
        for fault in problem["errors"]?.array ?? [] {
            let field = fault["field"]?.string.map { "\(flag(of: $0)): " } ?? ""
            let hint = fault["hint"]?.string.map { " (\($0))" } ?? ""
            sentences.append(field + (fault["message"]?.string ?? "refused") + hint)
        }
        let detail = problem["detail"]?.string ?? problem["title"]?.string
        if let detail, sentences.isEmpty { sentences = [detail] }
        if sentences.isEmpty { sentences = (problem["error_messages"]?.array ?? []).compactMap(\.string) }
        if sentences.isEmpty { sentences = ["\(address.origin) answered \(answer.status)"] }
        let hint =
            answer.status == 401
            ? "give the token with --token or CHRONATOG_TOKEN; the server printed where it is" : nil
        return answer.status == 400 || answer.status == 422
            ? .asked(sentences, hint: hint) : .failed(sentences, hint: hint)
    }

    /// A field by the name that whoever typed the command knows it by.
    private func flag(of field: String) -> String {
        guard let flags else { return field }
        if let own = flags[field] { return own }
        guard let dot = field.firstIndex(of: ".") else { return Self.flag(named: field) }
        return flags[String(field[..<dot])].map { "\($0) \(field[dot...].dropFirst())" } ?? field
    }

    static func flag(named field: String) -> String {
        "--" + String(field.map { $0 == "_" ? "-" : $0 })
    }

    /// Scheme, host and port, and the path before the API's own.
    static func split(_ url: String) -> (Origin, path: String)? {
        let isTLS = url.hasPrefix("https://")
        guard isTLS || url.hasPrefix("http://") else { return nil }
        let rest = url.dropFirst(isTLS ? 8 : 7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var host = authority
        var port: UInt16 = isTLS ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let number = UInt16(authority[authority.index(after: colon)...]) else { return nil }
            port = number
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("@"), !host.contains(where: \.isWhitespace) else { return nil }
        var path = String(rest.dropFirst(authority.count).prefix { $0 != "?" && $0 != "#" })
        if path.hasSuffix("/") { path.removeLast() }
        return (Origin(isTLS: isTLS, host: host.lowercased(), port: port), path)
    }
}
