import Domain
import Effects
import Integrations

/// PagerDuty's Events APIs with their checks, and the incidents that come of the events.
struct PagerDutyStub {
    var key: String
    var isV1 = false
    /// Dedup key to `triggered` or `acknowledged`; a resolved one is gone.
    var incidents: [String: String] = [:]
    var log: [String] = []

    mutating func answer(_ request: ChannelRequest) -> Answer {
        let path = isV1 ? "/generic/2010-04-15/create_event.json" : "/v2/enqueue"
        guard request.method == "POST", request.address.path == path else { return .text(404, "Not Found") }
        guard request.header("Content-Type") == "application/json", let json = request.json else {
            return invalid("JSON cannot be parsed")
        }
        if request.body.count > 512 * 1024 { return .text(413, "") }
        let faults = isV1 ? faultsOfV1(json) : faultsOfV2(json)
        if !faults.isEmpty { return invalid(faults.joined(separator: "\",\"")) }
        let action = json[isV1 ? "event_type" : "event_action"]?.string ?? ""
        let incident = json[isV1 ? "incident_key" : "dedup_key"]?.string ?? "made-by-pagerduty"
        apply(action, incident)
        let name = isV1 ? "incident_key" : "dedup_key"
        return .text(
            isV1 ? 200 : 202,
            #"{"status":"success","message":"Event processed","\#(name)":"\#(incident)"}"#
        )
    }

    private mutating func apply(_ action: String, _ incident: String) {
        log.append("\(action) \(incident)")
        switch action {
        case "trigger": incidents[incident] = incidents[incident] ?? "triggered"
        case "acknowledge": if incidents[incident] != nil { incidents[incident] = "acknowledged" }
        default: incidents[incident] = nil
        }
    }

    private func faultsOfV2(_ json: JSON) -> [String] {
        var faults: [String] = []
        if json["routing_key"]?.string?.utf8.count != 32 {
            faults.append("'routing_key' is the wrong length")
        }
        if json["routing_key"]?.string != key { faults.append("'routing_key' is unknown") }
        let action = json["event_action"]?.string ?? ""
        if !["trigger", "acknowledge", "resolve"].contains(action) {
            faults.append("'event_action' is invalid")
        }
        let dedup = json["dedup_key"]?.string
        if action != "trigger", dedup == nil { faults.append("'dedup_key' is missing or blank") }
        if (dedup?.utf8.count ?? 0) > 255 { faults.append("'dedup_key' is too long") }
        guard action == "trigger" else { return faults }
        let payload = json["payload"]
        let summary = payload?["summary"]?.string ?? ""
        if summary.isEmpty { faults.append("'payload.summary' is missing or blank") }
        if summary.unicodeScalars.count > 1024 { faults.append("'payload.summary' is too long") }
        if payload?["source"]?.string?.isEmpty != false {
            faults.append("'payload.source' is missing or blank")
        }
        let severities = ["critical", "error", "warning", "info"]
        if !severities.contains(payload?["severity"]?.string ?? "") {
            faults.append("'payload.severity' is invalid")
        }
        for link in json["links"]?.array ?? [] where link["href"]?.string == nil {
            faults.append("'links.href' is missing")
        }
        return faults
    }

    private func faultsOfV1(_ json: JSON) -> [String] {
        var faults: [String] = []
        let action = json["event_type"]?.string ?? ""
        if json["service_key"]?.string != key { faults.append("Service key is the wrong length") }
        if !["trigger", "acknowledge", "resolve"].contains(action) { faults.append("Event type is invalid") }
        if action != "trigger", json["incident_key"]?.string == nil {
            faults.append("Incident key is missing")
        }
        let description = json["description"]?.string ?? ""
        if action == "trigger", description.isEmpty { faults.append("Description is missing") }
        if description.unicodeScalars.count > 1024 { faults.append("Description is too long") }
        if let details = json["details"], case .object = details {
        } else {
            faults.append("Details is no object")
        }
        for context in json["contexts"]?.array ?? [] where context["type"]?.string != "link" {
            faults.append("Contexts are invalid")
        }
        return faults
    }

    private func invalid(_ fault: String) -> Answer {
        .text(
            400,
            #"{"status":"invalid event","message":"Event object is invalid","errors":["\#(fault)"]}"#
        )
    }
}
