package import Domain

// **What a watched stream did**, on its way to those whom it concerns.
extension Flow {
    /// A watched stream was opened or lost, or said something: the one place where whatever waits for that
    /// is told.
    package mutating func happened(_ happening: SourceHappening, now: Timestamp) {
        watching.count(happening)
        react(to: happening, now: now)
    }
}
