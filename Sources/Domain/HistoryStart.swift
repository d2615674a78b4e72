/// Where history begins.
package struct HistoryStart: Sendable, Hashable {
    /// The oldest record that is still there.
    package var sequence: Sequence
    /// Nothing is missing from this moment on; `distantPast` when nothing was ever removed.
    package var time: Timestamp

    package init(sequence: Sequence, time: Timestamp) {
        self.sequence = sequence
        self.time = time
    }
}
