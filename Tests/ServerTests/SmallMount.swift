import Glibc

/// A file system in memory that is soon full: `mount -t tmpfs -o size=…`. Only root may make one.
struct SmallMount: Sendable {
    /// How large it is.
    let mebibytes: Int

    /// Why none can be made here; nil when one can.
    static func obstacle() -> String? {
        guard geteuid() == 0 else { return "only root may mount" }
        let trial = SmallMount(mebibytes: 1)
        let point = "/tmp/chronatog-mount-trial.\(getpid())"
        do {
            try trial.make(at: point)
        } catch {
            return "\(error)"
        }
        trial.undo(at: point)
        return nil
    }

    func make(at point: String) throws {
        // unsafe, here and below, because the system takes C strings, which last for the calls.
        guard unsafe mkdir(point, 0o700) == 0 else { throw Obstacle("no folder \(point): errno \(errno)") }
        guard unsafe mount("tmpfs", point, "tmpfs", 0, "size=\(mebibytes)m") == 0 else {
            let reason = errno
            unsafe rmdir(point)
            throw Obstacle("no tmpfs can be mounted: errno \(reason)")
        }
    }

    /// Whatever still uses it keeps it until its end; the folder is free at once.
    func undo(at point: String) {
        guard unsafe umount2(point, Int32(MNT_DETACH)) == 0 else { return }
        unsafe rmdir(point)
    }
}

/// A file that only takes room.
enum Ballast {
    static func make(_ path: String, bytes: Int) throws {
        // unsafe because the path is a C string for the call.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Obstacle("no file \(path): errno \(errno)") }
        defer { close(descriptor) }
        let code = posix_fallocate(descriptor, 0, off_t(bytes))
        guard code == 0 else { throw Obstacle("no room for \(path): errno \(code)") }
    }

    static func remove(_ path: String) {
        unsafe unlink(path)  // because: the path is lent for the call
    }
}
