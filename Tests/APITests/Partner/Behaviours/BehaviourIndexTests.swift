import FoundationEssentials
import Testing

/// The 70 behaviours of `reference/chronatog-and-partner-api.md` §5.2 are tests by number: each has one
/// whose sentence begins with it.
struct BehaviourIndexTests {
    private static let tests =
        "\(#filePath)".split(separator: "/").dropLast(4).map { "/\($0)" }.joined()

    @Test func `every behaviour has its test`() throws {
        let folders = ["APITests/Partner", "APITests/Partner/Behaviours", "IntegrationsTests/Partner"]
        var numbers: Set<Int> = []
        for folder in folders {
            let path = "\(Self.tests)/\(folder)"
            for name in try FileManager.default.contentsOfDirectory(atPath: path)
            where name.hasSuffix(".swift") {
                let data = try #require(FileManager.default.contents(atPath: "\(path)/\(name)"))
                for part in String(decoding: data, as: UTF8.self).split(separator: "func `").dropFirst() {
                    let number = part.prefix { $0.isNumber }
                    if part.dropFirst(number.count).hasPrefix(": "), let number = Int(number) {
                        numbers.insert(number)
                    }
                }
            }
        }
        #expect(Set(1...70).subtracting(numbers).sorted() == [])
    }
}
