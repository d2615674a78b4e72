/// One row of the table that says everything about a setting. Flag parsing, the environment, `--help`,
/// `config dump` and the README's table are all made from it.
struct Setting: Sendable {
    /// As on the command line, without the dashes: `data-dir`.
    let name: String
    let group: Group
    /// What follows the flag in help; empty for a switch.
    let placeholder: String
    /// One sentence fragment: what it does.
    let meaning: String
    /// Names from elsewhere that are accepted when ours is not given.
    let aliases: [Alias]
    /// Never shown, not even by `config dump`.
    let isSecret: Bool
    /// May be given several times and adds up.
    let isRepeatable: Bool
    /// Puts a text into its place.
    let write: @Sendable (String, inout Configuration) throws(ValueFault) -> Void
    /// The text of what is there; empty when there is nothing.
    let read: @Sendable (Configuration) -> String

    /// Headings of the help.
    enum Group: String, Sendable, CaseIterable {
        case server = "Server"
        case data = "Data folder"
        case schedules = "Schedules"
        case calls = "Calls"
        case alerts = "Alerts"
        case partner = "Marketplaces"
        case limits = "Limits"
        case testing = "Testing"
        case logs = "Logs"
    }

    /// A foreign name for a setting.
    struct Alias: Sendable {
        var variable: String
        /// The foreign value in our spelling.
        var translate: @Sendable (String) -> String = { $0 }
    }

    /// `CHRONATOG_DATA_DIR`
    var variable: String { Self.prefix + name.uppercased().replacing("-", with: "_") }
    var isSwitch: Bool { placeholder.isEmpty }
    /// The default's text; empty when there is none.
    var defaultText: String { read(Configuration()) }

    static let prefix = "CHRONATOG_"
    static let fileSuffix = "_FILE"
}

extension Setting {
    typealias Place<Value> = any WritableKeyPath<Configuration, Value> & Sendable

    /// A setting that always has a value.
    init<Value: SettingValue>(
        _ name: String,
        _ place: Place<Value>,
        _ group: Group,
        _ meaning: String,
        placeholder: String = Value.placeholder,
        aliases: [Alias] = [],
        within: (@Sendable (Value) -> String?)? = nil
    ) {
        self.init(
            name: name,
            group: group,
            placeholder: placeholder,
            meaning: meaning,
            aliases: aliases,
            isSecret: Value.self == Secret.self,
            isRepeatable: false,
            write: { (text, configuration) throws(ValueFault) in
                let value = try Value(settingText: text)
                if let allowed = within?(value) { throw ValueFault(takes: allowed, not: text) }
                configuration[keyPath: place] = value
            },
            read: { $0[keyPath: place].settingText }
        )
    }

    /// A setting that may be absent.
    init<Value: SettingValue>(
        _ name: String,
        optional place: Place<Value?>,
        _ group: Group,
        _ meaning: String,
        placeholder: String = Value.placeholder,
        aliases: [Alias] = []
    ) {
        self.init(
            name: name,
            group: group,
            placeholder: placeholder,
            meaning: meaning,
            aliases: aliases,
            isSecret: Value.self == Secret.self,
            isRepeatable: false,
            write: { (text, configuration) throws(ValueFault) in
                configuration[keyPath: place] = try Value(settingText: text)
            },
            read: { $0[keyPath: place]?.settingText ?? "" }
        )
    }

    /// A setting that may be given several times, or once with commas.
    init(
        _ name: String,
        list place: Place<[String]>,
        _ group: Group,
        _ meaning: String,
        placeholder: String,
        check: @escaping @Sendable (String) throws(ValueFault) -> Void
    ) {
        self.init(
            name: name,
            group: group,
            placeholder: placeholder,
            meaning: meaning,
            aliases: [],
            isSecret: false,
            isRepeatable: true,
            write: { (text, configuration) throws(ValueFault) in
                for part in text.split(separator: ",") where !part.allSatisfy(\.isWhitespace) {
                    let element = String(part.filter { !$0.isWhitespace })
                    try check(element)
                    configuration[keyPath: place].append(element)
                }
            },
            read: { $0[keyPath: place].joined(separator: ",") }
        )
    }
}
