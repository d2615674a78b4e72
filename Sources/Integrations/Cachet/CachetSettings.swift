internal import Domain
internal import Effects

/// A Cachet status page: where it is, and which component of it stands for the job.
package struct CachetSettings: KindSettings {
    /// A component by its number, which never changes, or by its name, which is looked up.
    package enum Component: Sendable, Hashable {
        case number(Int64)
        case name(String)
    }

    package var dialect: CachetDialect
    /// The API's base, with `/api/v1` or `/api`.
    package var base: WebAddress
    package var token: String
    package var component: Component?
    /// The component's status while the alert is open; nil goes by severity.
    package var componentStatus: Int64?
    /// The incident is shown to everyone, not only to those who are logged in.
    package var isVisible: Bool
    /// Cachet tells its subscribers.
    package var notifies: Bool
    /// The alert's details stand in the incident: targets, answers and errors that the public page's readers
    /// have no business with, unless somebody says so.
    package var showsDetails: Bool

    static func read(_ reader: inout SettingsReader) -> CachetSettings? {
        let number = reader.number("version", in: 2...3, default: 2)
        let dialect: CachetDialect = number == 3 ? .three : .two
        let base = reader.address("url").map { Self.base($0, dialect) }
        let token = reader.text("token")
        if base?.userInfo != nil { reader.fault("url", "holds a user; Cachet takes the token alone") }
        let component: Component?
        switch reader.numberOrName("component") {
        case .number(let number)?: component = .number(number)
        case .string(let name)?: component = .name(name)
        default: component = nil
        }
        let status = componentStatus(&reader, dialect)
        if status != nil, component == nil {
            reader.fault("component_status", "is given without a component")
        }
        let isVisible = reader.flag("visible", default: true)
        let notifies = reader.flag("notify", default: true)
        let showsDetails = reader.flag("details", default: false)
        guard let base, let token else { return nil }
        return CachetSettings(
            dialect: dialect,
            base: base,
            token: token,
            component: component,
            componentStatus: status,
            isVisible: isVisible,
            notifies: notifies,
            showsDetails: showsDetails
        )
    }

    private static func componentStatus(_ reader: inout SettingsReader, _ dialect: CachetDialect) -> Int64? {
        let given = reader.numberOrName("component_status")
        guard let given else { return nil }
        let names = dialect.componentStatuses
        if let number = given.number, names.contains(where: { $0.value == number }) { return number }
        let found = names.first { $0.name.lowercased() == given.string?.lowercased() }
        if found == nil {
            let known = names.map { "\($0.value) \($0.name)" }.joined(separator: ", ")
            reader.fault("component_status", "is none of \(known)")
        }
        return found?.value
    }

    /// People give the page's address, with or without the API's path.
    private static func base(_ url: WebAddress, _ dialect: CachetDialect) -> WebAddress {
        var base = url
        var parts = url.path.split(separator: "/").map { String($0) }
        if parts.last == "v1" { parts.removeLast() }
        if parts.last == "api" { parts.removeLast() }
        base.path = parts.map { "/\($0)" }.joined() + dialect.prefix
        base.query = nil
        return base
    }

    var fields: [SettingsField] {
        [
            SettingsField("version", .plain(.number(dialect == .three ? 3 : 2))),
            SettingsField("url", .plain(.string(base.text))),
            SettingsField("component", .plain(componentJSON)),
            SettingsField("component_status", .plain(componentStatus.map { .number($0) })),
            SettingsField("visible", .plain(.bool(isVisible))),
            SettingsField("notify", .plain(.bool(notifies))),
            SettingsField("details", .plain(.bool(showsDetails))),
            SettingsField("token", .secret(token)),
        ]
    }

    private var componentJSON: JSON? {
        switch component {
        case nil: nil
        case .number(let number): .number(number)
        case .name(let name): .string(name)
        }
    }

    var origin: Origin { base.origin }

    var place: String? { base.text }

    var summary: String {
        let what: String
        switch component {
        case nil: what = ""
        case .number(let number)?: what = ", component \(number)"
        case .name(let name)?: what = ", component \(name)"
        }
        return "Cachet \(dialect == .three ? "3" : "2") at \(base.authority)\(what)"
    }
}
