import Domain
import Effects

/// Where a redirecting answer leads, as a pure decision (RFC 9110, section 15.4).
enum Redirect: Sendable {
    /// The answer is taken as it is: not a redirect, or one that names no http(s) place.
    case none
    case follow(Call)
    case refused(Failure)

    static func decide(_ call: Call, status: UInt16, location: String?) -> Redirect {
        guard [301, 302, 303, 307, 308].contains(status), let location,
            let place = Place(location, from: call.origin, call.target)
        else { return .none }
        if call.origin.isTLS && !place.origin.isTLS {
            let sentence =
                "\(RequestWriter.authority(of: call.origin)) redirected from https to http "
                + "(\(RequestWriter.authority(of: place.origin))), which is refused"
            return .refused(Failure(.egress, sentence))
        }
        var next = call
        next.origin = place.origin
        next.target = place.target
        if place.origin != call.origin {
            next.headerLines = removing(
                ["authorization", "cookie", "proxy-authorization"],
                from: next.headerLines
            )
        }
        let becomesGET =
            status == 303 ? call.method != "HEAD" : (status == 301 || status == 302) && call.method == "POST"
        if becomesGET {
            next.method = "GET"
            next.body = []
            next.headerLines = removing(
                ["content-type", "content-encoding", "content-language", "content-digest", "digest"],
                from: next.headerLines
            )
        }
        return .follow(next)
    }

    private static func removing(_ names: Set<String>, from lines: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        for line in lines.split(separator: 0x0a, omittingEmptySubsequences: true) {
            let name = String(decoding: line.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self).lowercased()
            if names.contains(name) { continue }
            kept += line
            kept.append(0x0a)
        }
        return kept
    }
}

/// An origin and a target, read from a URL reference (RFC 3986, as far as http and https need it).
struct Place: Sendable, Equatable {
    let origin: Origin
    let target: String

    /// Resolves `reference` against the place it was found at; nil when it is not an http(s) URL. A
    /// fragment and userinfo are dropped: neither is ever sent.
    init?(_ reference: String, from origin: Origin, _ target: String) {
        let bytes = Array(reference.utf8.prefix { $0 != UInt8(ascii: "#") })
        var isTLS = origin.isTLS
        var rest = bytes[...]
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            !bytes[..<colon].contains(where: { $0 == 0x2f || $0 == 0x3f })
        {
            switch String(decoding: bytes[..<colon], as: UTF8.self).lowercased() {
            case "http": isTLS = false
            case "https": isTLS = true
            default: return nil
            }
            rest = bytes[(colon + 1)...]
            guard rest.starts(with: "//".utf8) else { return nil }
        }
        if rest.starts(with: "//".utf8) {
            let authority = rest.dropFirst(2).prefix { $0 != 0x2f && $0 != 0x3f && $0 != 0x5c }
            guard let found = Place.origin(authority, isTLS: isTLS) else { return nil }
            self.origin = found
            self.target = Place.normal(rest[authority.endIndex...])
            return
        }
        self.origin = origin
        let base = Array(target.utf8)
        let basePath = base.prefix { $0 != 0x3f }
        switch rest.first {
        case nil:
            self.target = target
        case UInt8(ascii: "/"):
            self.target = Place.normal(rest)
        case UInt8(ascii: "?"):
            self.target = Place.normal((basePath + rest)[...])
        default:
            let folder = basePath[...(basePath.lastIndex(of: 0x2f) ?? basePath.startIndex)]
            self.target = Place.normal((folder + rest)[...])
        }
    }

    /// `user@host:port` without the user.
    private static func origin(_ authority: ArraySlice<UInt8>, isTLS: Bool) -> Origin? {
        let place = authority.lastIndex(of: UInt8(ascii: "@")).map { authority[($0 + 1)...] } ?? authority
        var host = place
        var portText: ArraySlice<UInt8> = []
        if place.first == UInt8(ascii: "[") {
            guard let close = place.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = place[(place.startIndex + 1)..<close]
            guard IPAddress(String(decoding: host, as: UTF8.self)) != nil else { return nil }
            portText = place[(close + 1)...]
            guard portText.isEmpty || portText.first == UInt8(ascii: ":") else { return nil }
        } else if let colon = place.firstIndex(of: UInt8(ascii: ":")) {
            host = place[..<colon]
            portText = place[colon...]
        }
        let text = String(decoding: host, as: UTF8.self).lowercased()
        guard Host.isPlausible(text) else { return nil }
        let digits = portText.dropFirst()
        if digits.isEmpty { return Origin(isTLS: isTLS, host: text, port: isTLS ? 443 : 80) }
        guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0
        else { return nil }
        return Origin(isTLS: isTLS, host: text, port: port)
    }

    /// A target that can stand on a request line: begins with `/`, no dot segments, nothing outside ASCII.
    private static func normal(_ raw: ArraySlice<UInt8>) -> String {
        let path = raw.prefix { $0 != 0x3f }
        var segments: [ArraySlice<UInt8>] = []
        let parts = path.split(separator: 0x2f, omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() where index > 0 || !part.isEmpty {
            let isLast = index == parts.count - 1
            switch String(decoding: part, as: UTF8.self) {
            case ".":
                if isLast { segments.append([]) }
            case "..":
                if !segments.isEmpty { segments.removeLast() }
                if isLast { segments.append([]) }
            default:
                segments.append(part)
            }
        }
        var out: [UInt8] = []
        for segment in segments { out += [0x2f] + segment }
        if out.isEmpty { out = [0x2f] }
        out += raw[path.endIndex...]
        let hex = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in out {
            if byte > 0x20 && byte < 0x7f {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// What a host may look like before anybody is asked about it.
enum Host {
    /// Letters, digits, `-`, `.`, `_`, and `:` inside an IPv6 literal; at most 255 bytes. Anything else could
    /// split the `Host` line.
    static func isPlausible(_ host: String) -> Bool {
        guard (1...255).contains(host.utf8.count) else { return false }
        let isName = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
            default: false
            }
        }
        return isName || IPAddress(host) != nil
    }
}
