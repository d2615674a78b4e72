internal import Domain

/// How a client of Tutum's stream says who it is: the whole of an Authorization value (`TUTUM_AUTH`), or a
/// user name and an API key (`TUTUM_USERNAME`, `TUTUM_TOKEN`).
package enum TutumLogin: Sendable, Hashable {
    case authorization(String)
    case key(username: String, token: String)
    case bearer(String)

    /// What the environment says; the whole value goes first, as in Tutum's own clients.
    package init?(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let whole = value("TUTUM_AUTH") {
            self = .authorization(whole)
        } else if let token = value("TUTUM_TOKEN"), let username = value("TUTUM_USERNAME") {
            self = .key(username: username, token: token)
        } else {
            return nil
        }
    }

    /// The header's value: a query would stand in logs.
    package var header: String {
        switch self {
        case .authorization(let whole): whole
        case .key(let username, let token): "Basic \(Base64.encode(Array("\(username):\(token)".utf8)))"
        case .bearer(let token): "Bearer \(token)"
        }
    }
}
