import Glibc

/// The files of the checkout, as the style rules look at them.
struct SourceTree {
    let root: String

    struct File: Sendable {
        /// From the root: `Sources/Cron/Zone.swift`.
        var path: String
        var lines: [String]

        var name: String { String(path.split(separator: "/").last ?? "") }
        /// `Cron` for `Sources/Cron/…`.
        var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }
    }

    /// The checkout this file belongs to, links resolved.
    init(file: StaticString = #filePath) {
        // unsafe because realpath hands out memory, which is copied and then freed.
        let resolved = unsafe realpath("\(file)", nil)
        let path = unsafe resolved.map { unsafe String(cString: $0) } ?? "\(file)"
        unsafe free(resolved)
        root = path.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    }

    var topLevel: [String] { entries(of: root).map(\.name).sorted() }

    /// All Swift files below a folder.
    func swiftFiles(in folder: String) -> [File] {
        var files: [File] = []
        for entry in entries(of: "\(root)/\(folder)") {
            let path = "\(folder)/\(entry.name)"
            if entry.isFolder {
                files += swiftFiles(in: path)
            } else if entry.name.hasSuffix(".swift") {
                files.append(File(path: path, lines: lines(of: path)))
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    func lines(of path: String) -> [String] {
        text(of: path).split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    func text(of path: String) -> String {
        // unsafe because files are read through C; the buffer is ours and its length is passed along.
        guard let file = unsafe fopen("\(root)/\(path)", "rb") else { return "" }
        defer { unsafe _ = fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    private func entries(of path: String) -> [(name: String, isFolder: Bool)] {
        // unsafe because folders are read through C; names are copied before the next call.
        guard let stream = unsafe opendir(path) else { return [] }
        defer { unsafe _ = closedir(stream) }
        var entries: [(name: String, isFolder: Bool)] = []
        while let entry = unsafe readdir(stream) {
            let isFolder = unsafe entry.pointee.d_type == UInt8(DT_DIR)
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { entries.append((name, isFolder)) }
        }
        return entries
    }
}
