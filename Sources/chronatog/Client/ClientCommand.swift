import ArgumentParser
import Domain
import Wire

/// A command that asks a server.
protocol ClientCommand: AsyncParsableCommand {
    var server: ServerOptions { get }
    /// What the fields of its request are called on the command line, where that is not `--field-name`; nil
    /// where nobody gave them there.
    static var flags: [String: String]? { get }
    func run(asking server: ServerConnection) async throws(CommandFailure)
}

extension ClientCommand {
    static var flags: [String: String]? { nil }

    mutating func run() async throws {
        let address = try ServerAddress.find(server.choice, environment: ProcessEnvironment.all)
        try await ServerConnection.with(address, flags: Self.flags) {
            (connection) async throws(CommandFailure) in
            try await run(asking: connection)
        }
    }
}

extension ServerConnection {
    /// Opens the way to a server for as long as `body` runs.
    static func with(
        _ address: ServerAddress,
        flags: [String: String]? = nil,
        _ body: (ServerConnection) async throws(CommandFailure) -> Void
    ) async throws(CommandFailure) {
        let transport = HTTPTransport(egress: try .anywhere(), trust: try trust(address))
        do {
            try await body(try ServerConnection(address, transport: transport, flags: flags))
        } catch {
            await transport.shutdown(drain: .zero)
            throw error
        }
        await transport.shutdown(drain: .zero)
    }

    private static func trust(_ address: ServerAddress) throws(CommandFailure) -> TrustRoots {
        guard address.origin.hasPrefix("https://") else { return .nobody }
        do { return try TrustRoots.load() } catch { throw .failed(error.sentence) }
    }

    static let api = "/chronatogapi/1"

    /// The id of the job that a person named by id or by name.
    func job(_ word: String) async throws(CommandFailure) -> String {
        if !word.isEmpty, word.allSatisfy(\.isASCIIDigit) { return word }
        var ids: [String] = []
        try await pages("/jobs") { (job) in
            if job["name"]?.string == word, let id = job["id"]?.identifier { ids.append(id) }
        }
        switch ids.count {
        case 1: return ids[0]
        case 0: throw .failed("there is no job named \"\(word)\"", hint: "`chronatog jobs` lists them")
        default:
            throw .asked(
                "\(ids.count) jobs are named \"\(word)\": \(ids.joined(separator: ", "))",
                hint: "give the id"
            )
        }
    }

    /// Every element of a list, page by page.
    func pages(
        _ path: String,
        query: [(String, String)] = [],
        limit: Int = .max,
        _ each: (JSON) -> Void
    ) async throws(CommandFailure) {
        var after: String?
        var left = limit
        while left > 0 {
            let size = min(left, Self.pageSize)
            var items = query + [("limit", String(size))]
            if let after { items.append(("after", after)) }
            let page = try await request("GET", Self.api + path + Query.text(items)).array ?? []
            page.forEach(each)
            left -= page.count
            guard page.count == size, let last = page.last?["id"]?.identifier, last != after else { return }
            after = last
        }
    }

    private static let pageSize = 1000
}

extension JSON {
    /// An id, whether the server writes it as text or as a number.
    var identifier: String? { string ?? number.map { String($0) } }

    /// A scalar as people read it; empty for null and for what is absent.
    var plain: String {
        switch self {
        case .null: ""
        case .string(let text): text
        case .bool(let value): value ? "yes" : "no"
        case .number(let value): String(value)
        case .double(let value): String(value)
        case .array(let values): values.map(\.plain).joined(separator: " | ")
        case .object: text
        }
    }

    /// A member as people read it.
    func plain(_ key: String) -> String { self[key]?.plain ?? "" }
}

extension EgressPolicy {
    /// The client goes where its user says, unlike the server, which goes where strangers say.
    static func anywhere() throws(CommandFailure) -> EgressPolicy {
        do {
            return try EgressPolicy.parse("allow=0.0.0.0/0,allow=::/0")
        } catch {
            throw .failed(error.sentence)
        }
    }
}
