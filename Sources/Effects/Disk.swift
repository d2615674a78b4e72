/// A flat folder of files: all that the journal needs of a file system, and what a simulated one has to
/// imitate.
///
/// Calls block and may come from any thread. What `write`, `create`, `rename` and `remove` did may be lost or
/// torn by a crash until `datasync` (contents) and `syncDirectory` (names) have returned.
package protocol Disk: Sendable {
    /// Names of all files, in ascending order.
    func list() throws(DiskError) -> [String]
    /// Length in bytes, allocated space that was never written included.
    func size(of name: String) throws(DiskError) -> Int
    /// `count` bytes from `offset`, fewer where the file ends before.
    func read(_ name: String, at offset: Int, count: Int) throws(DiskError) -> [UInt8]
    /// Makes an empty file, or empties an existing one, and allocates `bytes` for it, which read as zeros:
    /// writing into them later needs no further space. On an error no file is left behind.
    func create(_ name: String, allocating bytes: Int) throws(DiskError)
    /// Writes zeros into allocated space that was never written, and syncs them: afterwards a datasync there
    /// has nothing but data to bring to the medium. It changes no bytes, so a disk may do nothing.
    func settle(_ name: String, at offset: Int, count: Int) throws(DiskError)
    /// Overwrites from `offset`; the file grows when that is needed.
    func write(_ name: String, at offset: Int, _ bytes: [UInt8]) throws(DiskError)
    /// Returns once everything written to the file is on the medium.
    func datasync(_ name: String) throws(DiskError)
    /// Takes the place of a file that already has the new name.
    func rename(_ name: String, to newName: String) throws(DiskError)
    func remove(_ name: String) throws(DiskError)
    /// Returns once files made, renamed and removed are so on the medium.
    func syncDirectory() throws(DiskError)
    /// Makes this process the folder's one writer, until `unlock` or its end. `.locked` names the present
    /// one.
    func lock(holder: String) throws(DiskError)
    func unlock()
    /// Bytes that could still be written.
    func freeBytes() throws(DiskError) -> UInt64
}

extension Disk {
    package func settle(_ name: String, at offset: Int, count: Int) throws(DiskError) {}

    /// The whole file.
    package func read(_ name: String) throws(DiskError) -> [UInt8] {
        try read(name, at: 0, count: size(of: name))
    }

    package func exists(_ name: String) throws(DiskError) -> Bool {
        do {
            _ = try size(of: name)
            return true
        } catch {
            if error.kind == .notFound { return false }
            throw error
        }
    }

    /// Replaces a file as a whole or not at all: temporary file, fsync, rename, fsync of the directory.
    package func replace(_ name: String, with bytes: [UInt8]) throws(DiskError) {
        try replace(name) { (draft) throws(DiskError) in try draft.append(bytes) }
    }

    /// The same for contents that are made piece by piece. When `body` throws, the old file stays.
    package func replace<E: Error>(
        _ name: String,
        mapping: (DiskError) -> E,
        body: (inout FileDraft) throws(E) -> Void
    ) throws(E) {
        func attempt(_ operation: () throws(DiskError) -> Void) throws(E) {
            do { try operation() } catch { throw mapping(error) }
        }
        let temporary = name + temporarySuffix
        try attempt { () throws(DiskError) in try create(temporary, allocating: 0) }
        do {
            var draft = FileDraft(disk: self, name: temporary)
            try body(&draft)
            try attempt { () throws(DiskError) in
                try datasync(temporary)
                try rename(temporary, to: name)
            }
        } catch {
            // The first error is the one to tell; what is left is removed at the next start.
            try? remove(temporary)
            throw error
        }
        try attempt { () throws(DiskError) in try syncDirectory() }
    }

    package func replace(
        _ name: String,
        body: (inout FileDraft) throws(DiskError) -> Void
    ) throws(DiskError) {
        try replace(name, mapping: { $0 }, body: body)
    }
}

/// How the name of a file ends that is not in its place yet.
package let temporarySuffix = ".tmp"

/// A file being written from its start.
package struct FileDraft {
    private let disk: any Disk
    private let name: String
    /// Bytes written so far.
    package private(set) var byteCount = 0

    init(disk: any Disk, name: String) {
        self.disk = disk
        self.name = name
    }

    package mutating func append(_ bytes: [UInt8]) throws(DiskError) {
        try disk.write(name, at: byteCount, bytes)
        byteCount += bytes.count
    }

    /// Bounds how much unwritten data piles up in the system, and so how long others wait for the medium.
    package func datasync() throws(DiskError) {
        try disk.datasync(name)
    }
}

/// What a disk would not do, to which file.
package struct DiskError: Error, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        case noSpace
        case readOnly
        case notFound
        case denied
        /// Another process has the folder; its text in the `lock` file.
        case locked(holder: String)
        /// Any other refusal of the system, with its number and its words.
        case io(errno: Int32, text: String)
    }

    package var kind: Kind
    /// `read`, `write`, `datasync`, …
    package var operation: String
    /// The file, with its folder where there is one.
    package var path: String

    package init(_ kind: Kind, operation: String, path: String) {
        self.kind = kind
        self.operation = operation
        self.path = path
    }

    package var description: String {
        let what =
            switch kind {
            case .noSpace: "no space left on the device"
            case .readOnly: "the file system is read-only"
            case .notFound: "there is no such file"
            case .denied: "permission denied"
            case .locked(let holder): "in use by process \(holder)"
            case .io(let number, let text): "\(text) (errno \(number))"
            }
        return "\(operation) \(path): \(what)"
    }
}
