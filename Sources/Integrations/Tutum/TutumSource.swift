package import Domain
internal import Effects

/// A stream in Tutum's dialect that is to be watched: where it is, and as whom.
package struct TutumSource: Sendable, Hashable {
    /// `wss` is `https` here, as on the wire (RFC 6455 §3).
    package var address: WebAddress
    package var login: TutumLogin?
    /// The login goes as `?token=…&user=…` or `?auth=…`, as Tutum's first clients sent it, instead of in a
    /// header.
    package var isLoginInQuery: Bool

    /// Where Tutum has its events; an address without a path means this one.
    package static let path = "/v1/events"
    /// Tutum's own stream.
    package static let tutum = "wss://stream.tutum.co\(path)"
    /// Where the objects that events name are, for streams that have a server of their own.
    private static let restHosts = [
        "stream.tutum.co": "dashboard.tutum.co", "ws.cloud.docker.com": "cloud.docker.com",
    ]
    /// What the settings are made of.
    package static let fields = ["url", "username", "token", "authorization", "bearer", "auth_in"]

    private enum Place: String, CaseIterable {
        case header
        case query
    }

    /// - Parameters:
    ///   - json: `url`, and a login: `username` and `token`, or `authorization`, or `bearer`.
    ///   - known: what it is so far; a request without a login keeps that one, for the same server only.
    package static func read(
        _ json: JSON,
        keeping known: TutumSource? = nil
    ) throws(ChannelSettingsError) -> TutumSource {
        var reader = SettingsReader(json)
        let address = reader.text("url").flatMap { Self.address($0, &reader) }
        let username = reader.optionalText("username")
        let token = reader.optionalText("token")
        let authorization = reader.optionalText("authorization")
        let bearer = reader.optionalText("bearer")
        let place = reader.word("auth_in", default: Place.header)
        if (username == nil) != (token == nil) {
            reader.fault(
                username == nil ? "username" : "token",
                "is missing: a user name and a token go together"
            )
        }
        if username?.contains(":") == true { reader.fault("username", "must not hold a colon") }
        if [token, authorization, bearer].compactMap(\.self).count > 1 {
            reader.fault("authorization", "is one of three logins: give a token, this, or a bearer token")
        }
        guard reader.faults.isEmpty, var address else { throw ChannelSettingsError(faults: reader.faults) }
        var login: TutumLogin?
        if let authorization {
            login = .authorization(authorization)
        } else if let username, let token {
            login = .key(username: username, token: token)
        } else if let bearer {
            login = .bearer(bearer)
        } else if let inURL = address.basicCredentials {
            login = .authorization(inURL)
        } else if let known, known.address.origin == address.origin {
            login = known.login
        }
        address.userInfo = nil
        return TutumSource(address: address, login: login, isLoginInQuery: place == .query)
    }

    private static func address(_ text: String, _ reader: inout SettingsReader) -> WebAddress? {
        let schemes = [("wss://", "https://"), ("ws://", "http://"), ("https://", ""), ("http://", "")]
        guard let (own, plain) = schemes.first(where: { text.lowercased().hasPrefix($0.0) }) else {
            reader.fault("url", "does not begin with wss:// or ws://")
            return nil
        }
        do {
            var address = try WebAddress(plain.isEmpty ? text : plain + text.dropFirst(own.count))
            if address.path == "/" { address.path = path }
            return address
        } catch {
            reader.fault("url", error.predicate)
            return nil
        }
    }

    /// What `read` reads back. Not to be shown.
    package var json: JSON {
        let url = "\(scheme)://\(address.authority)\(address.target)"
        var members = [JSON.Member("url", .string(url))]
        switch login {
        case nil: break
        case .authorization(let whole)?: members.append(JSON.Member("authorization", .string(whole)))
        case .key(let username, let token)?:
            members.append(JSON.Member("username", .string(username)))
            members.append(JSON.Member("token", .string(token)))
        case .bearer(let token)?: members.append(JSON.Member("bearer", .string(token)))
        }
        if isLoginInQuery { members.append(JSON.Member("auth_in", .string(Place.query.rawValue))) }
        return .object(members)
    }

    /// The address for people: its query may hold a secret.
    package var shown: String {
        "\(scheme)://\(address.authority)\(address.path)\(address.query == nil ? "" : "?\(Secrets.mask)")"
    }

    /// As whom, for people.
    package var shownLogin: String {
        switch login {
        case nil: "nobody"
        case .authorization?: "authorization \(Secrets.mask)"
        case .key(let username, _)?: username
        case .bearer?: "bearer \(Secrets.mask)"
        }
    }

    private var scheme: String { address.origin.isTLS ? "wss" : "ws" }

    /// The server that has the objects which events name.
    package var rest: WebAddress {
        var rest = address
        rest.origin.host = Self.restHosts[rest.origin.host] ?? rest.origin.host
        rest.path = "/"
        rest.query = nil
        return rest
    }

    /// Path and query of the handshake.
    package var target: String {
        guard isLoginInQuery, let login else { return address.target }
        let items: String =
            switch login {
            case .key(let username, let token):
                "token=\(Percent.encode(token))&user=\(Percent.encode(username))"
            default: "auth=\(Percent.encode(login.header))"
            }
        return "\(address.target)\(address.query == nil ? "?" : "&")\(items)"
    }

    /// Lines of the handshake, each ending in CRLF.
    package func headerLines(userAgent: String) -> [UInt8] {
        let own = "User-Agent: \(userAgent)\r\n"
        guard !isLoginInQuery, let login else { return Array(own.utf8) }
        return Array("\(own)Authorization: \(login.header)\r\n".utf8)
    }
}
