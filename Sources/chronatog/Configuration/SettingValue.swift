import Cron
import Domain
import Effects

/// A type that a setting's text can be read into.
protocol SettingValue: Sendable, Equatable {
    /// - Throws: what may stand there, completing "--flag …".
    init(settingText text: String) throws(ValueFault)
    /// The text that reads back as this value.
    var settingText: String { get }
    /// What follows the flag in the help: `HOST:PORT`.
    static var placeholder: String { get }
}

/// Why a text is not a value: "takes 1 to 65535, not "x"".
struct ValueFault: Error, Equatable {
    var sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }

    init(takes allowed: String, not text: String) {
        sentence = "takes \(allowed), not \"\(text)\""
    }
}

/// Where the server listens. Port 0 lets the system choose.
struct ListenAddress: SettingValue {
    /// A literal address or a name, without brackets.
    var host: String
    var port: UInt16

    static let placeholder = "HOST:PORT"

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    init(settingText text: String) throws(ValueFault) {
        let fault = ValueFault(
            takes: "HOST:PORT such as 127.0.0.1:8090, [::1]:8090 or :8090 for every address",
            not: text
        )
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw fault
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { throw fault }
        } else if host.contains(":") {
            throw fault
        }
        guard host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }) else { throw fault }
        self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: port)
    }

    var settingText: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Every address of the machine.
    var isWildcard: Bool { host == "0.0.0.0" || host == "::" }

    /// The URL by which this machine reaches a listener on `port`.
    func url(port: UInt16) -> String {
        let name = isWildcard ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
        return "http://\(name):\(port)"
    }
}

/// `http://` or `https://`, a host, perhaps a path; kept without a final slash.
struct PublicURL: SettingValue {
    var text: String

    static let placeholder = "URL"

    init(settingText text: String) throws(ValueFault) {
        let rest: Substring
        if text.hasPrefix("http://") {
            rest = text.dropFirst(7)
        } else if text.hasPrefix("https://") {
            rest = text.dropFirst(8)
        } else {
            throw ValueFault(takes: "a URL that begins with http:// or https://", not: text)
        }
        guard let first = rest.first, first != "/", rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            !rest.contains("?"), !rest.contains("#"), !rest.contains("@")
        else { throw ValueFault(takes: "scheme, host and perhaps a path, and no query", not: text) }
        self.text = text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    var settingText: String { text }
}

/// A value that is never printed.
struct Secret: SettingValue, CustomStringConvertible {
    let value: String

    static let placeholder = "SECRET"

    init(settingText text: String) throws(ValueFault) {
        guard !text.isEmpty else { throw ValueFault("must not be empty") }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x0a }) else {
            throw ValueFault("must not hold control characters")
        }
        value = text
    }

    var settingText: String { "***" }
    var description: String { "***" }
}

/// The path of a folder.
struct FolderPath: SettingValue {
    var path: String

    static let placeholder = "DIR"

    init(_ path: String) { self.path = path }

    init(settingText text: String) throws(ValueFault) {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw ValueFault("takes the path of a folder") }
        path = text
    }

    var settingText: String { path }
}

/// The path of a file.
struct FilePath: SettingValue {
    var path: String

    static let placeholder = "FILE"

    init(settingText text: String) throws(ValueFault) {
        guard !text.isEmpty, !text.utf8.contains(0) else { throw ValueFault("takes the path of a file") }
        path = text
    }

    var settingText: String { path }
}

/// An IANA zone name; whether it exists is checked when the database is known.
struct ZoneName: SettingValue {
    var name: String

    static let placeholder = "ZONE"

    init(_ name: String) { self.name = name }
    init(settingText text: String) throws(ValueFault) { name = text }

    var settingText: String { name }
}

/// `http://HOST:PORT` of a forward proxy.
struct ProxyURL: SettingValue {
    var origin: Origin

    static let placeholder = "URL"

    init(settingText text: String) throws(ValueFault) {
        guard text.hasPrefix("http://"), let (origin, path) = ServerConnection.split(text), path.isEmpty
        else {
            throw ValueFault(takes: "http://HOST:PORT", not: text)
        }
        self.origin = origin
    }

    var settingText: String {
        "http://\(origin.host.contains(":") ? "[\(origin.host)]" : origin.host):\(origin.port)"
    }
}
