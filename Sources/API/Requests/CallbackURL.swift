/// An absolute URL to call, taken apart and checked (RFC 3986, http and https only). Templates may stand in
/// the path and the query.
struct CallbackURL {
    var isTLS: Bool
    /// Lower case, without brackets.
    var host: String
    /// The host is an address, not a name.
    var isLiteral: Bool
    var port: UInt16
    var path: String
    /// nil when there is no `?`, or nothing after it.
    var query: String?
    /// `user` or `user:password`, percent-decoded.
    var userInfo: String?

    struct Fault: Error {
        var message: String
        var hint: String?

        static func masked(_ what: String) -> Fault {
            Fault(
                message: "shows \(what) only as ***",
                hint: "give \(what) itself: it is kept only for the same server"
            )
        }
    }

    init(_ text: String) throws(Fault) {
        guard text.utf8.count <= JobLimits.urlBytesMax else {
            throw Fault(message: "is longer than \(JobLimits.urlBytesMax) bytes", hint: nil)
        }
        if let fault = Self.characterFault(in: text) { throw Fault(message: fault, hint: nil) }
        let lower = text.prefix(8).lowercased()
        if lower.hasPrefix("https://") {
            isTLS = true
        } else if lower.hasPrefix("http://") {
            isTLS = false
        } else {
            throw Fault(message: "is not an http or https URL", hint: "http://host/path or https://host/path")
        }
        var rest = text.dropFirst(isTLS ? 8 : 7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        var authority = rest[..<end]
        rest = rest[end...]
        if let at = authority.lastIndex(of: "@") {
            guard let decoded = QueryFields.decode(authority[..<at], plusIsSpace: false),
                !decoded.contains("{{"),
                HeaderRules.isValue(decoded)
            else { throw Fault(message: "has user information that cannot be sent", hint: nil) }
            userInfo = decoded.isEmpty ? nil : decoded
            authority = authority[authority.index(after: at)...]
        }
        (host, isLiteral, port) = try Self.hostAndPort(authority, isTLS: isTLS)
        let mark = rest.firstIndex(of: "?")
        path = String(rest[..<(mark ?? rest.endIndex)])
        if path.isEmpty { path = "/" }
        if let mark {
            let text = rest[rest.index(after: mark)...]
            query = text.isEmpty ? nil : String(text)
        }
    }

    /// What cannot stand in a request line. `{` and `}` can: templates are filled before the call.
    static func characterFault(in text: String) -> String? {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x20: return "holds a blank; write %20"
            case 0..<0x20, 0x7f: return "holds a control character"
            case 0x23: return "has a fragment (#…), which is never sent"
            case 0x5c: return "holds a backslash"
            case 0x80...: return "holds a character outside ASCII; percent-encode it"
            default: continue
            }
        }
        return nil
    }

    private static func hostAndPort(_ authority: Substring, isTLS: Bool) throws(Fault) -> (
        String, Bool, UInt16
    ) {
        var host = authority
        var portText: Substring?
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else {
                throw Fault(message: "has an address that is not closed with ]", hint: nil)
            }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.first == ":" else {
                throw Fault(message: "has \"\(after)\" after its address", hint: nil)
            }
            portText = after.isEmpty ? nil : after.dropFirst()
            guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }),
                host.contains(":")
            else {
                throw Fault(message: "has brackets around what is no IPv6 address", hint: nil)
            }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            portText = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty else { throw Fault(message: "has no host", hint: nil) }
        let isV6 = host.contains(":")
        guard isV6 || host.utf8.count <= 253 && host.allSatisfy(isHostCharacter) else {
            throw Fault(message: "has \"\(host)\" for a host, which is no host name", hint: nil)
        }
        var port: UInt16 = isTLS ? 443 : 80
        if let portText, !portText.isEmpty {
            guard let number = UInt16(portText), number > 0, portText.allSatisfy(\.isNumber) else {
                throw Fault(message: "has port \"\(portText)\", which is not 1 to 65535", hint: nil)
            }
            port = number
        }
        return (host.lowercased(), isV6 || looksLikeAddress(host), port)
    }

    private static func isHostCharacter(_ character: Character) -> Bool {
        character.isASCII
            && (character.isLetter || character.isNumber || character == "-" || character == "."
                || character == "_")
    }

    /// Whatever an address parser might take for one: the last label is a number.
    private static func looksLikeAddress(_ host: Substring) -> Bool {
        guard let last = host.split(separator: ".").last else { return false }
        return last.allSatisfy(\.isNumber) || last.lowercased().hasPrefix("0x")
    }

    /// The names with masked values: `a=***&b=***`.
    static func mask(_ query: String) -> String {
        query.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            guard let equals = pair.firstIndex(of: "=") else { return pair.isEmpty ? "" : CallbackForm.mask }
            return "\(pair[...equals])\(CallbackForm.mask)"
        }.joined(separator: "&")
    }
}
