import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A folder, a target for calls, and the servers started on them: all gone afterwards, however a test ends.
final class ServerRig: Sendable {
    let target: RecordingTarget
    private let folder: String
    private let mount: SmallMount?
    /// Sockets and processes are waited for here, because tests of other suites need Swift's few threads.
    private let threads = NIOThreadPool(numberOfThreads: 8)
    private let children = Mutex<[ChildProgram]>([])
    private static let patience = Duration.seconds(15)

    /// - Parameter answersAfter: how long the target takes for each call.
    /// - Parameter mount: makes a small file system for the data folder first.
    static func with(
        answersAfter delay: TimeAmount,
        on mount: SmallMount? = nil,
        _ body: (ServerRig) async throws -> Void
    ) async throws {
        let rig = try await ServerRig(answersAfter: delay, on: mount)
        do {
            try await body(rig)
        } catch {
            try await rig.end()
            throw error
        }
        try await rig.end()
    }

    private init(answersAfter delay: TimeAmount, on mount: SmallMount?) async throws {
        target = try await RecordingTarget(answersAfter: delay)
        folder = try TemporaryFolder.make()
        self.mount = mount
        threads.start()
        do {
            try mount?.make(at: mountPoint)
        } catch {
            try await end()
            throw error
        }
    }

    private func end() async throws {
        for child in children.withLock({ $0 }) { child.kill() }
        mount?.undo(at: mountPoint)
        TemporaryFolder.remove(folder)
        try await target.stop()
        try await threads.shutdownGracefully()
    }

    /// Does something that waits, away from Swift's own threads.
    func apart<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await threads.runIfActive(body)
    }

    /// Where the small file system is, if there is one.
    var mountPoint: String { "\(folder)/mount" }
    var dataFolder: String { mount == nil ? "\(folder)/data" : "\(mountPoint)/data" }

    /// Arguments of `serve` on the rig's folder and a loopback port.
    func serving(port: UInt16 = 0) -> [String] {
        [
            "serve", "--data-dir", dataFolder, "--listen", "127.0.0.1:\(port)",
            "--egress", "allow=127.0.0.0/8", "--token", "t",
        ]
    }

    /// Starts a server and waits until it listens.
    ///
    /// - Parameters:
    ///   - extra: flags besides the usual ones.
    ///   - wrapper: a program and its arguments that the server is started by.
    func start(_ extra: [String] = [], under wrapper: [String] = []) async throws -> Server {
        try await launch(serving() + extra, under: wrapper)
    }

    /// Starts the program, which is to become a server, with arguments of the caller's.
    func launch(_ arguments: [String], under wrapper: [String] = []) async throws -> Server {
        let child = try spawn(arguments, under: wrapper)
        let line = try await apart { try child.firstLine(within: Self.patience) }
        let opening = "listening on http://127.0.0.1:"
        guard line.hasPrefix(opening), let port = UInt16(line.dropFirst(opening.count)) else {
            throw Obstacle("not the first line of a server: \(line)")
        }
        return Server(child: child, api: APIClient(port: port))
    }

    /// Runs the program until its end.
    func run(_ arguments: [String], under wrapper: [String] = []) async throws -> ChildProgram.Ending {
        try await ending(of: try spawn(arguments, under: wrapper))
    }

    func ending(of child: ChildProgram) async throws -> ChildProgram.Ending {
        try await apart { try child.ending(within: Self.patience) }
    }

    func spawn(_ arguments: [String], under wrapper: [String] = []) throws -> ChildProgram {
        try children.withLock { children in
            let file = "\(folder)/\(children.count).err"
            let child = try ChildProgram(arguments, under: wrapper, complaintFile: file)
            children.append(child)
            return child
        }
    }

    struct Server: Sendable {
        let child: ChildProgram
        let api: APIClient
    }
}

private enum TemporaryFolder {
    /// - Returns: The path of a new, empty folder.
    static func make() throws -> String {
        // unsafe because mkdtemp writes into the copy it is given, which is freed after it was read.
        let copy = unsafe strdup("/tmp/chronatog-server-tests.XXXXXX")
        defer { unsafe free(copy) }
        guard let made = unsafe copy.flatMap({ unsafe mkdtemp($0) }) else {
            throw Obstacle("no temporary folder: errno \(errno)")
        }
        return unsafe String(cString: made)
    }

    /// Removes a file, or a folder with all it holds; links are not followed.
    static func remove(_ path: String) {
        // unsafe, here and below, because files are removed through C; names are copied before the next call.
        guard unsafe unlink(path) != 0, let stream = unsafe opendir(path) else { return }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        unsafe _ = closedir(stream)
        for name in names { remove("\(path)/\(name)") }
        unsafe _ = rmdir(path)
    }
}
