internal import Synchronization

/// A set of time zones by name: the one embedded in the executable, or a folder of TZif files.
///
/// A zone is read when it is first asked for and then shared.
public struct ZoneDatabase: Sendable {
    /// `2025b`; `unknown` for a folder that does not say.
    public let version: String
    /// Sorted by their bytes.
    public let names: [String]
    private let source: Source
    private let cache = ZoneCache()

    private enum Source: Sendable {
        case bundle(ZoneBundle)
        case folder(ZoneFolder)
    }

    /// The IANA database compiled into the executable; its index is read at first use.
    public static let embedded = ZoneDatabase(bundle: ZoneBundle.embedded)

    /// - Parameter path: a folder such as `/usr/share/zoneinfo`.
    public init(directory path: String) throws(ZoneError) {
        let folder = try ZoneFolder(path)
        version = folder.version
        names = folder.names
        source = .folder(folder)
    }

    private init(bundle: ZoneBundle) {
        version = bundle.version
        names = bundle.names
        source = .bundle(bundle)
    }

    /// - Throws: `ZoneError.unknown` with the nearest name, or `malformed`.
    public func zone(named name: String) throws(ZoneError) -> Zone {
        if let zone = cache.zones.withLock({ $0[name] }) { return zone }
        guard let bytes = bytes(named: name) else {
            throw .unknown(name: name, nearest: NearestWord.find(name, in: names))
        }
        let zone = try Zone(name: name, version: version, tzif: bytes)
        cache.zones.withLock { $0[name] = zone }
        return zone
    }

    /// The TZif file behind a name, as a record of the rules in force; nil for an unknown name.
    public func bytes(named name: String) -> [UInt8]? {
        switch source {
        case .bundle(let bundle): bundle.bytes(named: name)
        case .folder(let folder): folder.bytes(named: name)
        }
    }
}

/// At most one entry for each name of the database.
private final class ZoneCache: Sendable {
    let zones = Mutex<[String: Zone]>([:])
}
