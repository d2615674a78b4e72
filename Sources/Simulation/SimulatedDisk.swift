package import Effects
private import Synchronization

/// A disk that does what disks do at the worst moment.
///
/// Every file has a page cache and a medium, with a list of changes between them; the folder's names have
/// the same. `datasync` and `syncDirectory` make durable what they cover and nothing else. A power cut keeps,
/// loses or tears each change that nobody has synced, by seed; a killed process keeps them all, unsynced as
/// they are.
package final class SimulatedDisk: Disk {
    private let state: Mutex<State>

    fileprivate struct State {
        var files: [Int: SimulatedFile] = [:]
        var names = SimulatedNames()
        var filesEver = 0
        var dice: Dice
        var holder: String?
        var capacityBytes = Int.max
        var fault: DiskFault?
        /// Operations that the planned fault has counted so far.
        var counted = 0
        var faultsFired = 0
        var operations = 0
        var liesAboutSyncs = false
        /// Operations of a checker, which no fault concerns.
        var isObserved = false
        var log = OperationLog()
    }

    package init(seed: UInt64) {
        state = Mutex(State(dice: Dice(seed: seed, stream: "disk")))
    }

    private init(_ other: State) {
        state = Mutex(other)
    }

    /// Another disk with the same content and the same future.
    package func copy() -> SimulatedDisk { SimulatedDisk(state.withLock { $0 }) }

    // MARK: What a test does to it

    /// The process is gone: its lock with it. What it wrote is in the page cache, synced or not; the system
    /// may drop clean pages from it.
    package func kill() {
        state.withLock { state in
            state.holder = nil
            state.log.add("(process killed)")
            for file in state.files.keys.sorted() where state.dice.chance(1, in: 2) {
                state.files[file]?.evict()
            }
        }
    }

    /// The power goes.
    package func cutPower(_ mood: CrashMood) {
        state.withLock { state in
            state.holder = nil
            state.log.add("(power cut: \(mood))")
            for file in state.files.keys.sorted() { state.files[file]?.crash(&state.dice, mood) }
            state.names.crash(&state.dice, mood)
            let used = Set(state.names.cached.values)
            state.files = state.files.filter { used.contains($0.key) }
        }
    }

    /// Plans a fault, in place of the one before; nil repairs the disk.
    package func plan(_ fault: DiskFault?) {
        state.withLock { state in
            state.fault = fault
            state.counted = 0
        }
    }

    /// What all files together may take.
    package func limit(to bytes: Int) { state.withLock { $0.capacityBytes = bytes } }

    /// A drive that says "done" and has not written: what every checker is there to notice.
    package func lieAboutSyncs() { state.withLock { $0.liesAboutSyncs = true } }

    /// Turns one bit over without a word.
    package func flip(_ name: String, byte: Int, bit: Int) {
        state.withLock { state in
            guard let file = state.names.cached[name] else { return }
            state.files[file]?.flip(byte: byte, bit: bit)
        }
    }

    /// Runs a checker: what it does is no operation of the product's, and does not fail.
    package func observe<R>(_ body: () throws -> R) rethrows -> R {
        state.withLock { $0.isObserved = true }
        defer { state.withLock { $0.isObserved = false } }
        return try body()
    }

    package var faultsFired: Int { state.withLock { $0.faultsFired } }
    package var operations: Int { state.withLock { $0.operations } }
    package var usedBytes: Int { state.withLock { $0.used } }
    /// The last operations, oldest first.
    package var log: [String] { state.withLock { $0.log.lines } }

    // MARK: Disk

    package func list() throws(DiskError) -> [String] {
        try state.withLock { (state) throws(DiskError) in
            try state.perform(.list, "")
            return state.names.cached.keys.sorted()
        }
    }

    package func size(of name: String) throws(DiskError) -> Int {
        try state.withLock { (state) throws(DiskError) in
            state.files[try state.file(name, "size")]?.cached.count ?? 0
        }
    }

    package func read(_ name: String, at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        try state.withLock { (state) throws(DiskError) in
            let file = try state.file(name, "read")
            try state.perform(.read, name)
            guard let bytes = state.files[file]?.cached, offset < bytes.count else { return [] }
            return Array(bytes[offset..<min(offset + count, bytes.count)])
        }
    }

    package func create(_ name: String, allocating bytes: Int) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            if let present = state.names.cached[name] {
                state.files[present]?.resize(0)
            }
            do throws(DiskError) {
                try state.perform(.create, name)
                if state.used + bytes > state.capacityBytes {
                    throw DiskError(.noSpace, operation: "allocate", path: name)
                }
            } catch {
                state.names.unbind(name)
                throw error
            }
            let file: Int
            if let present = state.names.cached[name] {
                file = present
            } else {
                state.filesEver += 1
                file = state.filesEver
                state.files[file] = SimulatedFile()
                state.names.bind(name, to: file)
            }
            if bytes > 0 { state.files[file]?.resize(bytes) }
        }
    }

    package func settle(_ name: String, at offset: Int, count: Int) throws(DiskError) {
        try write(name, at: offset, [UInt8](repeating: 0, count: count))
        try datasync(name)
    }

    package func write(_ name: String, at offset: Int, _ bytes: [UInt8]) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            let file = try state.file(name, "write")
            do throws(DiskError) {
                try state.perform(.write, "\(name) \(offset)+\(bytes.count)")
            } catch {
                // Some of it may have been written all the same.
                let part = state.dice.below(bytes.count + 1)
                let room = max(0, (state.files[file]?.cached.count ?? 0) - offset)
                state.files[file]?.write(Array(bytes.prefix(min(part, room))), at: offset)
                throw error
            }
            let growth = max(0, offset + bytes.count - (state.files[file]?.cached.count ?? 0))
            if growth > 0, state.capacityBytes != .max, state.used + growth > state.capacityBytes {
                throw DiskError(.noSpace, operation: "write", path: name)
            }
            state.files[file]?.write(bytes, at: offset)
        }
    }

    package func datasync(_ name: String) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            let file = try state.file(name, "datasync")
            do throws(DiskError) {
                try state.perform(.datasync, name)
            } catch {
                if state.fault?.kind != .halt { state.files[file]?.failSync(&state.dice) }
                throw error
            }
            if !state.liesAboutSyncs { state.files[file]?.sync() }
        }
    }

    package func rename(_ name: String, to newName: String) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            _ = try state.file(name, "rename")
            try state.perform(.rename, "\(name) \(newName)")
            state.names.move(name, to: newName)
        }
    }

    package func remove(_ name: String) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            _ = try state.file(name, "remove")
            try state.perform(.remove, name)
            state.names.unbind(name)
        }
    }

    package func syncDirectory() throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            try state.perform(.syncDirectory, "")
            if !state.liesAboutSyncs { state.names.sync() }
        }
    }

    package func lock(holder: String) throws(DiskError) {
        try state.withLock { (state) throws(DiskError) in
            if let present = state.holder {
                throw DiskError(.locked(holder: present), operation: "lock", path: "simulated")
            }
            state.holder = holder
        }
    }

    package func unlock() { state.withLock { $0.holder = nil } }

    package func freeBytes() -> UInt64 {
        state.withLock { UInt64(max(0, $0.capacityBytes - $0.used)) }
    }
}

