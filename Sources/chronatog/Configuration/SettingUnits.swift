import Cron
import Domain
import Logging

/// A number of bytes: `65536`, `64KiB`, `16MiB`, `1GiB`.
struct ByteCount: SettingValue, Comparable {
    var bytes: Int

    static let placeholder = "BYTES"
    private static let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]

    static func kibibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count << 10) }
    static func mebibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count << 20) }

    init(bytes: Int) { self.bytes = bytes }

    init(settingText text: String) throws(ValueFault) {
        var digits = text[...]
        var scale = 1
        for (unit, size) in Self.units where text.hasSuffix(unit) {
            digits = text.dropLast(unit.count)
            scale = size
        }
        guard let count = Int(digits), count >= 0 else {
            throw ValueFault(takes: "a number of bytes such as 65536, 64KiB or 16MiB", not: text)
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: scale)
        guard !overflow else { throw ValueFault(takes: "fewer bytes", not: text) }
        bytes = product
    }

    var settingText: String {
        for (unit, size) in Self.units where bytes >= size && bytes % size == 0 {
            return "\(bytes / size)\(unit)"
        }
        return String(bytes)
    }

    static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}

/// From `trace` to `critical`, as swift-log has them.
struct LogLevel: SettingValue {
    var level: Logger.Level

    static let info = LogLevel(level: .info)
    static let placeholder = "LEVEL"

    private init(level: Logger.Level) { self.level = level }

    init(settingText text: String) throws(ValueFault) {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValueFault(takes: Logger.Level.allCases.map(\.rawValue).joined(separator: ", "), not: text)
        }
        self.level = level
    }

    var settingText: String { level.rawValue }
}

enum LogFormat: String, SettingValue, CaseIterable {
    /// One line for people.
    case text
    /// One JSON object a line.
    case json

    static let placeholder = "FORMAT"

    init(settingText text: String) throws(ValueFault) {
        guard let format = LogFormat(rawValue: text) else {
            throw ValueFault(takes: "text or json", not: text)
        }
        self = format
    }

    var settingText: String { rawValue }
}

extension Bool: SettingValue {
    static var placeholder: String { "" }

    init(settingText text: String) throws(ValueFault) {
        switch text.lowercased() {
        case "1", "true", "yes", "on": self = true
        case "0", "false", "no", "off": self = false
        default: throw ValueFault(takes: "true or false", not: text)
        }
    }

    var settingText: String { self ? "true" : "false" }
}

extension String: SettingValue {
    static var placeholder: String { "TEXT" }
    init(settingText text: String) throws(ValueFault) { self = text }
    var settingText: String { self }
}

extension Int: SettingValue {
    static var placeholder: String { "N" }

    init(settingText text: String) throws(ValueFault) {
        guard let number = Int(text) else { throw ValueFault(takes: "a whole number", not: text) }
        self = number
    }

    var settingText: String { String(self) }
}

extension UInt64: SettingValue {
    static var placeholder: String { "N" }

    init(settingText text: String) throws(ValueFault) {
        guard let number = UInt64(text) else {
            throw ValueFault(takes: "a whole number from 0 to \(UInt64.max)", not: text)
        }
        self = number
    }

    var settingText: String { String(self) }
}

extension Span: SettingValue {
    static var placeholder: String { "DURATION" }

    init(settingText text: String) throws(ValueFault) {
        guard let span = Span(text) else {
            throw ValueFault(takes: "a duration such as 500ms, 10s, 5m or 1h30m", not: text)
        }
        self = span
    }

    var settingText: String { text }
}

extension DSTPolicy: SettingValue {
    static var placeholder: String { "POLICY" }

    init(settingText text: String) throws(ValueFault) {
        guard let policy = DSTPolicy(rawValue: text) else {
            throw ValueFault(takes: DSTPolicy.allCases.map(\.rawValue).joined(separator: ", "), not: text)
        }
        self = policy
    }

    var settingText: String { rawValue }
}

extension Instant: SettingValue {
    static var placeholder: String { "TIME" }

    init(settingText text: String) throws(ValueFault) {
        guard let instant = Instant(rfc3339: text) else {
            throw ValueFault(takes: "an instant such as 2026-01-01T00:00:00Z", not: text)
        }
        self = instant
    }

    var settingText: String { rfc3339 }
}
