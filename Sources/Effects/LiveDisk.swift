internal import Glibc
private import Synchronization

/// A folder of the machine's file system. Files are made 0600 and the folder 0700: they hold sealed secrets,
/// and whoever may write them may forge the record.
package final class LiveDisk: Disk {
    package enum Access: Sendable {
        /// Makes the folder when it is missing.
        case readWrite
        /// For looking at a folder that a server may be using.
        case readOnly
    }

    package let directory: String
    private let files = Mutex(OpenFiles())

    /// Name of the file that carries the lock.
    package static let lockName = "lock"
    /// Descriptors kept for reading; beyond that the one opened first is closed.
    private static let readersMax = 64

    private struct OpenFiles {
        var writers: [String: FileHandle] = [:]
        var readers: [String: FileHandle] = [:]
        var readersInOrder: [String] = []
        var lock: FileHandle?

        mutating func forget(_ name: String) {
            writers[name] = nil
            readers[name] = nil
            readersInOrder.removeAll { $0 == name }
        }
    }

    package init(directory: String, access: Access = .readWrite) throws(DiskError) {
        self.directory = directory
        if access == .readWrite { try Self.makeDirectories(directory) }
        var status = stat()
        // unsafe because stat writes through the pointer, which outlives the call.
        guard unsafe stat(directory, &status) == 0 else { throw Self.failure("open", directory) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw DiskError(.io(errno: ENOTDIR, text: "not a folder"), operation: "open", path: directory)
        }
    }

    private static func makeDirectories(_ path: String) throws(DiskError) {
        // unsafe, here and below, because C takes the path as a pointer, which lasts for the call.
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("create folder", path)
        }
        try makeDirectories(String(path[..<slash]))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("create folder", path) }
    }

    package func list() throws(DiskError) -> [String] {
        // unsafe because readdir hands out memory of the stream, which is copied before the next call.
        guard let stream = unsafe opendir(directory) else { throw failure("list", "") }
        defer { unsafe _ = closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw failure("list", "") }
        return names.sorted()
    }

    package func size(of name: String) throws(DiskError) -> Int {
        var status = stat()
        // unsafe because stat writes through the pointer, which outlives the call.
        guard unsafe stat(path(name), &status) == 0 else { throw failure("size", name) }
        return Int(status.st_size)
    }

    package func read(_ name: String, at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        precondition(offset >= 0 && count >= 0, "a read begins and ends inside a file")
        let file = try reader(name)
        var code: Int32 = 0
        // unsafe because the system writes into the array's memory, at most `count` bytes of it.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = unsafe pread(
                    file.descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    count - filled,
                    off_t(offset + filled)
                )
                if got < 0, errno == EINTR { continue }
                if got < 0 { code = errno }
                if got <= 0 { break }
                filled += got
            }
        }
        guard code == 0 else { throw failure("read", name, code) }
        return bytes
    }

    package func create(_ name: String, allocating bytes: Int) throws(DiskError) {
        files.withLock { $0.forget(name) }
        let file = try opened("create", name, O_RDWR | O_CREAT | O_TRUNC)
        files.withLock { $0.writers[name] = file }
        guard bytes > 0 else { return }
        do {
            try allocate(file, name, bytes)
        } catch {
            try? remove(name)
            throw error
        }
    }

    private func allocate(_ file: FileHandle, _ name: String, _ bytes: Int) throws(DiskError) {
        var code = EINTR
        while code == EINTR { code = posix_fallocate(file.descriptor, 0, off_t(bytes)) }
        guard code == 0 else { throw failure("allocate", name, code) }
    }

    /// ext4 keeps allocated space as "unwritten" and journals the change of each part that is written;
    /// measured, a datasync over settled space takes less than half as long.
    package func settle(_ name: String, at offset: Int, count: Int) throws(DiskError) {
        try write(name, at: offset, [UInt8](repeating: 0, count: count))
        try datasync(name)
    }

    package func write(_ name: String, at offset: Int, _ bytes: [UInt8]) throws(DiskError) {
        try write(writer(name), name, at: offset, bytes)
    }

    private func write(_ file: FileHandle, _ name: String, at offset: Int, _ bytes: [UInt8]) throws(DiskError)
    {
        var code: Int32 = 0
        // unsafe because the system reads the array's memory while the closure holds it.
        unsafe bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let put = unsafe pwrite(
                    file.descriptor,
                    buffer.baseAddress?.advanced(by: written),
                    buffer.count - written,
                    off_t(offset + written)
                )
                if put < 0, errno == EINTR { continue }
                if put <= 0 {
                    code = put < 0 ? errno : EIO
                    return
                }
                written += put
            }
        }
        guard code == 0 else { throw failure("write", name, code) }
    }

    package func datasync(_ name: String) throws(DiskError) {
        try datasync(writer(name), name)
    }

    private func datasync(_ file: FileHandle, _ name: String) throws(DiskError) {
        // Not repeated after an error: the system may have dropped what it could not write.
        while fdatasync(file.descriptor) != 0 {
            guard errno == EINTR else { throw failure("datasync", name) }
        }
    }

    package func rename(_ name: String, to newName: String) throws(DiskError) {
        // unsafe because rename(2) reads C strings that live for the call.
        guard unsafe Glibc.rename(path(name), path(newName)) == 0 else { throw failure("rename", name) }
        files.withLock {
            $0.forget(name)
            $0.forget(newName)
        }
    }

    package func remove(_ name: String) throws(DiskError) {
        files.withLock { $0.forget(name) }
        // unsafe because unlink(2) reads a C string that lives for the call.
        guard unsafe unlink(path(name)) == 0 else { throw failure("remove", name) }
    }

    package func syncDirectory() throws(DiskError) {
        let folder = try opened("sync folder", "", O_RDONLY | O_DIRECTORY)
        while fsync(folder.descriptor) != 0 {
            guard errno == EINTR else { throw failure("sync folder", "") }
        }
    }

    package func lock(holder: String) throws(DiskError) {
        let file = try opened("lock", Self.lockName, O_RDWR | O_CREAT)
        while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { throw failure("lock", Self.lockName) }
            let text = String(decoding: try read(Self.lockName, at: 0, count: 64), as: UTF8.self)
            let holder = text.prefix { $0 != "\n" }
            throw DiskError(.locked(holder: String(holder)), operation: "lock", path: directory)
        }
        guard ftruncate(file.descriptor, 0) == 0 else { throw failure("lock", Self.lockName) }
        // On a full disk the text may stay away; the lock holds without it.
        try? write(file, Self.lockName, at: 0, Array("\(holder)\n".utf8))
        files.withLock { $0.lock = file }
    }

    package func unlock() {
        files.withLock { $0.lock = nil }
    }

    package func freeBytes() throws(DiskError) -> UInt64 {
        var status = statvfs()
        // unsafe because statvfs writes through the pointer, which outlives the call.
        guard unsafe statvfs(directory, &status) == 0 else { throw failure("free space", "") }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    private func writer(_ name: String) throws(DiskError) -> FileHandle {
        if let file = files.withLock({ $0.writers[name] }) { return file }
        let file = try opened("open", name, O_RDWR)
        files.withLock { $0.writers[name] = file }
        return file
    }

    private func reader(_ name: String) throws(DiskError) -> FileHandle {
        if let file = files.withLock({ $0.writers[name] ?? $0.readers[name] }) { return file }
        let file = try opened("open", name, O_RDONLY)
        files.withLock { files in
            if files.readersInOrder.count >= Self.readersMax {
                files.readers[files.readersInOrder.removeFirst()] = nil
            }
            if files.readers.updateValue(file, forKey: name) == nil { files.readersInOrder.append(name) }
        }
        return file
    }

    private func opened(_ operation: String, _ name: String, _ flags: Int32) throws(DiskError) -> FileHandle {
        let descriptor = unsafe open(path(name), flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(operation, name) }
        return FileHandle(descriptor)
    }

    private func path(_ name: String) -> String { name.isEmpty ? directory : "\(directory)/\(name)" }

    private func failure(_ operation: String, _ name: String, _ code: Int32 = errno) -> DiskError {
        Self.failure(operation, path(name), code)
    }

    private static func failure(_ operation: String, _ path: String, _ code: Int32 = errno) -> DiskError {
        let kind: DiskError.Kind =
            switch code {
            case ENOSPC, EDQUOT: .noSpace
            case EROFS: .readOnly
            case ENOENT: .notFound
            case EACCES, EPERM: .denied
            // unsafe because strerror's text is copied at once.
            default: unsafe .io(errno: code, text: String(cString: strerror(code)))
            }
        return DiskError(kind, operation: operation, path: path)
    }
}

/// Closes its descriptor when the last call that uses it is over.
private final class FileHandle: Sendable {
    let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }
}
