import Cron
import Domain
import Testing

@testable import chronatog

struct SettingValueTests {
    struct Address: Sendable, CustomTestStringConvertible {
        var text: String
        var host: String?
        var port: UInt16 = 0
        var testDescription: String { text }
    }

    @Test(arguments: [
        Address(text: "127.0.0.1:8090", host: "127.0.0.1", port: 8090),
        Address(text: ":80", host: "0.0.0.0", port: 80),
        Address(text: "[::1]:0", host: "::1", port: 0),
        Address(text: "localhost:65535", host: "localhost", port: 65535),
        Address(text: "8090"), Address(text: "::1:80"), Address(text: "a:65536"), Address(text: "a b:1"),
        Address(text: "http://a:1"), Address(text: "[a]:1"),
    ])
    func `listen addresses`(_ row: Address) {
        let address = try? ListenAddress(settingText: row.text)
        #expect(address?.host == row.host)
        if row.host != nil { #expect(address?.port == row.port) }
    }

    @Test func `a wildcard is reached by loopback`() throws {
        #expect(try ListenAddress(settingText: ":1").url(port: 7) == "http://127.0.0.1:7")
        #expect(try ListenAddress(settingText: "[::1]:1").url(port: 7) == "http://[::1]:7")
    }

    @Test func `byte counts`() throws {
        #expect(try ByteCount(settingText: "64KiB").bytes == 65_536)
        #expect(try ByteCount(settingText: "1000").settingText == "1000")
        #expect(try ByteCount(settingText: "16777216").settingText == "16MiB")
        #expect(throws: ValueFault.self) { try ByteCount(settingText: "9999999999GiB") }
        #expect(throws: ValueFault.self) { try ByteCount(settingText: "-1") }
    }

    @Test func `every default reads back as itself`() throws {
        let defaults = Configuration()
        for setting in Setting.table where !setting.defaultText.isEmpty {
            var copy = defaults
            try setting.write(setting.defaultText, &copy)
            #expect(copy == defaults, "\(setting.name)")
        }
    }

    @Test func `a key is 64 hexadecimal digits, and remarks are skipped`() throws {
        let one = String(repeating: "0a", count: 32)
        let two = String(repeating: "ff", count: 32)
        let keys = try SecretKeyText.keys(in: "# remark\n\(one)\n\n\(two)\n")
        #expect(keys == [[UInt8](repeating: 10, count: 32), [UInt8](repeating: 255, count: 32)])
        #expect(try SecretKeyText.keys(in: SecretKeyText.text(of: keys)) == keys)
        #expect(throws: ValueFault.self) { try SecretKeyText.keys(in: "0a") }
        #expect(throws: ValueFault.self) { try SecretKeyText.keys(in: "# nothing") }
        #expect(throws: ValueFault.self) { try SecretKeyText.keys(in: String(repeating: "zz", count: 32)) }
    }

    @Test func `the nearest word, or none`() {
        #expect(NearestWord.find("exlpain", in: ["explain", "events"]) == "explain")
        #expect(NearestWord.find("list", in: ["jobs", "runs"]) == nil)
        #expect(NearestWord.find("rn", in: ["run", "rm"]) != nil)
    }
}
