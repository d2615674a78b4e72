import Glibc

/// This program, started again with other arguments, its output read by us.
final class ChildProcess {
    let pid: Int32
    private let output: Int32
    private var pending: [UInt8] = []
    private var hasEnded = false

    /// - Parameter environment: added to our own.
    init(arguments: [String], environment: [String: String] = [:]) throws(CommandFailure) {
        var ends: [Int32] = [0, 0]
        // unsafe, here and below, because processes are started through C; every pointer outlives its call.
        guard unsafe pipe(&ends) == 0 else { throw .failed("no pipe could be made: errno \(errno)") }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        unsafe posix_spawn_file_actions_addclose(&actions, ends[0])
        unsafe posix_spawn_file_actions_addclose(&actions, ends[1])
        let path = "/proc/self/exe"
        var merged = ProcessEnvironment.all.filter { !$0.key.hasPrefix(Setting.prefix) }
        merged.merge(environment) { _, new in new }
        let variables = merged.map { "\($0.key)=\($0.value)" }
        var child: pid_t = 0
        // because: the argument vectors live until posix_spawn has copied them
        let status = unsafe CStrings.with(["chronatog"] + arguments) { argv in
            unsafe CStrings.with(variables) { envp in
                unsafe posix_spawn(&child, path, &actions, nil, argv, envp)
            }
        }
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw .failed("this program could not be started again: errno \(status)")
        }
        pid = child
        output = ends[0]
    }

    /// The next line of its output; nil at its end.
    func line() -> String? {
        while true {
            if let end = pending.firstIndex(of: 0x0a) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeFirst(end + 1)
                return line
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = unsafe read(output, &buffer, buffer.count)  // because: the buffer outlives the call
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            pending += buffer[..<count]
        }
    }

    /// Asks it to end, so that it can clean up, and insists after five seconds.
    func stop() {
        guard !hasEnded else { return }
        hasEnded = true
        defer { close(output) }
        var status: Int32 = 0
        kill(pid, SIGTERM)
        for _ in 0..<100 {
            // because: the status outlives the call
            if unsafe waitpid(pid, &status, WNOHANG) != 0 { return }
            usleep(50_000)
        }
        kill(pid, SIGKILL)
        unsafe _ = waitpid(pid, &status, 0)
    }
}

/// Null-terminated vectors of C strings.
enum CStrings {
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
