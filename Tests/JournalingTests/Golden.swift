import Effects
import Testing

/// A file under `Tests/Goldens` that the code has to reproduce. A missing one is written, and the test fails
/// once; `RECORD=1` is not needed, for removing the file does the same and is seen in a review.
struct Golden {
    var folder: String
    var file: String

    private static let root =
        #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Goldens"

    private func disk() throws -> LiveDisk { try LiveDisk(directory: "\(Self.root)/\(folder)") }

    func text() throws -> String? {
        let disk = try disk()
        return try disk.exists(file) ? String(decoding: disk.read(file), as: UTF8.self) : nil
    }

    func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        guard let known = try self.text() else {
            try disk().replace(file, with: Array(text.utf8))
            Issue.record("\(folder)/\(file) was missing and is written now", sourceLocation: sourceLocation)
            return
        }
        #expect(text == known, "\(folder)/\(file)", sourceLocation: sourceLocation)
    }
}
