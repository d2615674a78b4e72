internal import Domain

// What a `pagerduty` step says. Texts beyond what PagerDuty takes are cut, and the key keeps its meaning.
extension PagerDutyEvents {
    private static let clientScalarsMax = 255
    private static let valueScalarsMax = 16_384

    static func body(
        _ action: Action,
        _ said: StepMessage,
        _ message: AlertMessage,
        _ settings: PagerDutySettings,
        _ sender: AlertSender
    ) -> JSON {
        var valueMax = valueScalarsMax
        while true {
            let event = event(action, said, message, settings, sender, valueMax: valueMax)
            if event.text.utf8.count <= bodyBytesMax || valueMax == 0 { return event }
            valueMax /= 4
        }
    }

    private static func event(
        _ action: Action,
        _ said: StepMessage,
        _ message: AlertMessage,
        _ settings: PagerDutySettings,
        _ sender: AlertSender,
        valueMax: Int
    ) -> JSON {
        let isTrigger = action == .trigger
        let key = JSON.string((said["key"] ?? "").shortenedKey(to: keyBytesMax))
        let usual = "\(said["key"] ?? sender.host): \(action.rawValue)"
        let summary = JSON.string(OneLine.of(said["description"] ?? usual).shortened(to: summaryScalarsMax))
        let details = JSON.object(
            said.members(of: "details").map { .init($0.name, .string($0.text.shortened(to: valueMax))) }
        )
        let client = JSON.string((said["client"] ?? "Chronatog").shortened(to: clientScalarsMax))
        let clientURL = said["client_url"].map { JSON.string($0) }
        let links = said.members(of: "links"), images = said.members(of: "images")
        guard settings.version == .v2 else {
            let contexts =
                links.map {
                    context("link", [.init("href", .string($0.text)), .init("text", .string($0.name))])
                }
                + images.map {
                    context("image", [.init("src", .string($0.text)), .init("alt", .string($0.name))])
                }
            return .compact([
                ("service_key", .string(settings.key)), ("event_type", .string(action.rawValue)),
                ("incident_key", key), ("description", summary), ("details", details),
                ("client", isTrigger ? client : nil), ("client_url", isTrigger ? clientURL : nil),
                ("contexts", isTrigger && !contexts.isEmpty ? .array(contexts) : nil),
            ])
        }
        guard isTrigger else {
            return .compact([
                ("routing_key", .string(settings.key)), ("event_action", .string(action.rawValue)),
                ("dedup_key", key),
            ])
        }
        return .compact([
            ("routing_key", .string(settings.key)), ("event_action", .string(action.rawValue)),
            ("dedup_key", key), ("client", client), ("client_url", clientURL),
            ("links", list(links, "href", "text")), ("images", list(images, "src", "alt")),
            (
                "payload",
                .compact([
                    ("summary", summary), ("source", .string(sender.host)),
                    ("severity", .string(said["severity"] ?? AlertSeverity.error.word)),
                    ("timestamp", .string(message.at.rfc3339)), ("custom_details", details),
                ])
            ),
        ])
    }

    private static func context(_ type: String, _ members: [JSON.Member]) -> JSON {
        .object([.init("type", .string(type))] + members)
    }

    private static func list(_ texts: [JobStep.Text], _ address: String, _ label: String) -> JSON? {
        texts.isEmpty
            ? nil
            : .array(
                texts.map {
                    .object([.init(address, .string($0.text)), .init(label, .string($0.name))])
                }
            )
    }
}
