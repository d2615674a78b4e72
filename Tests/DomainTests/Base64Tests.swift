import Domain
import Testing

struct Base64Tests {
    struct Row: Sendable, CustomTestStringConvertible {
        var plain: String
        var encoded: String
        var testDescription: String { encoded }
        init(_ plain: String, _ encoded: String) {
            self.plain = plain
            self.encoded = encoded
        }
    }

    /// RFC 4648 §10.
    static let published = [
        Row("", ""), Row("f", "Zg=="), Row("fo", "Zm8="), Row("foo", "Zm9v"), Row("foob", "Zm9vYg=="),
        Row("fooba", "Zm9vYmE="), Row("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: published)
    func `the published vectors are written and read`(_ row: Row) {
        #expect(Base64.encode(Array(row.plain.utf8)) == row.encoded)
        #expect(Base64.decode(row.encoded) == Array(row.plain.utf8))
        #expect(Base64.decode(row.encoded.filter { $0 != "=" }) == Array(row.plain.utf8))
    }

    @Test func `both alphabets are read`() {
        #expect(Base64.decode("+/+/") == [0xfb, 0xff, 0xbf])
        #expect(Base64.decode("-_-_") == [0xfb, 0xff, 0xbf])
    }

    @Test(arguments: ["A", "A===", "====", "Zg=", "Zh==", "Z g=", "Zg==\n", "Zm9v=", "Zg==Zg==", "é==="])
    func `anything else is refused`(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
