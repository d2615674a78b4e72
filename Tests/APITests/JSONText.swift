import API
import Domain

/// Reads JSON in tests.
enum JSONText {
    static func value(_ text: String) -> JSON? { try? RequestBody.value(text) }
}
