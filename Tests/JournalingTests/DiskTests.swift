import Domain
import Effects
import Glibc
import Testing

@testable import Journaling

/// The same questions to every disk.
@Suite(.serialized)
struct DiskTests {
    /// A folder of the machine's, gone at the end.
    private func withLiveDisk(_ body: (LiveDisk, String) throws -> Void) throws {
        // unsafe because mkdtemp writes the name into the array, which has room for it.
        var template = Array("/tmp/chronatog-disk-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw DiskError(.denied, operation: "mkdtemp", path: "/tmp")
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let path = folder + "/a/data"
        let disk = try LiveDisk(directory: path)
        defer {
            for name in (try? disk.list()) ?? [] { try? disk.remove(name) }
            for path in [path, folder + "/a", folder] { unsafe _ = rmdir(path) }
        }
        try body(disk, path)
    }

    private func battery(_ disk: any Disk) throws {
        #expect(try disk.list() == [])
        try disk.create("b", allocating: 10_000)
        try disk.create("a", allocating: 0)
        #expect(try disk.list() == ["a", "b"])
        #expect(try disk.size(of: "b") == 10_000)
        #expect(try disk.read("b", at: 9_990, count: 100) == [UInt8](repeating: 0, count: 10))
        try disk.write("b", at: 5000, [1, 2, 3])
        try disk.datasync("b")
        #expect(try disk.read("b", at: 4999, count: 5) == [0, 1, 2, 3, 0])
        #expect(try disk.size(of: "b") == 10_000)
        try disk.write("a", at: 3, [9])
        #expect(try disk.read("a") == [0, 0, 0, 9])
        try disk.rename("a", to: "b")
        try disk.syncDirectory()
        #expect(try disk.list() == ["b"])
        #expect(try disk.read("b") == [0, 0, 0, 9])
        try disk.replace("c", with: [7])
        try disk.replace("c", with: [8, 8])
        #expect(try disk.read("c") == [8, 8])
        #expect(try disk.exists("c"))
        try disk.remove("c")
        #expect(try !disk.exists("c"))
        #expect(throws: DiskError.self) { try disk.remove("c") }
        #expect(throws: DiskError.self) { _ = try disk.read("c") }
        #expect(throws: DiskError.self) { try disk.rename("c", to: "d") }
        #expect(try disk.freeBytes() > 0)
    }

    @Test func `memory behaves as a disk`() throws { try battery(MemoryDisk()) }

    @Test func `a folder behaves as a disk`() throws {
        try withLiveDisk { disk, _ in try battery(disk) }
    }

    @Test func `a folder's lock is told with its holder, and freed`() throws {
        try withLiveDisk { disk, path in
            try disk.lock(holder: "4711")
            let other = try LiveDisk(directory: path)
            let error = #expect(throws: DiskError.self) { try other.lock(holder: "12") }
            #expect(error?.kind == .locked(holder: "4711"))
            disk.unlock()
            try other.lock(holder: "12")
            other.unlock()
        }
    }

    @Test func `files are for their owner alone, and a missing folder is made`() throws {
        try withLiveDisk { disk, path in
            try disk.create("a", allocating: 0)
            var status = stat()
            // unsafe because stat writes through the pointer, which outlives the call.
            #expect(unsafe stat(path + "/a", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(unsafe stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
        }
        let error = #expect(throws: DiskError.self) {
            _ = try LiveDisk(directory: "/nowhere/x", access: .readOnly)
        }
        #expect(error?.kind == .notFound)
    }

    @Test func `a journal on a real folder survives its restart`() throws {
        try withLiveDisk { disk, path in
            var fixture = try JournalFixture(disk)
            try fixture.fill()
            try fixture.journal.writeSnapshot(of: fixture.ledger)
            for _ in 0..<100 {
                try fixture.run(JobID(20), body: [UInt8](repeating: 1, count: 700))
                _ = try fixture.journal.flush()
                fixture.journal.prepareNextSegment()
            }
            fixture.journal.close()
            let again = try JournalFixture(try LiveDisk(directory: path))
            #expect(again.ledger.difference(from: fixture.ledger) == nil)
            #expect(try Inspection(disk: disk).check().isSound)
            again.journal.close()
        }
    }
}
