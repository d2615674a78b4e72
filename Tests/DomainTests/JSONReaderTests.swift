import Domain
import Testing

struct JSONReaderTests {
    @Test func `what is written reads back`() throws {
        let value = JSON.object([
            .init("text", .string("line\nquote\" back\\ ünïcode \u{1F600}\u{1}")),
            .init("whole", .number(-42)),
            .init("part", .double(0.5)), .init("none", .null), .init("yes", .bool(true)),
            .init("list", .array([.number(0), .array([]), .object([])])),
        ])
        #expect(try JSONReader.value(of: value.text) == value)
        #expect(try JSONReader.value(of: value.pretty) == value)
    }

    @Test func `escapes`() throws {
        #expect(try JSONReader.value(of: #""\u0041\ud83d\ude00\/\b\f""#).string == "A\u{1F600}/\u{8}\u{c}")
    }

    @Test(arguments: [
        "", "{", "[1,]", #"{"a":1,}"#, "01", "1.", "-", "tru", #""\ud83d""#, #""\x""#, "\"\u{1}\"", "1 2",
        "nan",
        #"{"a" 1}"#, "1e999", "[", "\"",
    ])
    func `what is not JSON is refused`(_ text: String) {
        #expect(throws: JSONReader.Fault.self) { try JSONReader.value(of: text) }
    }

    @Test func `depth is bounded`() {
        let deep = String(repeating: "[", count: 10_000)
        #expect(throws: JSONReader.Fault.self) { try JSONReader.value(of: deep) }
    }

    @Test func `text that is not UTF-8 is refused`() {
        #expect(throws: JSONReader.Fault.self) { try JSONReader.value(of: [0x22, 0xff, 0x22]) }
    }

    struct Vector: Sendable, CustomTestStringConvertible {
        var plain: String
        var encoded: String
        var testDescription: String { plain }
    }

    /// RFC 4648 §10.
    @Test(arguments: [
        Vector(plain: "", encoded: ""), Vector(plain: "f", encoded: "Zg=="),
        Vector(plain: "fo", encoded: "Zm8="),
        Vector(plain: "foo", encoded: "Zm9v"), Vector(plain: "foob", encoded: "Zm9vYg=="),
        Vector(plain: "fooba", encoded: "Zm9vYmE="), Vector(plain: "foobar", encoded: "Zm9vYmFy"),
    ])
    func `Base64 with padding`(_ row: Vector) {
        #expect(Base64.encode(Array(row.plain.utf8)) == row.encoded)
    }
}