extension SimulatedDisk.State {
    /// Of the files that have a name.
    fileprivate var used: Int { names.cached.values.reduce(0) { $0 + (files[$1]?.cached.count ?? 0) } }

    fileprivate func file(_ name: String, _ operation: String) throws(DiskError) -> Int {
        guard let file = names.cached[name] else {
            throw DiskError(.notFound, operation: operation, path: name)
        }
        return file
    }

    /// Counts an operation, and fails it when its turn has come.
    fileprivate mutating func perform(_ operation: DiskFault.Operation, _ name: String) throws(DiskError) {
        if isObserved { return }
        operations += 1
        log.add("\(operation.rawValue) \(name)")
        guard let fault, fault.operation == nil || fault.operation == operation else { return }
        counted += 1
        guard counted == fault.number || fault.isPersistent && counted > fault.number else { return }
        faultsFired += 1
        log.add("^ failed: \(fault.kind.rawValue)")
        throw fault.error(operation.rawValue, name)
    }
}

/// The last operations, for whoever has to understand a failure.
fileprivate struct OperationLog: Sendable {
    private static let linesMax = 40
    private var ring: [String] = []
    private var next = 0

    mutating func add(_ line: String) {
        if ring.count < Self.linesMax {
            ring.append(line)
        } else {
            ring[next % Self.linesMax] = line
        }
        next += 1
    }

    var lines: [String] {
        guard ring.count == Self.linesMax else { return ring }
        let start = next % Self.linesMax
        return Array(ring[start...] + ring[..<start])
    }
}
