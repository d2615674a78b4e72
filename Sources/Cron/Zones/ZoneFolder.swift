#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A folder of TZif files, laid out as `/usr/share/zoneinfo`.
struct ZoneFolder: Sendable {
    let path: String
    let version: String
    let names: [String]

    private static let depthMax = 4
    private static let namesMax = 5000
    private static let skipped: Set<String> = ["posix", "right", "localtime", "posixrules", "Factory"]

    init(_ path: String) throws(ZoneError) {
        self.path = path
        var names: [String] = []
        guard Self.collect(in: path, prefix: "", depth: 0, into: &names) else {
            throw .unreadable(path: path, reason: "it is not a folder that can be opened")
        }
        guard !names.isEmpty else { throw .unreadable(path: path, reason: "it holds no TZif file") }
        self.names = names.sorted()
        version = Self.version(in: path)
    }

    func bytes(named name: String) -> [UInt8]? {
        // Only names seen when the folder was listed, so that no name can lead out of it.
        guard names.contains(name) else { return nil }
        return Self.read("\(path)/\(name)", countMax: TZif.bytesMax)
    }

    private static func collect(in path: String, prefix: String, depth: Int, into names: inout [String])
        -> Bool
    {
        // unsafe because directories are read through C; the stream is closed on every way out.
        guard depth < depthMax, let stream = unsafe opendir(path) else { return false }
        defer { unsafe _ = closedir(stream) }
        var folders: [String] = []
        while names.count < namesMax, let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix("."), depth > 0 || !skipped.contains(name) else { continue }
            if read("\(path)/\(name)", countMax: 4) == Array("TZif".utf8) {
                names.append(prefix + name)
            } else {
                folders.append(name)
            }
        }
        for folder in folders {
            _ = collect(
                in: "\(path)/\(folder)",
                prefix: "\(prefix)\(folder)/",
                depth: depth + 1,
                into: &names
            )
        }
        return true
    }

    /// tzdata's own file says it in its first line; `+VERSION` is how some systems do.
    private static func version(in path: String) -> String {
        if let head = read("\(path)/tzdata.zi", countMax: 32) {
            let words = String(decoding: head, as: UTF8.self).split { $0 == " " || $0.isNewline }
            if words.count >= 3, words[0] == "#", words[1] == "version" { return String(words[2]) }
        }
        if let text = read("\(path)/+VERSION", countMax: 32) {
            let word = String(decoding: text, as: UTF8.self).prefix { !$0.isWhitespace }
            if !word.isEmpty { return String(word) }
        }
        return "unknown"
    }

    /// The file's first bytes; nil if it cannot be read.
    private static func read(_ path: String, countMax: Int) -> [UInt8]? {
        // unsafe because files are read through C; the buffer is ours and its length is passed along.
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe _ = fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(countMax, 65_536))
        while bytes.count < countMax {
            let count = unsafe fread(&buffer, 1, min(buffer.count, countMax - bytes.count), file)
            if count == 0 { return unsafe ferror(file) == 0 ? bytes : nil }
            bytes += buffer.prefix(count)
        }
        return bytes
    }
}
