import Domain
import Testing

struct UniqueIDTests {
    @Test func `a UUID reads as it is written, in either case`() throws {
        let text = "6e1b3f0a-9c2d-4e5f-8a7b-0123456789ab"
        let id = try #require(UniqueID(text))
        #expect(id.text == text)
        #expect(UniqueID(text.uppercased()) == id)
        #expect(UniqueID(bytes: id.bytes[...]) == id)
    }

    @Test(arguments: [
        "", "backup", "6e1b3f0a-9c2d-4e5f-8a7b-0123456789a", "6e1b3f0a-9c2d-4e5f-8a7b-0123456789abc",
        "6e1b3f0a09c2d-4e5f-8a7b-0123456789ab", "6e1b3f0a-9c2d-4e5f-8a7b-0123456789ag",
        "6e1b3f0a-9c2d-4e5f-8a7b-0123456789éb",
    ])
    func `what is no UUID is none`(_ text: String) {
        #expect(UniqueID(text) == nil)
    }

    @Test func `random bytes become version 4`() throws {
        let id = try #require(UniqueID(random: [UInt8](repeating: 0xff, count: 16)))
        #expect(id.text == "ffffffff-ffff-4fff-bfff-ffffffffffff")
        #expect(UniqueID(random: [1, 2]) == nil)
    }
}
