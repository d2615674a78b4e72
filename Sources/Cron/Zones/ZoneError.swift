/// Why a zone, or a zone database, cannot be used.
public enum ZoneError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No such zone; `nearest` is what was probably meant.
    case unknown(name: String, nearest: String?)
    /// The bytes are not a sound TZif file.
    case malformed(name: String, reason: String)
    /// The database cannot be read.
    case unreadable(path: String, reason: String)

    public var description: String {
        switch self {
        case .unknown(let name, let nearest?): "no time zone \"\(name)\"; did you mean \(nearest)?"
        case .unknown(let name, nil):
            "no time zone \"\(name)\"; write an IANA name such as Europe/London or UTC"
        case .malformed(let name, let reason): "the rules of time zone \(name) are damaged: \(reason)"
        case .unreadable(let path, let reason): "no time zones can be read from \(path): \(reason)"
        }
    }
}
