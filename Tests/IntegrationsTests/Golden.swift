import Effects
import Glibc
import Testing

/// A file under `Tests/Goldens/channels` that holds a whole request. A missing one is written, and the test
/// fails once; `RECORD=1` writes them all anew.
enum Golden {
    private static let root =
        #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Goldens/channels"

    static func expect(
        _ text: String,
        _ channel: String,
        _ file: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let disk = try LiveDisk(directory: "\(root)/\(channel)")
        let records = unsafe getenv("RECORD") != nil
        guard try !records && disk.exists(file) else {
            try disk.replace(file, with: Array(text.utf8))
            if !records {
                Issue.record("\(channel)/\(file) was missing, now written", sourceLocation: sourceLocation)
            }
            return
        }
        let known = String(decoding: try disk.read(file), as: UTF8.self)
        #expect(text == known, "\(channel)/\(file)", sourceLocation: sourceLocation)
    }
}
