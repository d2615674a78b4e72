/// Why something cannot be made into a job: every reason that was found, each a sentence without its stop.
struct Untranslatable: Error, Equatable {
    var reasons: [String]

    init(_ reasons: [String]) { self.reasons = reasons }
    init(_ reason: String) { reasons = [reason] }
}
