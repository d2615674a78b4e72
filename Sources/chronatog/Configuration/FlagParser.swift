import Cron

/// Splits `serve`'s arguments into settings: `--name value`, `--name=value`, and `--name` alone for switches.
enum FlagParser {
    /// The texts given for each setting, in order. What is wrong goes to `reading.faults`.
    static func parse(
        _ arguments: [String],
        into reading: inout ConfigurationReader.Reading
    ) -> [String: [String]] {
        var found: [String: [String]] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "-h" || argument == "--help" {
                reading.wantsHelp = true
                continue
            }
            guard argument.hasPrefix("--"), argument.count > 2 else {
                reading.faults.append(
                    "\"\(argument)\" is not a flag; `serve` takes only flags (see serve --help)"
                )
                continue
            }
            let parts = argument.dropFirst(2).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let name = String(parts[0])
            guard let setting = Setting.named(name) else {
                let hint = NearestWord.hint(for: name, in: Setting.table.map(\.name), prefix: "--")
                reading.faults.append("unknown flag --\(name)\(hint)")
                // Its value, if it has one, is not a second mistake.
                if parts.count == 1, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
                continue
            }
            guard let text = value(of: setting, attached: parts.count == 2 ? String(parts[1]) : nil, &rest)
            else {
                reading.faults.append("--\(name) needs a value: \(setting.placeholder)")
                continue
            }
            if found[name] != nil, !setting.isRepeatable {
                reading.faults.append("--\(name) is given more than once")
            } else {
                found[name, default: []].append(text)
            }
        }
        return found
    }

    private static func value(
        of setting: Setting,
        attached: String?,
        _ rest: inout ArraySlice<String>
    ) -> String? {
        if let attached { return attached }
        if setting.isSwitch { return "true" }
        guard let next = rest.first, !next.hasPrefix("--") else { return nil }
        rest.removeFirst()
        return next
    }
}
