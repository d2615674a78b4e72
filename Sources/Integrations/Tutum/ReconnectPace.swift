package import Domain

/// How long to wait before a stream is opened again: a second, doubling to a minute, all of it chance, so
/// that a crowd that was dropped together does not come back together. A minute of health begins anew.
package struct ReconnectPace: Sendable, Equatable {
    package static let first = Span.seconds(1)
    package static let longest = Span.seconds(60)
    package static let health = Span.seconds(60)

    private var failures = 0

    package init() {}

    /// - Parameters:
    ///   - healthy: how long the connection that ended had been authenticated.
    ///   - asked: what the server's `Retry-After` demands; never less than that.
    ///   - chance: from 0 to 1.
    package mutating func next(healthy: Span, asked: Span?, chance: Double) -> Span {
        if healthy >= Self.health { failures = 0 }
        let ceiling = min(Self.longest.microseconds, Self.first.microseconds << min(failures, 6))
        failures += 1
        let wait = Span(microseconds: Int64(Double(ceiling) * min(max(chance, 0), 1)))
        return max(wait, asked ?? .zero)
    }
}
