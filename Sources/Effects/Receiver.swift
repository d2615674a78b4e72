private import Synchronization

/// Who is told of what arises on another thread; set once, before it can.
///
/// The function lies in a structure for a reason: a `Mutex` over a bare function wraps it in two more at
/// every look, so that each call is slower than the one before and the stack at last too short.
package final class Receiver<Value>: Sendable {
    private struct Place {
        var receive: (@Sendable (Value) -> Void)?
    }

    private let place = Mutex(Place())

    package init() {}

    package func set(_ receive: @escaping @Sendable (Value) -> Void) {
        place.withLock { $0.receive = receive }
    }

    /// nil until it is set.
    package var receive: (@Sendable (Value) -> Void)? { place.withLock { $0.receive } }
}
