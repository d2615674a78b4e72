import Glibc
import Synchronization

/// The executable under test, running as a process of its own.
final class ChildProgram: Sendable {
    /// How it ended, and what it had said until then.
    struct Ending: Sendable {
        /// The exit status, or minus the signal that ended it.
        let status: Int32
        let output: String
        let complaint: String
    }

    let pid: Int32
    private let isGroup: Bool
    private let output: Int32
    private let complaintFile: String
    private let state = Mutex(State())

    private struct State {
        var output: [UInt8] = []
        /// Set once it was waited for: from then on the number may belong to somebody else.
        var status: Int32?
    }

    /// - Parameters:
    ///   - wrapper: a program, by its path, and arguments; it starts the executable and returns its status.
    ///   - complaintFile: takes its standard error.
    init(_ arguments: [String], under wrapper: [String] = [], complaintFile: String) throws {
        let words = wrapper + [try Self.path()] + arguments
        let program = words[0]
        isGroup = !wrapper.isEmpty
        var ends: [Int32] = [-1, -1]
        // unsafe, here and below, because processes are started through C; every pointer outlives its call.
        // Sockets, for a pipe cannot be kept from programs that other tests start in the same moment.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw Obstacle("no channel to a new process: errno \(errno)")
        }
        defer { close(ends[1]) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, 2, complaintFile, flags, 0o600)
        // Sockets of other tests in this process, which would not close as long as the child lives.
        for descriptor in 3..<Int32(1024) where descriptor != ends[1] {
            unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        // A wrapper that is killed leaves the server behind: they are a group, and ended together.
        if isGroup { unsafe _ = posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP)) }
        var child: pid_t = 0
        let status = unsafe CStrings.with(words) { argv in
            unsafe CStrings.with(Self.environment) { envp in
                unsafe posix_spawn(&child, program, &actions, &attributes, argv, envp)
            }
        }
        guard status == 0 else {
            close(ends[0])
            throw Obstacle("\(program) could not be started: errno \(status)")
        }
        pid = child
        output = ends[0]
        self.complaintFile = complaintFile
    }

    /// `chronatog` beside the test bundle, where the build puts both.
    private static func path() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        // because: the buffer and its length go together
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let bundle = String(
            decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        let folder = bundle.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
        let path = "\(folder)/chronatog"
        // because: the path is a string of ours
        guard unsafe access(path, X_OK) == 0 else {
            throw Obstacle("there is no executable \(path): `swift build` makes it, then test again")
        }
        return path
    }

    /// What a program needs to be loaded, and none of the tester's own settings.
    private static var environment: [String] {
        let names: [String] = ["PATH", "HOME", "LD_LIBRARY_PATH"]
        return names.compactMap { name in
            // because: the value is copied at once
            unsafe getenv(name).map { unsafe "\(name)=\(String(cString: $0))" }
        }
    }

    func firstLine(within limit: Duration) throws -> String {
        let newline = UInt8(ascii: "\n")
        let end = ContinuousClock.now + limit
        while try readMore(until: end) {
            let text = state.withLock { $0.output }
            if let place = text.firstIndex(of: newline) {
                return String(decoding: text[..<place], as: UTF8.self)
            }
        }
        throw Obstacle("it ended without a first line: \(complaint)")
    }

    /// Waits for its end: until then it keeps its standard output open.
    func ending(within limit: Duration) throws -> Ending {
        let end = ContinuousClock.now + limit
        while try readMore(until: end) {}
        return Ending(
            status: reap(),
            output: state.withLock { String(decoding: $0.output, as: UTF8.self) },
            complaint: complaint
        )
    }

    /// Asks it to end.
    func terminate() {
        state.withLock { if $0.status == nil { _ = Glibc.kill(pid, SIGTERM) } }
    }

    /// Ends it if it still runs, and waits for that.
    func kill() {
        let wasRunning = state.withLock { state in
            if state.status == nil { _ = Glibc.kill(isGroup ? -pid : pid, SIGKILL) }
            return state.status == nil
        }
        // What it said before its end.
        while wasRunning, (try? readMore(until: .now + .seconds(1))) == true {}
        _ = reap()
    }

    /// All that it has said so far and that was read.
    var said: String { state.withLock { String(decoding: $0.output, as: UTF8.self) } }

    var complaint: String { TextFile.content(of: complaintFile) }

    /// - Returns: False at the end of its output.
    private func readMore(until end: ContinuousClock.Instant) throws -> Bool {
        let left = (end - .now) / .milliseconds(1)
        var interest = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        // because: the structure outlives the call
        guard left > 0, unsafe poll(&interest, 1, Int32(left)) == 1 else {
            throw Obstacle("process \(pid) neither spoke nor ended in time: \(complaint)")
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe read(output, &buffer, buffer.count)  // because: the buffer outlives the call
        guard count > 0 else { return false }
        state.withLock { $0.output += buffer[..<count] }
        return true
    }

    private func reap() -> Int32 {
        state.withLock { state in
            if let status = state.status { return status }
            var word: Int32 = 0
            unsafe _ = waitpid(pid, &word, 0)  // because: the word outlives the call
            close(output)
            let signal = word & 0x7f
            let status = signal == 0 ? (word >> 8) & 0xff : -signal
            state.status = status
            return status
        }
    }
}

/// Why a test could not go on.
struct Obstacle: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

enum TextFile {
    /// Empty if there is none.
    static func content(of path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)  // because: the path is a string of ours
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            // because: the buffer outlives the call
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}

/// Null-terminated vectors of C strings.
private enum CStrings {
    static func with<Result>(
        _ strings: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        // unsafe because C wants pointers; strdup's copies are freed below, after the call.
        var copies: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) } + [nil]
        defer {
            for index in unsafe copies.indices { unsafe free(copies[index]) }
        }
        return unsafe copies.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else {
                preconditionFailure("the vector ends in a null, so it has a base")
            }
            return unsafe body(base)
        }
    }
}
