import FoundationEssentials

/// The environment the process was started with.
enum ProcessEnvironment {
    static let all = ProcessInfo.processInfo.environment

    static var processID: String { String(ProcessInfo.processInfo.processIdentifier) }

    static func value(_ name: String) -> String? {
        all[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
