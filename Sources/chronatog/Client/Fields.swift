import Domain

/// One object for people: a field a line, names aligned, lists of objects as small tables below.
enum Fields {
    static func text(_ object: JSON) -> String {
        guard case .object(let members) = object else { return object.pretty + "\n" }
        let shown = members.filter { !isEmpty($0.value) }
        let width = shown.filter { !isListOfObjects($0.value) }.map(\.key.count).max() ?? 0
        var text = ""
        for member in shown where !isListOfObjects(member.value) {
            let name = member.key + String(repeating: " ", count: width - member.key.count)
            text += "\(name)  \(value(member.value))\n"
        }
        for member in shown where isListOfObjects(member.value) {
            text += "\n\(member.key)\n" + rows(member.value.array ?? [])
        }
        return text
    }

    /// The columns are the fields of the first element that hold something in any.
    static func rows(_ values: [JSON]) -> String {
        guard case .object(let members)? = values.first else { return "" }
        let keys = members.map(\.key).filter { key in values.contains { !isEmpty($0[key] ?? .null) } }
        var table = TextTable(keys.map { $0.uppercased() })
        for row in values { table.add(keys.map { value(row[$0] ?? .null) }) }
        return table.text()
    }

    private static func isEmpty(_ value: JSON) -> Bool {
        switch value {
        case .null, .string(""), .array([]), .object([]): true
        default: false
        }
    }

    private static func isListOfObjects(_ value: JSON) -> Bool {
        if case .array(let values) = value, case .object? = values.first { true } else { false }
    }

    private static func value(_ value: JSON) -> String {
        guard case .object(let members) = value else { return value.plain }
        if let message = value["message"]?.string {
            return [value.plain("kind"), message].filter { !$0.isEmpty }.joined(separator: ": ")
        }
        return members.filter { !isEmpty($0.value) }.map { "\($0.key) \($0.value.plain)" }.joined(
            separator: ", "
        )
    }
}
