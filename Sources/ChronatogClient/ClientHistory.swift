internal import Domain

// What has happened to jobs, what will, and what would.
extension ChronatogClient {
    /// The job's latest runs, oldest first.
    /// - Parameter limit: 1 to 10,000.
    public func runs(_ url: String, limit: Int = 100) async throws(ChronatogError) -> [ClientRun] {
        try await list("\(url)/runs", [("last", "\(limit)")]).map { ClientRun($0) }
    }

    /// One run, by the id that `runNow`, `runs` or an event has told.
    /// - Throws: `ChronatogError.notFound` when there is none.
    public func run(_ id: String) async throws(ChronatogError) -> ClientRun {
        ClientRun(try await ask("GET", "\(root)/runs/\(Self.encoded(id))"))
    }

    /// The job's ledger: every instant of its schedule that has passed, each with its one decision.
    /// - Parameters:
    ///   - from: an RFC 3339 instant, inclusive; the beginning when empty.
    ///   - to: exclusive; now when empty.
    public func slots(_ url: String, from: String = "", to: String = "", limit: Int = 100)
        async throws(ChronatogError) -> [ClientSlot]
    {
        try await list("\(url)/slots", [("from", from), ("to", to), ("limit", "\(limit)")])
            .map { ClientSlot($0) }
    }

    /// Why the job ran at a moment, or why it did not, in one sentence.
    /// - Parameter at: an RFC 3339 instant, or a local time of the job's zone (`2026-03-08T02:30`).
    public func explain(_ url: String, at: String) async throws(ChronatogError) -> String {
        try await ask("GET", Self.query("\(url)/explain", [("at", at)]))["sentence"]?.string ?? ""
    }

    /// What happened, oldest first, as far as these credentials may see it.
    /// - Parameters:
    ///   - since: the `sequence` of the last event seen; 0 for the beginning.
    ///   - types: only these, such as `run.closed` or `job.*`; all when empty.
    ///   - job: the URL of a job; all of them when nil.
    ///   - limit: 1 to 10,000. As many events as this mean that there are more.
    public func events(
        since: Int64 = 0,
        types: [String] = [],
        job: String? = nil,
        limit: Int = 100
    ) async throws(ChronatogError) -> [ClientEvent] {
        let id = job.map { String($0.split(separator: "/").last ?? "") } ?? ""
        let query = [
            ("since", "\(since)"), ("type", types.joined(separator: ",")), ("job", id),
            ("limit", "\(limit)"),
        ]
        return try await list("\(root)/events", query).map { ClientEvent($0) }
    }

    /// When an expression would fire, without making a job of it.
    /// - Parameters:
    ///   - zone: an IANA zone; the server's default when empty.
    ///   - from: an RFC 3339 instant, exclusive; now when empty.
    /// - Returns: RFC 3339 instants; fewer than `count` when it fires no more.
    public func next(_ expression: String, zone: String = "", from: String = "", count: Int = 10)
        async throws(ChronatogError) -> [String]
    {
        let query = [("expression", expression), ("zone", zone), ("from", from), ("count", "\(count)")]
        let answer = try await ask("GET", Self.query("\(root)/next", query))
        return answer["instants"]?.array?.compactMap(\.string) ?? []
    }

    private func list(_ url: String, _ query: [(String, String)]) async throws(ChronatogError) -> [JSON] {
        try await ask("GET", Self.query(url, query)).array ?? []
    }

    /// What is empty is left out.
    private static func query(_ url: String, _ pairs: [(String, String)]) -> String {
        let given = pairs.filter { !$0.1.isEmpty }.map { "\($0.0)=\(encoded($0.1))" }
        return given.isEmpty ? url : "\(url)?\(given.joined(separator: "&"))"
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            let isPlain =
                byte < 0x80 && (character.isLetter || character.isNumber || "-:._".contains(character))
            return isPlain
                ? String(character) : "%" + String(UInt16(byte) + 256, radix: 16).dropFirst().uppercased()
        }
        .joined()
    }
}
