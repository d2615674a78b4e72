import Glibc

/// Text that a person names on the command line: a file, or `-` for a standard stream.
enum NamedText {
    /// Longest text read, in bytes.
    private static let bytesMax = 64 << 20

    static func read(_ name: String) throws(CommandFailure) -> String {
        do {
            if name == "-" { return try SmallFile.text(from: 0, "standard input", bytesMax: bytesMax) }
            return try SmallFile.text(of: name, bytesMax: bytesMax)
        } catch {
            throw .asked(error.sentence)
        }
    }

    static func write(_ text: String, to name: String) throws(CommandFailure) {
        if name == "-" { return StandardStream.output.write(text) }
        do { try SmallFile.replace(name, with: text, mode: 0o644) } catch { throw .failed(error.sentence) }
    }
}

/// The zone of the machine's own clock.
enum MachineZone {
    /// From the link that the system keeps; nil when there is none.
    static var name: String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        // because: the buffer and its length go together
        let count = unsafe readlink("/etc/localtime", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let folder = path.firstRange(of: "zoneinfo/") else { return nil }
        return String(path[folder.upperBound...])
    }
}
