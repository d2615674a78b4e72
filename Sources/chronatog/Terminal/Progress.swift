import Synchronization

/// A line on standard error while something takes longer than a second, when standard error is a terminal.
final class Progress: Sendable {
    private let label: String
    private let detail = Mutex("")
    private let started = ContinuousClock.now
    private let ticking = Mutex<Task<Void, Never>?>(nil)

    init(_ label: String) {
        self.label = label
        guard StandardStream.error.isTerminal else { return }
        // A task of its own, because the work it reports on holds the caller's.
        let task = Task { [weak self] in
            try? await Task.sleep(for: .seconds(1))
            while !Task.isCancelled, let self {
                self.show()
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
        ticking.withLock { $0 = task }
    }

    /// What is being done now, such as `3,000 of 10,000`.
    func note(_ text: String) {
        detail.withLock { $0 = text }
    }

    /// Removes the line.
    func end() {
        let task = ticking.withLock { task in
            defer { task = nil }
            return task
        }
        guard let task else { return }
        task.cancel()
        StandardStream.error.write("\r\u{1b}[K")
    }

    private func show() {
        let seconds = (ContinuousClock.now - started).components.seconds
        let detail = detail.withLock { $0 }
        StandardStream.error.write("\r\u{1b}[K\(label) … \(seconds)s\(detail.isEmpty ? "" : "  " + detail)")
    }
}
