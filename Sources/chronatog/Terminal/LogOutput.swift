import Cron
import Domain
import Effects
import Logging

/// Where log lines go: standard error, one line each, for people or as JSON.
struct LogOutput: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let format: LogFormat
    private let ink: Ink
    private let write: @Sendable (String) -> Void

    init(
        level: Logger.Level,
        format: LogFormat,
        ink: Ink = Ink(isOn: false),
        write: @escaping @Sendable (String) -> Void = { StandardStream.error.write($0) }
    ) {
        logLevel = level
        self.format = format
        self.ink = ink
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
        let now = Moments.text(SystemTime().now)
        switch format {
        case .text: write(textLine(event, facts, now))
        case .json: write(jsonLine(event, facts, now))
        }
    }

    /// `2026-01-01T00:00:00Z info  snapshot written sequence=12`
    private func textLine(
        _ event: LogEvent,
        _ facts: [(key: String, value: Logger.MetadataValue)],
        _ now: String
    ) -> String {
        let word = event.level.rawValue
        let padded = word + String(repeating: " ", count: max(0, 8 - word.count))
        var line =
            "\(ink.paint(now, .grey)) \(ink.paint(padded, colour(event.level))) \(clean("\(event.message)"))"
        for (key, value) in facts { line += " \(key)=\(quoted("\(value)"))" }
        return line + "\n"
    }

    private func jsonLine(
        _ event: LogEvent,
        _ facts: [(key: String, value: Logger.MetadataValue)],
        _ now: String
    ) -> String {
        var members = [
            JSON.Member("time", .string(now)), JSON.Member("level", .string(event.level.rawValue)),
            JSON.Member("message", .string("\(event.message)")),
        ]
        for (key, value) in facts { members.append(JSON.Member(key, .string("\(value)"))) }
        return JSON.object(members).text + "\n"
    }

    private func colour(_ level: Logger.Level) -> Ink.Colour {
        switch level {
        case .trace, .debug: .grey
        case .info, .notice: .green
        case .warning: .yellow
        case .error, .critical: .red
        }
    }

    /// What others said may hold line ends; a log line is one line.
    private func clean(_ text: String) -> String {
        String(text.map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } ? " " : $0 })
    }

    private func quoted(_ text: String) -> String {
        let text = clean(text)
        return text.isEmpty || text.contains(" ") ? "\"\(text)\"" : text
    }
}
