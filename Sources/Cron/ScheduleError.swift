/// Why a text is not a schedule: where, what, and what would do.
public struct ScheduleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The part of the text at fault.
    public enum Field: String, Sendable, Hashable, CaseIterable {
        case schedule
        case second
        case minute
        case hour
        case dayOfMonth = "day of month"
        case month
        case dayOfWeek = "day of week"
        case year
        case interval
        case time
        case repetition
    }

    public var field: Field
    /// As written.
    public var text: String
    /// Completes "… is/has …", such as `is more than 59`.
    public var problem: String
    /// What may stand there.
    public var allowed: String
    /// What was probably meant.
    public var hint: String?

    public init(field: Field, text: String, problem: String, allowed: String, hint: String? = nil) {
        self.field = field
        self.text = text
        self.problem = problem
        self.allowed = allowed
        self.hint = hint
    }

    /// `minute "61" is more than 59; allowed: 0-59, …; did you mean …?`
    public var description: String {
        let shown = text.count > 100 ? text.prefix(99) + "…" : text[...]
        var sentence = "\(field.rawValue) \"\(shown)\" \(problem)"
        if !allowed.isEmpty { sentence += "; allowed: \(allowed)" }
        if let hint { sentence += "; \(hint)" }
        return sentence
    }
}
