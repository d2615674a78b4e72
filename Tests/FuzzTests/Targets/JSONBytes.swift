import Domain

/// The reader of JSON: what it accepts is written and read again as the same value.
enum JSONBytes {
    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        let value: JSON
        do throws(JSONReader.Fault) {
            value = try JSONReader.value(of: bytes)
        } catch {
            try BrokenProperty.check(
                (0...bytes.count).contains(error.offset),
                "the fault lies outside the text"
            )
            return
        }
        for text in [value.text, value.pretty] {
            guard let again = try? JSONReader.value(of: text) else {
                throw BrokenProperty(description: "what was read and written is not JSON: \(text)")
            }
            try BrokenProperty.check(again.text == value.text, "\(text) is something else when read again")
        }
    }
}
