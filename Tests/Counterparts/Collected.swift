import Synchronization

/// Things that happen on other threads, in order; a test waits for the first so many of them.
final class Collected<Element: Sendable>: Sendable {
    private struct Waiter {
        let count: Int
        let continuation: CheckedContinuation<[Element], Never>
    }

    private struct State {
        var elements: [Element] = []
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())

    var elements: [Element] { state.withLock { $0.elements } }

    func add(_ new: [Element]) {
        let ready = state.withLock { state in
            state.elements += new
            let ready = state.waiters.filter { $0.count <= state.elements.count }
            state.waiters.removeAll { $0.count <= state.elements.count }
            return ready.map { ($0, Array(state.elements.prefix($0.count))) }
        }
        for (waiter, elements) in ready { waiter.continuation.resume(returning: elements) }
    }

    /// Waits until there are so many; bounded by the suite's time limit.
    func first(_ count: Int) async -> [Element] {
        await withCheckedContinuation { continuation in
            let ready: [Element]? = state.withLock { state in
                if state.elements.count >= count { return Array(state.elements.prefix(count)) }
                state.waiters.append(Waiter(count: count, continuation: continuation))
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }
}
