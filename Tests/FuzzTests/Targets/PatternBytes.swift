import Domain

/// Patterns that users write and texts that strangers send: time stays linear, whatever both are.
///
/// The first byte says how long the pattern is; the text follows it.
enum PatternBytes {
    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        var choices = Choices(bytes)
        let written = String(decoding: choices.take(Int(choices.byte())), as: UTF8.self)
        let text = Array(choices.rest)
        let pattern: Pattern
        do throws(PatternError) {
            pattern = try Pattern(written)
        } catch {
            return
        }
        let count = pattern.stateCount
        try BrokenProperty.check(count <= Pattern.statesMax + 1, "a pattern of \(count) states")
        let search = pattern.search(text)
        let stepsMax = (2 * count + 1) * (text.count + 1)
        try BrokenProperty.check(search.steps <= stepsMax, "\(search.steps) steps, \(stepsMax) are the bound")
        try BrokenProperty.check(pattern.matches(text) == search.isFound, "two answers for one text")
    }
}
