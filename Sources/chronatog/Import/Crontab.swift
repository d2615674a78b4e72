import Cron
import Domain

/// A crontab, line by line (crontab(5) of Vixie cron and cronie).
struct Crontab {
    /// A line that names times and a command.
    struct Entry: Equatable {
        /// From 1.
        var line: Int
        /// The remark directly above; empty without one.
        var name: String
        /// Five fields, one blank apart, or a macro.
        var schedule: String
        /// Of `CRON_TZ` or `TZ`; nil when no line above sets one.
        var zone: String?
        /// `RANDOM_DELAY`.
        var jitter: Span?
        var command: String
        /// What the command reads: the text after the first `%`.
        var input: String?
    }

    /// A line that says something that is not carried over.
    struct Remark: Equatable {
        /// From 1; nil for what is no file's.
        var line: Int?
        var text: String
        var reasons: [String]
    }

    private(set) var entries: [Entry] = []
    /// Lines that ought to have been jobs.
    private(set) var refused: [Remark] = []
    /// Settings that meant something to cron.
    private(set) var remarks: [Remark] = []
    /// Variables, and the last line on which each is set.
    private(set) var settings: [String: Int] = [:]
    private let hasUserColumn: Bool
    private var zone: String?
    private var cronZone: String?
    private var jitter: Span?
    private var remarkAbove = ""

    /// - Parameter hasUserColumn: as in `/etc/crontab` and `/etc/cron.d`.
    init(_ text: String, hasUserColumn: Bool) {
        self.hasUserColumn = hasUserColumn
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            read(line, number: index + 1)
        }
    }

    private mutating func read(_ line: Substring, number: Int) {
        let text = line.drop { $0 == " " || $0 == "\t" }
        if text.isEmpty {
            remarkAbove = ""
        } else if text.hasPrefix("#") {
            remarkAbove = Self.name(of: text)
        } else if let (name, value) = Self.setting(text) {
            remarkAbove = ""
            set(name, value, Remark(line: number, text: String(text), reasons: []))
        } else {
            readEntry(text, number: number)
            remarkAbove = ""
        }
    }

    // MARK: Remarks

    private static let nameBytesMax = 200

    /// A remark as a name: neither a ruler nor a line that was commented out.
    private static func name(of remark: Substring) -> String {
        let isEdge: (Character) -> Bool = { $0.isWhitespace || "#-=*~".contains($0) }
        var text = remark.drop(while: isEdge)
        while let last = text.last, isEdge(last) { text = text.dropLast() }
        guard text.contains(where: { $0.isLetter || $0.isNumber }), !isEntry(remark) else { return "" }
        text = text.prefix(nameBytesMax)
        while text.utf8.count > nameBytesMax { text = text.dropLast() }
        return String(text)
    }

    private static func isEntry(_ remark: Substring) -> Bool {
        let text = remark.drop { $0 == "#" || $0.isWhitespace }
        if text.hasPrefix("@") || setting(text) != nil { return true }
        let fields = text.split(maxSplits: 5, whereSeparator: { $0 == " " || $0 == "\t" })
        return fields.count == 6 && (try? Schedule(fields.prefix(5).joined(separator: " "))) != nil
    }

    // MARK: Settings

    /// `NAME = value`, either side perhaps in quotes.
    private static func setting(_ line: Substring) -> (name: String, value: String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        let name = unquoted(line[..<equals])
        let isName = name.allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
        guard isName, let first = name.first, !first.isASCIIDigit else { return nil }
        return (name, unquoted(line[line.index(after: equals)...]))
    }

    private static func unquoted(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        if text.count >= 2, let mark = text.first, mark == "'" || mark == "\"", text.last == mark {
            text = text.dropFirst().dropLast()
        }
        return String(text)
    }

    private mutating func set(_ name: String, _ value: String, _ remark: Remark) {
        var remark = remark
        settings[name] = remark.line
        switch name {
        case "CRON_TZ": cronZone = Self.zoneName(value)
        case "TZ": zone = Self.zoneName(value)
        case "RANDOM_DELAY":
            jitter = ImportedNumber.count(value).map { .minutes($0) }
            if jitter == .zero { jitter = nil }
        case "MAILTO" where !value.isEmpty:
            remark.reasons = [
                "cron mailed output to \(value); `chronatog runs` and `explain` tell what happened"
            ]
        case "http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY":
            remark.reasons = ["a proxy is the server's own setting: serve --proxy \(value)"]
        case "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR":
            remark.reasons = ["authorities are the server's own setting: serve --ca-file"]
        case "CURL_HOME", "WGETRC":
            remark.reasons = ["settings of curl and wget in files are not read"]
        default: return
        }
        if !remark.reasons.isEmpty { remarks.append(remark) }
    }

    private static func zoneName(_ value: String) -> String? {
        let name = value.hasPrefix(":") ? String(value.dropFirst()) : value
        return name.isEmpty ? nil : name
    }

    // MARK: Entries

    private mutating func readEntry(_ text: Substring, number: Int) {
        // A minus keeps some crons from logging the line.
        let line = text.first == "-" ? text.dropFirst() : text
        let columns = line.hasPrefix("@") ? 1 : 5
        let wanted = columns + (hasUserColumn ? 1 : 0)
        let fields = line.split(maxSplits: wanted, whereSeparator: { $0 == " " || $0 == "\t" })
        guard fields.count == wanted + 1 else {
            let shape = hasUserColumn ? "times, a user and a command" : "times and a command"
            return refuse(number, text, "it does not have \(shape)")
        }
        let schedule = fields.prefix(columns).joined(separator: " ")
        do {
            _ = try Schedule(schedule)
        } catch {
            return refuse(number, text, error.description)
        }
        let zone = cronZone ?? zone
        if let zone, (try? ZoneDatabase.embedded.zone(named: zone)) == nil {
            return refuse(number, text, "\"\(zone)\" is not a time zone")
        }
        let (command, input) = Self.divided(fields[wanted].drop { $0 == " " || $0 == "\t" })
        entries.append(
            Entry(
                line: number,
                name: remarkAbove,
                schedule: schedule,
                zone: zone,
                jitter: jitter,
                command: command,
                input: input
            )
        )
    }

    private mutating func refuse(_ line: Int, _ text: Substring, _ reason: String) {
        refused.append(Remark(line: line, text: String(text), reasons: [reason]))
    }

    /// The command, and what follows its first `%`: there a `%` ends a line, and `\%` is a `%`.
    private static func divided(_ text: Substring) -> (command: String, input: String?) {
        var parts = [""]
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "\\", rest.first == "%" {
                rest.removeFirst()
                parts[parts.count - 1].append("%")
            } else if character == "%" {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        guard parts.count > 1 else { return (parts[0], nil) }
        let input = parts.dropFirst().joined(separator: "\n")
        // cron ends the last line.
        return (parts[0], input.hasSuffix("\n") ? input : input + "\n")
    }
}
