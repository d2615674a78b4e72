package import Domain

/// One message of an event stream in Tutum's dialect, which Docker Cloud and Chronatog itself speak too.
package enum TutumMessage: Sendable, Equatable {
    /// The credentials were good: only now does the stream count as healthy.
    case auth
    /// The stream says what is wrong; `UNAUTHORIZED` means that coming back is no use.
    case error(String)
    /// The account's notices; Tutum's own clients leave them out.
    case notifications(JSON)
    case event(TutumEvent)

    /// nil for what is not an object with a `type`.
    package init?(_ bytes: [UInt8]) {
        guard let json = try? JSONReader.value(of: bytes), let type = json["type"]?.string else { return nil }
        switch type {
        case "auth": self = .auth
        case "error": self = .error(json["data"]?["errorMessage"]?.string ?? "the stream reports an error")
        case "user-notifications": self = .notifications(json)
        default: self = .event(TutumEvent(type: type, json))
        }
    }

    /// Whether an error says that the credentials are no good.
    package static func isRefusal(_ error: String) -> Bool {
        error.uppercased().hasPrefix("UNAUTHORIZED") || error.lowercased() == "not authorized"
    }
}

/// Something happened to an object.
package struct TutumEvent: Sendable, Equatable {
    package var type: String
    package var action: String
    package var state: String
    package var resourceURI: String
    package var parents: [String]
    /// What to go on after; nil where the server does not count.
    package var sequence: UInt64?
    package var json: JSON

    init(type: String, _ json: JSON) {
        self.type = type
        self.json = json
        action = json["action"]?.string ?? ""
        state = json["state"]?.string ?? ""
        resourceURI = json["resource_uri"]?.string ?? ""
        parents = json["parents"]?.array?.compactMap(\.string) ?? []
        sequence = json["seq"]?.number.flatMap { UInt64(exactly: $0) }
    }

    /// The five fields in the order in which Tutum's tutorial prints them.
    package var line: String {
        [type, action, state, resourceURI, parents.joined(separator: ",")].joined(separator: ":")
    }
}
