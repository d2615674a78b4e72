package import Effects

/// What is in a backup, as a folder that can only be read: what inspects a folder inspects a backup.
package struct BackupFolder: Disk {
    private let file: BackupFile

    package init(_ file: BackupFile) {
        self.file = file
    }

    package func list() -> [String] {
        file.manifest.files.map(\.name).filter { $0 != BackupManifest.keyName }.sorted()
    }

    package func size(of name: String) throws(DiskError) -> Int {
        guard let found = file.manifest.files.first(where: { $0.name == name }) else {
            throw DiskError(.notFound, operation: "size", path: name)
        }
        return found.bytes
    }

    package func read(_ name: String, at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        let size = try size(of: name)
        guard offset < size else { return [] }
        return try file.read(name, at: offset, count: min(count, size - offset))
    }

    package func freeBytes() -> UInt64 { 0 }
    package func lock(holder: String) throws(DiskError) { throw refusal("lock", "") }
    package func unlock() {}
    package func create(_ name: String, allocating bytes: Int) throws(DiskError) {
        throw refusal("create", name)
    }
    package func write(_ name: String, at offset: Int, _ bytes: [UInt8]) throws(DiskError) {
        throw refusal("write", name)
    }
    package func datasync(_ name: String) throws(DiskError) { throw refusal("datasync", name) }
    package func rename(_ name: String, to newName: String) throws(DiskError) {
        throw refusal("rename", name)
    }
    package func remove(_ name: String) throws(DiskError) { throw refusal("remove", name) }
    package func syncDirectory() throws(DiskError) { throw refusal("sync", "") }

    private func refusal(_ operation: String, _ name: String) -> DiskError {
        DiskError(.readOnly, operation: operation, path: name)
    }
}
