/// Why a calendar file cannot be used, and where.
public struct CalendarError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Counted from 1, as editors do; 0 when it is about the file as a whole.
    public var line: Int
    public var problem: String

    public init(line: Int = 0, _ problem: String) {
        self.line = line
        self.problem = problem
    }

    public var description: String {
        line == 0 ? "the calendar \(problem)" : "the calendar's line \(line) \(problem)"
    }
}
