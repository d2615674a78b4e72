internal import Domain

/// What differs between Cachet's API v1 (2.3, 2.4) and that of 3.x, whose bodies follow JSON:API.
package enum CachetDialect: Sendable, Hashable {
    case two
    case three

    var prefix: String { self == .two ? "/api/v1" : "/api" }

    /// Statuses a component can be given by us.
    var componentStatuses: [(value: Int64, name: String)] {
        let shared: [(Int64, String)] = [
            (1, "Operational"), (2, "Performance Issues"), (3, "Partial Outage"), (4, "Major Outage"),
        ]
        return self == .two ? shared : shared + [(5, "Unknown"), (6, "Under Maintenance")]
    }

    func authorization(_ token: String) -> ChannelRequest.Header {
        switch self {
        case .two: ChannelRequest.Header("X-Cachet-Token", token)
        case .three: ChannelRequest.Header("Authorization", "Bearer \(token)")
        }
    }

    /// The query that narrows a list of components to a name. 3.x takes a comma for a list of names.
    func componentQuery(name: String) -> String {
        switch self {
        case .two: "name=\(Percent.encode(name))"
        case .three: "filter%5Bname%5D=\(Percent.encode(String(name.prefix { $0 != "," })))&per_page=100"
        }
    }

    /// The query that narrows a list of incidents to those that may be ours: 2.x puts every parameter into
    /// its WHERE clause, so none but columns may be given.
    func incidentQuery(name: String) -> String {
        switch self {
        case .two: "name=\(Percent.encode(name))&status=\(CachetIncidentStatus.investigating.rawValue)"
        case .three: "filter%5Bstatus%5D=\(CachetIncidentStatus.investigating.rawValue)&per_page=100"
        }
    }

    /// A new incident. Booleans are booleans: PHP takes the text "false" for true.
    func newIncident(
        name: String,
        message: String,
        status: CachetIncidentStatus,
        isVisible: Bool,
        notifies: Bool
    ) -> JSON {
        .object([
            .init("name", .string(name)),
            .init("message", .string(message)),
            .init("status", .number(status.rawValue)),
            .init("visible", .bool(isVisible)),
            .init(self == .two ? "notify" : "notifications", .bool(notifies)),
        ])
    }
}

/// The life of an incident: Investigating when the alert opens, Identified when somebody acknowledges, Fixed
/// when it resolves.
enum CachetIncidentStatus: Int64 {
    case investigating = 1
    case identified = 2
    case watching = 3
    case fixed = 4
}

/// What an answer of either dialect holds.
struct CachetObject {
    var id: Int64
    private let attributes: JSON

    init?(_ json: JSON?) {
        guard let json else { return nil }
        attributes = json["attributes"] ?? json
        guard let id = Self.number(attributes["id"] ?? json["id"]) ?? Self.number(json["id"]) else {
            return nil
        }
        self.id = id
    }

    /// The object of an answer, `{"data":{…}}`.
    static func one(_ body: [UInt8]) -> CachetObject? {
        CachetObject((try? JSONReader.value(of: body))?["data"])
    }

    /// The objects of a list's page.
    static func page(_ body: [UInt8]) -> [CachetObject] {
        ((try? JSONReader.value(of: body))?["data"]?.array ?? []).compactMap { CachetObject($0) }
    }

    func text(_ key: String) -> String? { attributes[key]?.string }

    /// The incident's present status: that of its latest update where there are updates.
    var status: Int64? {
        Self.number(attributes["latest_status"]) ?? Self.number(attributes["status"]?["value"])
            ?? Self.number(attributes["status"])
    }

    /// 2.3 knows no updates of incidents, and does not show any.
    var hasUpdates: Bool { attributes["updates"] != nil }

    /// Some databases hand PHP their numbers as text.
    private static func number(_ json: JSON?) -> Int64? { json?.number ?? json?.string.flatMap { Int64($0) } }
}
