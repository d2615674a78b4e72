package import Domain

/// What a `/_sink/…` path asks the built-in target to do: `/_sink/{status}[/anything]`, with
///
/// - `delay`: how long it waits before it answers,
/// - `after`: how long it waits between the head of the answer and its body (for total deadlines),
/// - `fail_first`: how many calls are answered 503 first,
/// - `bytes`: how long the body is,
/// - `hang`: it never answers.
///
/// Other query names are allowed and mean nothing: they tell targets apart, and may hold templates.
package struct SinkTarget: Sendable, Hashable {
    /// 200–599.
    package var status: UInt16
    package var delay: Span = .zero
    package var after: Span = .zero
    package var failFirst: Int = 0
    /// nil: a short text.
    package var bytes: Int?
    package var hangs = false

    package static let prefix = "/_sink/"
    /// Longest body, 64 MiB.
    package static let bodyBytesMax = 64 << 20
    /// Longest wait of each kind.
    package static let waitMax = Span.hours(24)
    package static let failFirstMax = 1_000_000

    /// - Parameter target: path and query as on a request line.
    package init(_ target: String) throws(SinkTargetError) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].hasPrefix(Self.prefix) else { throw .notASink(target) }
        let statusText = parts[0].dropFirst(Self.prefix.count).prefix { $0 != "/" }
        guard let status = UInt16(statusText), (200...599).contains(status) else {
            throw .status(String(statusText))
        }
        self.status = status
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            try set(String(sides[0]), to: sides.count == 2 ? String(sides[1]) : "")
        }
    }

    private mutating func set(_ name: String, to value: String) throws(SinkTargetError) {
        switch name {
        case "delay": delay = try Self.span(value, name)
        case "after": after = try Self.span(value, name)
        case "fail_first": failFirst = try Self.count(value, name, upTo: Self.failFirstMax)
        case "bytes": bytes = try Self.count(value, name, upTo: Self.bodyBytesMax)
        case "hang":
            switch value {
            case "", "1", "true": hangs = true
            case "0", "false": hangs = false
            default: throw .value(name: name, text: value, allowed: "1 or 0")
            }
        default: break
        }
    }

    private static func span(_ text: String, _ name: String) throws(SinkTargetError) -> Span {
        guard let span = Span(text), span <= waitMax else {
            throw .value(name: name, text: text, allowed: "a duration up to 24h such as 250ms, 2s or 5m")
        }
        return span
    }

    private static func count(_ text: String, _ name: String, upTo limit: Int) throws(SinkTargetError) -> Int
    {
        guard let number = Int(text), (0...limit).contains(number) else {
            throw .value(name: name, text: text, allowed: "a number from 0 to \(limit)")
        }
        return number
    }
}

/// Why a path does not tell the sink what to do.
package enum SinkTargetError: Error, Sendable, Equatable, CustomStringConvertible {
    case notASink(String)
    case status(String)
    case value(name: String, text: String, allowed: String)

    package var description: String {
        switch self {
        case .notASink(let text): "\"\(text)\" does not begin with /_sink/ and a status"
        case .status(let text): "\"\(text)\" after /_sink/ is not a status from 200 to 599"
        case .value(let name, let text, let allowed): "\(name) \"\(text)\" is not \(allowed)"
        }
    }
}
