internal import Domain

/// The blackouts that the records put in force, of those that come once: which labels they are for, and when
/// they are. Shares nothing with `Scheduling.Blackouts`.
struct BlackoutBook: Sendable {
    private struct Window: Sendable {
        var labels: [String]
        var from: Timestamp
        var to: Timestamp
        /// When it was said.
        var setAt: Timestamp
    }

    private var windows: [String: Window] = [:]

    mutating func take(_ entry: Entry) {
        switch entry.record {
        case .blackoutSet(let blackout):
            guard case .once(let from, let to) = blackout.time else { return }
            windows[blackout.name] = Window(
                labels: blackout.labels,
                from: from,
                to: to,
                setAt: entry.time
            )
        case .blackoutRemoved(let record): windows[record.name] = nil
        default: break
        }
    }

    /// The latest end of those that whoever has these labels is under at that time; nil for none.
    func end(at time: Timestamp, labels: [String]) -> Timestamp? {
        windows.values.filter { window in
            window.from <= time && time < window.to && window.labels.allSatisfy { labels.contains($0) }
        }.map(\.to).max()
    }

    /// One blackout, known before, that lasts all the time.
    func covers(from first: Timestamp, through last: Timestamp, labels: [String]) -> Bool {
        windows.values.contains { window in
            max(window.from, window.setAt) <= first && last < window.to
                && window.labels.allSatisfy { labels.contains($0) }
        }
    }

    /// A blackout at some of the time.
    func touches(from first: Timestamp, through last: Timestamp, labels: [String]) -> Bool {
        windows.values.contains { window in
            window.from <= last && first < window.to && window.labels.allSatisfy { labels.contains($0) }
        }
    }

    /// When the last of those ends that follow each other without a break.
    func wholeEnd(at time: Timestamp, labels: [String]) -> Timestamp? {
        guard var last = end(at: time, labels: labels) else { return nil }
        for _ in windows.keys { last = end(at: last, labels: labels) ?? last }
        return last
    }
}
