import Effects
import Testing

/// The inputs of `Tests/Fuzz`, committed ones and those that once broke something, without the fuzzer.
struct FuzzTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let target: FuzzTarget
        let folder: String
        var testDescription: String { "\(folder)/\(target.rawValue)" }
    }

    static let rows = FuzzTarget.allCases.flatMap { target in
        ["Corpus", "Regressions"].map { Row(target: target, folder: $0) }
    }

    @Test(arguments: rows)
    func `what is committed keeps its properties`(_ row: Row) throws {
        for (name, bytes) in try inputs(row) {
            do {
                try row.target.feed(bytes)
            } catch {
                Issue.record("\(row.testDescription)/\(name): \(error)")
            }
        }
    }

    /// What the fuzzer does a million times, once for each byte: cheap, and it needs no fuzzer.
    @Test(arguments: FuzzTarget.allCases)
    func `no input cut short breaks anything`(_ target: FuzzTarget) throws {
        for (name, bytes) in try inputs(Row(target: target, folder: "Corpus")) where bytes.count <= 400 {
            for count in bytes.indices {
                do {
                    try target.feed(Array(bytes[..<count]))
                } catch {
                    Issue.record("the first \(count) bytes of \(target.rawValue)/\(name): \(error)")
                }
            }
        }
    }

    @Test func `every target has a corpus`() throws {
        for target in FuzzTarget.allCases {
            #expect(try inputs(Row(target: target, folder: "Corpus")).count >= 5, "\(target)")
        }
    }

    /// The files of a folder by name; none if there is no folder, for a target need not have been broken.
    private func inputs(_ row: Row) throws -> [(name: String, bytes: [UInt8])] {
        let tests = #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined()
        let disk: LiveDisk
        do {
            disk = try LiveDisk(directory: "\(tests)/Fuzz/\(row.testDescription)", access: .readOnly)
        } catch {
            if error.kind == .notFound, row.folder == "Regressions" { return [] }
            throw error
        }
        return try disk.list().map { ($0, try disk.read($0)) }
    }
}
