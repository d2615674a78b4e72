internal import Domain
internal import Effects

/// What Sentry asks to be left alone with, and for how long.
enum SentryLimits {
    /// The header that may come with any answer, in lower case.
    static let headerName = "x-sentry-rate-limits"

    /// Categories that concern us; an empty name stands for everything.
    enum Category: String, CaseIterable {
        case everything = ""
        case error
        case monitor
        case `default`
    }

    private static let standard = Span.seconds(60)
    private static let longest = Span.days(1)

    /// `60:error;default:organization:reason, 2700::key`: seconds, categories, and more that we do not need.
    /// An entry with nothing but unknown categories is void; of two that concern the same, the later counts.
    /// Without the header a 429 limits everything, for as long as `Retry-After` says or a minute.
    static func read(_ answer: Answer, now: Timestamp) -> [String: Timestamp] {
        var limits: [String: Timestamp] = [:]
        guard let header = answer.keptHeader else {
            guard answer.status == 429 else { return [:] }
            let asked = answer.retryAfter.flatMap { RetryAfter.parse($0, now: now) } ?? standard
            return ["": now + min(max(asked, .zero), longest)]
        }
        for entry in header.split(separator: ",") {
            let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 2, let seconds = seconds(parts[0]) else { continue }
            let until = now + min(.seconds(seconds), longest)
            let names = parts[1].split(separator: ";").map { $0.filter { $0 != " " } }
            let categories =
                names.isEmpty ? [Category.everything] : names.compactMap { Category(rawValue: $0) }
            for category in categories {
                limits[category.rawValue] = max(limits[category.rawValue] ?? until, until)
            }
        }
        return limits
    }

    /// Whole seconds, rounded up; some servers write a fraction.
    private static func seconds(_ text: Substring) -> Int64? {
        let text = text.filter { $0 != " " }
        if let whole = Int64(text), whole >= 0 { return whole }
        guard let value = Double(text), value >= 0, value < 1e9 else { return nil }
        return Int64(value.rounded(.up))
    }

    /// Until when any of these categories, or everything, is limited; nil when none is.
    static func limit(
        on categories: [Category],
        in limits: [String: Timestamp],
        now: Timestamp
    ) -> Timestamp? {
        ([.everything] + categories).compactMap { limits[$0.rawValue] }.filter { $0 > now }.max()
    }
}
