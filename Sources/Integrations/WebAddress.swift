internal import Domain
package import Effects

/// An absolute http or https URL of a counterpart, taken apart and checked (RFC 3986).
package struct WebAddress: Sendable, Hashable {
    package var origin: Origin
    /// Begins with `/`.
    package var path: String
    /// What follows `?`; nil when there is none.
    package var query: String?
    /// `user` or `user:password`, percent-decoded.
    package var userInfo: String?

    /// What is wrong with a URL: the part of a sentence after its name. Quotes nothing of it, for a URL may
    /// hold a secret anywhere.
    package struct Fault: Error, Equatable {
        package var predicate: String
    }

    private static let bytesMax = 4096

    package init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.bytesMax else {
            throw Fault(predicate: "is longer than \(Self.bytesMax) bytes")
        }
        for byte in text.utf8 where byte <= 0x20 || byte >= 0x7f || byte == UInt8(ascii: "\\") {
            throw Fault(
                predicate: "holds a blank, a backslash or a character outside ASCII; percent-encode it"
            )
        }
        guard !text.contains("#") else { throw Fault(predicate: "has a fragment (#…), which is never sent") }
        let scheme = text.prefix(8).lowercased()
        let isTLS = scheme.hasPrefix("https://")
        guard isTLS || scheme.hasPrefix("http://") else {
            throw Fault(predicate: "does not begin with https:// or http://")
        }
        var rest = text.dropFirst(isTLS ? 8 : 7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        var authority = rest[..<end]
        rest = rest[end...]
        if let at = authority.lastIndex(of: "@") {
            guard let decoded = Percent.decode(authority[..<at]) else {
                throw Fault(predicate: "has user information that is not percent-encoded text")
            }
            userInfo = decoded.isEmpty ? nil : decoded
            authority = authority[authority.index(after: at)...]
        }
        origin = try Self.origin(authority, isTLS: isTLS)
        let mark = rest.firstIndex(of: "?")
        path = String(rest[..<(mark ?? rest.endIndex)])
        if path.isEmpty { path = "/" }
        query = mark.flatMap { $0 == rest.indices.last ? nil : String(rest[rest.index(after: $0)...]) }
    }

    private static func origin(_ authority: Substring, isTLS: Bool) throws(Fault) -> Origin {
        var host = authority
        var portText: Substring?
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else {
                throw Fault(predicate: "has an address that is not closed with ]")
            }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.first == ":", host.contains(":"),
                host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
            else { throw Fault(predicate: "has brackets around what is no IPv6 address") }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                portText = authority[authority.index(after: colon)...]
            }
            guard HostName.isPlausible(host) else {
                throw Fault(predicate: "has no host, or one that is no host name")
            }
        }
        var port: UInt16 = isTLS ? 443 : 80
        if let portText, !portText.isEmpty {
            guard let number = UInt16(portText), number > 0, portText.allSatisfy(\.isNumber) else {
                throw Fault(predicate: "has a port that is not 1 to 65535")
            }
            port = number
        }
        return Origin(isTLS: isTLS, host: host.lowercased(), port: port)
    }

    /// `host`, `host:8443`, `[::1]`.
    package var authority: String {
        let name = origin.host.contains(":") ? "[\(origin.host)]" : origin.host
        return origin.port == (origin.isTLS ? 443 : 80) ? name : "\(name):\(origin.port)"
    }

    private var scheme: String { origin.isTLS ? "https" : "http" }

    /// Path and query as they go on the request line.
    package var target: String { query.map { "\(path)?\($0)" } ?? path }

    /// Without the user information.
    package var textToCall: String { "\(scheme)://\(authority)\(target)" }

    package var text: String {
        let login = userInfo.map { Percent.encode($0, keeping: ":") + "@" } ?? ""
        return "\(scheme)://\(login)\(authority)\(target)"
    }

    /// The server and nothing else: path, query and user information may be the secret.
    package var masked: String { "\(scheme)://\(authority)/***" }

    /// Parts of it that nobody else may read, in each form in which they are sent.
    var secrets: [String] {
        let values = query?.split(separator: "&").compactMap { $0.split(separator: "=", maxSplits: 1).last }
        let login = userInfo?.split(separator: ":", maxSplits: 1) ?? []
        let parts = [target, query, userInfo, login.last.map { String($0) }, basicCredentials]
        // A long part of a path, and a long user, is a key; a short one is a word that sentences need.
        let words = (path.split(separator: "/") + login.prefix(1)).filter { $0.utf8.count >= 12 }
        return parts.compactMap { $0 } + ((values ?? []) + words).map { String($0) }
    }

    /// The value of `Authorization` that its user information stands for (RFC 7617).
    package var basicCredentials: String? { userInfo.map { "Basic " + Base64.encode(Array($0.utf8)) } }

    /// The same server and credentials, with more path behind a base that may or may not end in `/`.
    func appending(_ path: String, query: String? = nil) -> WebAddress {
        var copy = self
        copy.path = (self.path.hasSuffix("/") ? self.path : self.path + "/") + path
        copy.query = query
        return copy
    }
}

enum HostName {
    static func isPlausible(_ host: some StringProtocol) -> Bool {
        !host.isEmpty && host.utf8.count <= 253
            && host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
            && host.split(separator: ".", omittingEmptySubsequences: false).dropLast().allSatisfy {
                !$0.isEmpty
            }
    }
}

/// Percent-encoding (RFC 3986 §2.1).
package enum Percent {
    package static func encode(_ text: String, keeping others: String = "") -> String {
        var out = ""
        for byte in text.utf8 {
            let character = Character(Unicode.Scalar(byte))
            if byte < 0x80,
                character.isLetter || character.isNumber || "-._~".contains(character)
                    || others.contains(character)
            {
                out.append(character)
            } else {
                out += "%" + hexadecimal([byte]).uppercased()
            }
        }
        return out
    }

    /// Nil when it is not UTF-8, or a `%` is not followed by two digits.
    package static func decode(_ text: Substring) -> String? {
        var out: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                out.append(byte)
                continue
            }
            let digits = bytes.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else {
                return nil
            }
            out.append(value)
            bytes = bytes.dropFirst(2)
        }
        return String(validating: out, as: UTF8.self)
    }
}
