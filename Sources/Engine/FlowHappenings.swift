internal import Domain

extension Flow {
    /// A watched stream was opened or lost, or said something: the one place where whatever waits for that
    /// is told.
    mutating func happened(_ happening: SourceHappening, now: Timestamp) {
        watching.count(happening)
    }
}
