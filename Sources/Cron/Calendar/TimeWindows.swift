/// Stretches of time, in order and apart from each other.
public struct TimeWindows: Sendable, Hashable {
    /// None is empty, and none touches the next.
    public private(set) var windows: [Range<Instant>] = []

    /// Windows in any order; what overlaps or touches becomes one.
    public init(_ windows: [Range<Instant>]) {
        for window in windows.sorted(by: { $0.lowerBound < $1.lowerBound }) where !window.isEmpty {
            if let last = self.windows.last, window.lowerBound <= last.upperBound {
                self.windows[self.windows.count - 1] =
                    last.lowerBound..<max(last.upperBound, window.upperBound)
            } else {
                self.windows.append(window)
            }
        }
    }

    /// The window that an instant lies in; its end is the first instant outside.
    public func window(at instant: Instant) -> Range<Instant>? {
        var low = 0
        var high = windows.count
        while low < high {
            let middle = (low + high) / 2
            if windows[middle].upperBound <= instant { low = middle + 1 } else { high = middle }
        }
        return low < windows.count && windows[low].contains(instant) ? windows[low] : nil
    }
}
