import Glibc

/// Why a file could not be read or written, as a sentence.
struct FileFault: Error, Equatable {
    var sentence: String
    /// There is no such file, which is often no fault at all.
    var isMissing = false

    init(_ verb: String, _ path: String, errno code: Int32) {
        // unsafe because the C library lends its message; it is copied at once.
        let reason = unsafe String(cString: strerror(code))
        sentence = "cannot \(verb) \(path): \(reason)"
        isMissing = code == ENOENT
    }

    init(_ sentence: String) {
        self.sentence = sentence
    }
}

/// Small files beside the journal: `token`, `endpoint`, `secret.key`, and what a `…_FILE` variable names.
enum SmallFile {
    static let bytesMax = 1 << 20

    static func text(of path: String, bytesMax: Int = bytesMax) throws(FileFault) -> String {
        // unsafe, here and below, because C takes paths and buffers as pointers, which last for the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFault("read", path, errno: errno) }
        defer { close(descriptor) }
        return try text(from: descriptor, path, bytesMax: bytesMax)
    }

    /// - Parameter path: what the descriptor is called in a fault.
    static func text(
        from descriptor: Int32,
        _ path: String,
        bytesMax: Int
    ) throws(FileFault) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileFault("read", path, errno: errno) }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= bytesMax else {
                throw FileFault("cannot read \(path): it has more than \(bytesMax) bytes")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileFault("cannot read \(path): it is not UTF-8 text")
        }
        return text
    }

    /// Replaces a file whole: a new one beside it, synced, then renamed over it, then the folder synced.
    static func replace(_ path: String, with text: String, mode: mode_t) throws(FileFault) {
        let temporary = path + ".new"
        unsafe unlink(temporary)  // because: the path is lent for the call
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = unsafe open(temporary, flags, mode)  // because: the path is lent for the call
        guard descriptor >= 0 else { throw FileFault("write", path, errno: errno) }
        var isOpen = true
        defer { if isOpen { close(descriptor) } }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // because: the slice outlives the call, and its length is passed along
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileFault("write", path, errno: errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw FileFault("write", path, errno: errno) }
        isOpen = false
        guard close(descriptor) == 0, unsafe rename(temporary, path) == 0 else {
            throw FileFault("write", path, errno: errno)
        }
        try syncFolder(of: path)
    }

    private static func syncFolder(of path: String) throws(FileFault) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        // because: the path is lent for the call
        let descriptor = unsafe open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFault("write", path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFault("write", path, errno: errno) }
    }

    static func makeFolder(_ path: String) throws(FileFault) {
        // because: the path is lent for the call
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw FileFault("create", path, errno: errno)
        }
    }

    /// Renames within one file system; a file that has the name already is replaced.
    static func move(_ path: String, to newPath: String) throws(FileFault) {
        // because: both paths are lent for the call
        guard unsafe rename(path, newPath) == 0 else { throw FileFault("move", path, errno: errno) }
    }

    /// Removes a folder that has nothing in it but the files named.
    static func removeFolder(_ path: String, emptying names: [String]) {
        for name in names { remove("\(path)/\(name)") }
        unsafe rmdir(path)  // because: the path is lent for the call
    }

    static func remove(_ path: String) {
        unsafe unlink(path)  // because: the path is lent for the call
    }
}
