private import Synchronization

/// Files in memory, for `--ephemeral` and tests. Allocated space is counted against the capacity but takes
/// memory only where something was written.
package final class MemoryDisk: Disk {
    fileprivate struct File {
        /// What was written; zeros follow up to `size`.
        var bytes: [UInt8] = []
        var size = 0
    }

    fileprivate struct State {
        var files: [String: File] = [:]
        var capacityBytes: Int
        var holder: String?

        var used: Int { files.values.reduce(0) { $0 + $1.size } }
    }

    private let state: Mutex<State>

    /// `capacityBytes` is what all files together may have allocated.
    package init(capacityBytes: Int = .max) {
        state = Mutex(State(capacityBytes: capacityBytes))
    }

    /// A disk that holds the same files: what is there after the power went.
    package func copy() -> MemoryDisk {
        let (files, capacity) = state.withLock { ($0.files, $0.capacityBytes) }
        let other = MemoryDisk(capacityBytes: capacity)
        other.state.withLock { $0.files = files }
        return other
    }

    /// Makes the disk larger or smaller; files stay as they are.
    package func resize(capacityBytes: Int) {
        state.withLock { $0.capacityBytes = capacityBytes }
    }

    package func list() -> [String] {
        state.withLock { $0.files.keys.sorted() }
    }

    package func size(of name: String) throws(DiskError) -> Int {
        try state.withLock { (state) throws(DiskError) in try state.existing(name, "size").size }
    }

    package func read(_ name: String, at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        precondition(offset >= 0 && count >= 0, "a read begins and ends inside a file")
        return try state.withLock { (state) throws(DiskError) in
            let file = try state.existing(name, "read")
            let end = min(file.size, offset + count)
            guard offset < end else { return [] }
            let written = file.bytes[min(offset, file.bytes.count)..<min(end, file.bytes.count)]
            return Array(written) + [UInt8](repeating: 0, count: end - offset - written.count)
        }
    }

    package func create(_ name: String, allocating bytes: Int) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            state.files[name] = nil
            guard bytes <= state.capacityBytes, state.used <= state.capacityBytes - bytes else {
                throw DiskError(.noSpace, operation: "allocate", path: name)
            }
            state.files[name] = File(size: bytes)
        }
    }

    package func write(_ name: String, at offset: Int, _ bytes: [UInt8]) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            // The size alone: a second reference to the file would make the write copy all of it.
            let size = try state.existing(name, "write").size
            let end = offset + bytes.count
            if end > size, state.capacityBytes != .max {
                guard state.used + end - size <= state.capacityBytes else {
                    throw DiskError(.noSpace, operation: "write", path: name)
                }
            }
            state.files[name, default: File()].write(bytes, at: offset)
        }
    }

    package func datasync(_ name: String) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in _ = try state.existing(name, "datasync") }
    }

    package func rename(_ name: String, to newName: String) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            state.files[newName] = try state.existing(name, "rename")
            state.files[name] = nil
        }
    }

    package func remove(_ name: String) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            _ = try state.existing(name, "remove")
            state.files[name] = nil
        }
    }

    package func syncDirectory() {}

    package func lock(holder: String) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            if let present = state.holder {
                throw DiskError(.locked(holder: present), operation: "lock", path: "memory")
            }
            state.holder = holder
        }
    }

    package func unlock() {
        state.withLock { $0.holder = nil }
    }

    package func freeBytes() -> UInt64 {
        state.withLock { UInt64(max(0, $0.capacityBytes - $0.used)) }
    }
}

extension MemoryDisk.State {
    fileprivate func existing(_ name: String, _ operation: String) throws(DiskError) -> MemoryDisk.File {
        guard let file = files[name] else { throw DiskError(.notFound, operation: operation, path: name) }
        return file
    }
}

extension MemoryDisk.File {
    fileprivate mutating func write(_ new: [UInt8], at offset: Int) {
        if offset > bytes.count { bytes += [UInt8](repeating: 0, count: offset - bytes.count) }
        let overlap = min(new.count, bytes.count - offset)
        bytes.replaceSubrange(offset..<offset + overlap, with: new[..<overlap])
        bytes.append(contentsOf: new[overlap...])
        size = max(size, bytes.count)
    }
}
