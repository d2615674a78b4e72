import Domain
import Effects
import Integrations

/// A Cachet with two components, strict about types as PHP's validators are; speaks 2.3, 2.4 or 3.x.
struct CachetStub {
    enum Edition { case twoThree, twoFour, three }

    struct Incident {
        var id: Int64
        var name: String
        var message: String
        var status: Int64
        var isVisible: Bool
        var updates: [Int64] = []

        var latest: Int64 { updates.last ?? status }
    }

    var edition: Edition
    var token: String
    var incidents: [Incident] = []
    var components: [(id: Int64, name: String, status: Int64)] = [(7, "Reports", 1), (8, "Site", 1)]
    /// Status codes to answer with instead, and whether the request takes effect all the same.
    var faults: [(path: String, status: UInt16, takesEffect: Bool)] = []
    var log: [String] = []

    private var isThree: Bool { edition == .three }

    mutating func answer(_ request: ChannelRequest) -> Answer {
        let prefix = isThree ? "/api/" : "/api/v1/"
        guard request.address.path.hasPrefix(prefix) else { return .text(404, "{}") }
        let path = request.address.path.dropFirst(prefix.count)
        let isKnown =
            isThree
            ? request.header("Authorization") == "Bearer \(token)" : request.header("X-Cachet-Token") == token
        guard isKnown else { return .text(401, #"{"errors":[{"title":"Unauthorized"}]}"#) }
        guard request.header("Accept") == "application/json" else { return .text(406, "{}") }
        if let index = faults.firstIndex(where: { path.hasPrefix($0.path) }) {
            let fault = faults.remove(at: index)
            if fault.takesEffect { _ = route(request, path) }
            return .text(fault.status, "{}")
        }
        return route(request, path)
    }

    private mutating func route(_ request: ChannelRequest, _ path: Substring) -> Answer {
        let parts = path.split(separator: "/")
        let id = parts.count > 1 ? Int64(parts[1]) : nil
        log.append("\(request.method) \(path)")
        switch (request.method, parts.first, parts.count) {
        case ("GET", "incidents", 1): return listIncidents(request.address.query ?? "")
        case ("POST", "incidents", 1): return create(request.json)
        case ("GET", "incidents", 2): return withIncident(id) { self.one($0) }
        case ("PUT", "incidents", 2): return put(id, request.json)
        case ("POST", "incidents", 3): return update(id, request.json)
        case ("GET", "components", 1): return listComponents(request.address.query ?? "")
        case ("PUT", "components", 2): return put(component: id, request.json)
        default: return .text(404, "{}")
        }
    }

    // MARK: - Incidents

    private func listIncidents(_ query: String) -> Answer {
        let fields = Self.fields(query)
        let allowed = isThree ? ["filter[status]", "per_page"] : ["name", "status"]
        guard fields.keys.allSatisfy({ allowed.contains($0) }) else {
            return .text(isThree ? 400 : 500, "{}")
        }
        let found = incidents.filter { incident in
            let wanted = fields[isThree ? "filter[status]" : "status"]
            return (wanted.map { $0 == "\(incident.status)" } ?? true)
                && (fields["name"].map { $0 == incident.name } ?? true)
        }
        return .text(200, JSON.object([.init("data", .array(found.map { object($0) }))]).text)
    }

    private mutating func create(_ json: JSON?) -> Answer {
        let notify = isThree ? "notifications" : "notify"
        guard let json, let name = json["name"]?.string, !name.isEmpty, name.unicodeScalars.count <= 255,
            let message = json["message"]?.string, !message.isEmpty, let status = json["status"]?.number,
            (1...4).contains(status), let isVisible = json["visible"]?.bool, json[notify]?.bool != nil
        else {
            return .text(isThree ? 422 : 400, #"{"errors":[{"detail":"The request cannot be fulfilled"}]}"#)
        }
        let incident = Incident(
            id: Int64(incidents.count) + 31,
            name: name,
            message: message,
            status: status,
            isVisible: isVisible
        )
        incidents.append(incident)
        return one(incident, status: isThree ? 201 : 200)
    }

    private mutating func put(_ id: Int64?, _ json: JSON?) -> Answer {
        guard let index = incidents.firstIndex(where: { $0.id == id }) else { return .text(404, "{}") }
        guard let status = json?["status"]?.number, (0...4).contains(status) else { return .text(400, "{}") }
        incidents[index].status = status
        return one(incidents[index])
    }

    private mutating func update(_ id: Int64?, _ json: JSON?) -> Answer {
        guard edition != .twoThree, let index = incidents.firstIndex(where: { $0.id == id }) else {
            return .text(404, "{}")
        }
        guard let status = json?["status"]?.number, (1...4).contains(status),
            json?["message"]?.string?.isEmpty == false
        else { return .text(400, "{}") }
        incidents[index].updates.append(status)
        return one(incidents[index])
    }

    private func withIncident(_ id: Int64?, _ body: (Incident) -> Answer) -> Answer {
        incidents.first { $0.id == id }.map(body) ?? .text(404, "{}")
    }

    private func one(_ incident: Incident, status: UInt16 = 200) -> Answer {
        .text(status, JSON.object([.init("data", object(incident))]).text)
    }

    private func object(_ incident: Incident) -> JSON {
        let own: [JSON.Member] = [
            .init("id", .number(incident.id)), .init("name", .string(incident.name)),
            .init("message", .string(incident.message)),
        ]
        switch edition {
        // A database that hands numbers on as text.
        case .twoThree: return .object(own + [.init("status", .string("\(incident.status)"))])
        case .twoFour:
            return .object(
                own + [
                    .init("status", .number(incident.status)),
                    .init("latest_status", .number(incident.latest)),
                    .init("updates", .array(incident.updates.map { .number($0) })),
                ]
            )
        case .three:
            let status = JSON.object([.init("human", .string("…")), .init("value", .number(incident.latest))])
            return .object([
                .init("id", .string("\(incident.id)")), .init("type", .string("incidents")),
                .init("attributes", .object(own + [.init("status", status)])),
            ])
        }
    }

    // MARK: - Components

    private func listComponents(_ query: String) -> Answer {
        let fields = Self.fields(query)
        let wanted = fields[isThree ? "filter[name]" : "name"] ?? ""
        let found = components.filter { isThree ? $0.name.contains(wanted) : $0.name == wanted }
        let list = found.map { component in
            let own: [JSON.Member] = [
                .init("id", .number(component.id)), .init("name", .string(component.name)),
            ]
            return isThree
                ? JSON.object([.init("id", .string("\(component.id)")), .init("attributes", .object(own))])
                : .object(own)
        }
        return .text(200, JSON.object([.init("data", .array(list))]).text)
    }

    private mutating func put(component id: Int64?, _ json: JSON?) -> Answer {
        guard let index = components.firstIndex(where: { $0.id == id }) else { return .text(404, "{}") }
        guard case .object(let members)? = json, members.map(\.key) == ["status"],
            let status = json?["status"]?.number, (1...6).contains(status)
        else { return .text(400, "{}") }
        components[index].status = status
        return .text(200, #"{"data":{"id":\#(components[index].id)}}"#)
    }

    private static func fields(_ query: String) -> [String: String] {
        query.split(separator: "&").reduce(into: [:]) { fields, pair in
            let parts = pair.split(separator: "=", maxSplits: 1)
            let name = Percent.decode(parts[0]) ?? ""
            fields[name] = parts.count > 1 ? Percent.decode(parts[1]) : ""
        }
    }
}
