import Domain

/// The table for people: help, `config dump`, and the README.
enum SettingText {
    /// The whole of `chronatog serve --help`.
    static func help() -> String {
        var text = """
            OVERVIEW: Start the server.

            Settings come from flags and from the environment, never from a file of settings: --data-dir is
            CHRONATOG_DATA_DIR, and CHRONATOG_DATA_DIR_FILE names a file that holds the value. A flag wins
            over a variable, a variable over a file. `chronatog config dump` shows what would be used.

            USAGE: chronatog serve [flags]

            EXAMPLES:
              chronatog serve                                   keep everything in ./data, listen on loopback
              chronatog serve --demo                            four sample jobs against a built-in target
              chronatog serve --ephemeral --listen 127.0.0.1:0  for tests: nothing on disk, any free port
              chronatog serve --listen 0.0.0.0:8090 --egress allow=10.0.0.0/8


            """
        for group in Setting.Group.allCases {
            text += "\(group.rawValue.uppercased()):\n"
            for setting in Setting.table where setting.group == group { text += row(setting) }
            text += "\n"
        }
        text += "  -h, --help\n      Show this.\n"
        return text
    }

    private static func row(_ setting: Setting) -> String {
        let value = setting.isSwitch ? "" : " \(setting.placeholder)"
        var notes: [String] = []
        if !setting.defaultText.isEmpty, !setting.isSwitch { notes.append("default: \(setting.defaultText)") }
        if !setting.aliases.isEmpty {
            notes.append("also: \(setting.aliases.map(\.variable).joined(separator: ", "))")
        }
        let note = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
        return "  --\(setting.name)\(value)\n      \(setting.meaning)\(note)\n"
    }

    /// The README's table.
    static func markdown() -> String {
        var text = "| flag | variable | default | meaning |\n|---|---|---|---|\n"
        for setting in Setting.table {
            let value = setting.isSwitch ? "" : " \(setting.placeholder)"
            let variables = [setting.variable] + setting.aliases.map(\.variable)
            let fallback = setting.isSwitch || setting.defaultText.isEmpty ? "" : "`\(setting.defaultText)`"
            let cells = [
                "`--\(setting.name)\(value)`", variables.map { "`\($0)`" }.joined(separator: " "), fallback,
                setting.meaning,
            ]
            text += "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
        }
        return text
    }

    /// Every setting with its value and where that came from; secrets masked.
    static func dump(_ reading: ConfigurationReader.Reading) -> String {
        var table = TextTable(["SETTING", "VALUE", "FROM"])
        for setting in Setting.table {
            table.add([
                setting.name, setting.read(reading.configuration),
                reading.origins[setting.name]?.text ?? "default",
            ])
        }
        return table.text()
    }

    static func json(_ reading: ConfigurationReader.Reading) -> JSON {
        .array(
            Setting.table.map { setting in
                let value = setting.read(reading.configuration)
                return .object([
                    .init("name", .string(setting.name)),
                    .init("variable", .string(setting.variable)),
                    .init("value", value.isEmpty ? .null : .string(value)),
                    .init("from", .string(reading.origins[setting.name]?.text ?? "default")),
                    .init("secret", .bool(setting.isSecret)),
                ])
            }
        )
    }
}
