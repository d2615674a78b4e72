package import Domain

/// A mail server as one text: `smtp://user:password@host:587`, `smtps://host`, or
/// `smtp://127.0.0.1:25?tls=none`.
///
/// `smtp` means TLS by STARTTLS or nothing (port 587), `smtps` TLS from the first byte (port 465);
/// `?tls=none` is for a server on the same machine or network, and takes no password.
package enum MailServerURL {
    package struct Fault: Error, Equatable {
        /// The part of a sentence after the setting's name. Quotes nothing: a password may be anywhere.
        package var predicate: String
    }

    /// The fields of an e-mail channel's settings that the text stands for; whether host, port and login are
    /// good is `EmailSettings`'s to say.
    package static func fields(_ text: String) throws(Fault) -> [JSON.Member] {
        let scheme = text.prefix(8).lowercased()
        let isTLS = scheme.hasPrefix("smtps://")
        guard isTLS || scheme.hasPrefix("smtp://") else {
            throw Fault(predicate: "does not begin with smtp:// or smtps://")
        }
        var rest = text.dropFirst(isTLS ? 8 : 7)
        var security = isTLS ? "tls" : "starttls"
        if let mark = rest.firstIndex(of: "?") {
            guard rest[mark...] == "?tls=none", !isTLS else {
                throw Fault(predicate: "takes nothing after ? but tls=none, and that only after smtp://")
            }
            security = "none"
            rest = rest[..<mark]
        }
        if rest.last == "/" { rest.removeLast() }
        guard !rest.contains("/") else {
            throw Fault(predicate: "has a path; percent-encode a / in a user or password as %2F")
        }
        var members = [JSON.Member("security", .string(security))]
        if let at = rest.lastIndex(of: "@") {
            members += try login(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        return members + (try server(rest))
    }

    private static func login(_ text: Substring) throws(Fault) -> [JSON.Member] {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let user = Percent.decode(parts[0]), let password = Percent.decode(parts[1]),
            !user.isEmpty, !password.isEmpty
        else {
            throw Fault(predicate: "has to have user:password before the @, percent-encoded")
        }
        return [JSON.Member("user", .string(user)), JSON.Member("password", .string(password))]
    }

    private static func server(_ text: Substring) throws(Fault) -> [JSON.Member] {
        var (host, port) = (text, Substring())
        if text.first == "[" {
            guard let close = text.lastIndex(of: "]") else {
                throw Fault(predicate: "has an address that is not closed with ]")
            }
            host = text[text.index(after: text.startIndex)..<close]
            port = text[text.index(after: close)...]
        } else if let colon = text.firstIndex(of: ":") {
            (host, port) = (text[..<colon], text[colon...])
        }
        guard !host.isEmpty else { throw Fault(predicate: "has no host") }
        var members = [JSON.Member("server", .string(String(host)))]
        if !port.isEmpty {
            guard port.first == ":", let number = UInt16(port.dropFirst()), number > 0 else {
                throw Fault(predicate: "has a port that is not 1 to 65535")
            }
            members.append(JSON.Member("port", .number(Int64(number))))
        }
        return members
    }
}
