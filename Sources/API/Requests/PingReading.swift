internal import Domain
internal import Engine

/// A request to `/ping/…` as a ping: `/ping/{uuid}` or `/ping/{key}/{slug}`, then perhaps `start`, `fail`,
/// `log` or an exit code. Facts: https://healthchecks.io/docs/http_api/
///
/// A first part that looks like a UUID is a check; anything else is a ping key. What it says comes from the
/// request line alone, so that it can be read before there is a whole request. A query that cannot be read
/// is no reason to lose a ping.
struct PingReading {
    var arrival: PingArrival

    static let prefix = "/ping/"
    private static let methodBytesMax = 8
    private static let partsMax = 3

    /// What is wrong with a URL, in the words that scripts may look for.
    ///
    /// Where it says whom it is for, that comes along: who is not there is not found, whatever else is wrong.
    enum Refusal: Error, Equatable {
        case unknown
        case badURL(PingTarget?)
        case badRun(PingTarget?)

        var status: Int { self == .unknown ? 404 : 400 }

        var text: String {
            switch self {
            case .unknown: "not found"
            case .badURL: "invalid url format"
            case .badRun: "invalid uuid format"
            }
        }

        var target: PingTarget? {
            switch self {
            case .unknown: nil
            case .badURL(let target), .badRun(let target): target
            }
        }
    }

    /// - Parameters:
    ///   - target: path and query as they stood on the request line.
    ///   - source: the address it came from; empty when unknown.
    init(method: String, target: String, source: String) throws(Refusal) {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        guard target.utf8.starts(with: Self.prefix.utf8) else { throw .unknown }
        let path = target.utf8[..<(mark ?? target.endIndex)].dropFirst(Self.prefix.utf8.count)
        let words = path.split(separator: UInt8(ascii: "/")).map(Substring.init)
        guard (1...Self.partsMax).contains(words.count) else { throw .unknown }
        var parts = words.compactMap(Self.decode)[...]
        guard parts.count == words.count else { throw .badURL(nil) }
        let query = mark == nil ? QueryFields() : (try? QueryFields(target)) ?? QueryFields()
        if let address = UniqueID(parts[0]) {
            guard parts.count < Self.partsMax else { throw .unknown }
            parts.removeFirst()
            let target = PingTarget.address(address)
            arrival = PingArrival(target: target, ping: try Self.ping(parts.first, for: target))
        } else {
            guard parts.count > 1 else { throw .unknown }
            let (key, slug) = (parts.removeFirst(), parts.removeFirst())
            let target = PingTarget.slug(key: key, slug: slug)
            arrival = PingArrival(target: target, ping: try Self.ping(parts.first, for: target))
            if query["create"] == "1" {
                guard CheckForm.isSlug(slug) else { throw .badURL(nil) }
                var made = CheckDefinition()
                made.name = slug
                made.slug = slug
                arrival.definition = made
            }
        }
        if let text = query["rid"] {
            // Who is to be made is not there yet.
            guard let run = UniqueID(text) else {
                throw .badRun(arrival.definition == nil ? arrival.target : nil)
            }
            arrival.ping.run = run
        }
        arrival.ping.method = String(method.prefix(Self.methodBytesMax))
        arrival.ping.source = source
    }

    private static func decode(_ part: Substring) -> String? {
        // Nearly all have nothing to decode.
        part.utf8.contains(UInt8(ascii: "%"))
            ? QueryFields.decode(part, plusIsSpace: false) : String(part)
    }

    private static func ping(_ action: String?, for target: PingTarget) throws(Refusal) -> Ping {
        switch action {
        case nil: return Ping(.success)
        case "start": return Ping(.start)
        case "fail": return Ping(.fail)
        case "log": return Ping(.log)
        case .some(let text):
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { throw .unknown }
            guard let code = UInt8(text) else { throw .badURL(target) }
            return Ping(code == 0 ? .success : .fail, exitCode: code)
        }
    }
}
