package import Domain

// **What a watched stream did**, on its way to those whom it concerns.
extension Flow {
    /// Hands a happening on: to jobs that it starts.
    package mutating func happened(_ happening: SourceHappening, now: Timestamp) {
        react(to: happening, now: now)
    }
}
