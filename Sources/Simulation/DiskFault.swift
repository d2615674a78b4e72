internal import Effects

/// What goes wrong with a disk: the N-th operation of a kind, once or from then on.
package struct DiskFault: Sendable, Hashable, CustomStringConvertible {
    package enum Operation: String, Sendable, CaseIterable {
        case list
        case read
        case create
        case write
        case datasync
        case rename
        case remove
        case syncDirectory
    }

    package enum Kind: String, Sendable, CaseIterable {
        /// EIO.
        case inputOutput
        /// ENOSPC.
        case noSpace
        /// The machine stops in the middle of it: whoever asked never hears of it again.
        case halt
    }

    /// nil: any of them.
    package var operation: Operation?
    /// Counted from 1, from the moment the fault is planned.
    package var number: Int
    /// Every later operation of the kind fails too, until somebody repairs the disk.
    package var isPersistent: Bool
    package var kind: Kind

    package init(_ operation: Operation?, number: Int, isPersistent: Bool, kind: Kind = .inputOutput) {
        self.operation = operation
        self.number = number
        self.isPersistent = isPersistent
        self.kind = kind
    }

    package var description: String {
        let what = operation?.rawValue ?? "operation"
        return "\(what) \(number) fails \(isPersistent ? "and all after it" : "once") with \(kind.rawValue)"
    }

    func error(_ operation: String, _ name: String) -> DiskError {
        switch kind {
        case .inputOutput, .halt:
            DiskError(.io(errno: 5, text: "input/output error"), operation: operation, path: name)
        case .noSpace: DiskError(.noSpace, operation: operation, path: name)
        }
    }
}
