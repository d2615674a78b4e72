import Testing
import Wire

struct EgressPolicyTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let address: String
        /// Nil: may be called.
        let rule: String?
        var testDescription: String { address }
        init(_ address: String, _ rule: String?) {
            self.address = address
            self.rule = rule
        }
    }

    static let publicOnly: [Row] = [
        Row("1.1.1.1", nil), Row("8.8.8.8", nil), Row("223.255.255.255", nil), Row("172.15.255.255", nil),
        Row("172.32.0.0", nil), Row("100.63.255.255", nil), Row("100.128.0.0", nil),
        Row("198.17.255.255", nil),
        Row("192.0.1.0", nil), Row("2606:4700::1111", nil), Row("2a00:1450::1", nil), Row("2001:200::1", nil),
        Row("0.0.0.0", "\"this network\" 0.0.0.0/8"), Row("0.1.2.3", "\"this network\" 0.0.0.0/8"),
        Row("10.0.0.1", "private 10.0.0.0/8"), Row("10.255.255.255", "private 10.0.0.0/8"),
        Row("100.64.0.1", "carrier-grade NAT 100.64.0.0/10"), Row("127.0.0.1", "loopback 127.0.0.0/8"),
        Row("127.255.255.254", "loopback 127.0.0.0/8"), Row("169.254.169.254", "link-local 169.254.0.0/16"),
        Row("172.16.0.1", "private 172.16.0.0/12"), Row("172.31.255.255", "private 172.16.0.0/12"),
        Row("192.0.0.8", "protocol assignment 192.0.0.0/24"), Row("192.0.2.1", "documentation 192.0.2.0/24"),
        Row("192.88.99.1", "6to4 relay 192.88.99.0/24"), Row("192.168.1.1", "private 192.168.0.0/16"),
        Row("198.18.0.1", "benchmarking 198.18.0.0/15"), Row("198.19.255.255", "benchmarking 198.18.0.0/15"),
        Row("198.51.100.7", "documentation 198.51.100.0/24"),
        Row("203.0.113.9", "documentation 203.0.113.0/24"),
        Row("224.0.0.1", "multicast 224.0.0.0/4"), Row("239.255.255.255", "multicast 224.0.0.0/4"),
        Row("240.0.0.1", "reserved 240.0.0.0/4"), Row("255.255.255.255", "broadcast 255.255.255.255/32"),
        Row("::", "unspecified ::/128"), Row("::1", "loopback ::1/128"),
        Row("::127.0.0.1", "IPv4-compatible ::/96"), Row("::ffff:127.0.0.1", "loopback 127.0.0.0/8"),
        Row("::ffff:10.1.2.3", "private 10.0.0.0/8"), Row("::ffff:8.8.8.8", nil),
        Row("64:ff9b::7f00:1", "loopback 127.0.0.0/8"), Row("64:ff9b::a00:1", "private 10.0.0.0/8"),
        Row("64:ff9b::808:808", nil), Row("64:ff9b:1::808:808", "local NAT64 64:ff9b:1::/48"),
        Row("100::1", "discard-only 100::/64"), Row("2001::1", "Teredo 2001::/32"),
        Row("2001:db8::1", "documentation 2001:db8::/32"), Row("2001:2::1", "protocol assignment 2001::/23"),
        Row("2002:7f00:1::", "6to4 2002::/16"), Row("2002:808:808::1", "6to4 2002::/16"),
        Row("3fff:fff::1", "documentation 3fff::/20"), Row("fc00::1", "unique local fc00::/7"),
        Row("fdff::1", "unique local fc00::/7"), Row("fe80::1", "link-local fe80::/10"),
        Row("fec0::1", "site-local fec0::/10"), Row("ff02::1", "multicast ff00::/8"),
        Row("4000::1", "unassigned 4000::/2"), Row("1000::1", "unassigned ::/3"),
        Row("e000::1", "unassigned 8000::/1"),
    ]

    @Test(arguments: publicOnly)
    func `only public addresses may be called by default`(_ row: Row) throws {
        let address = try #require(IPAddress(row.address))
        let refusal = EgressPolicy.publicOnly.judge(address: address, port: 443)
        #expect(refusal?.rule == row.rule)
        #expect(refusal.map { $0.sentence.contains(address.text) } ?? true)
        #expect(EgressPolicy.nothing.judge(address: address, port: 443)?.rule == "nothing")
        let isLoopback = row.rule?.hasPrefix("loopback") ?? false
        #expect((EgressPolicy.loopbackOnly.judge(address: address, port: 1) == nil) == isLoopback)
    }

    static let spellings = [
        Row("127.0.0.1", "127.0.0.1"), Row("2130706433", "127.0.0.1"), Row("0x7f000001", "127.0.0.1"),
        Row("0x7f.1", "127.0.0.1"), Row("0177.0.0.1", "127.0.0.1"), Row("127.1", "127.0.0.1"),
        Row("127.0.1", "127.0.0.1"), Row("0", "0.0.0.0"), Row("0X7F.0.0.0x1", "127.0.0.1"),
        Row("017700000001", "127.0.0.1"), Row("10.0xffffff", "10.255.255.255"), Row("0x", "0.0.0.0"),
        Row("::1", "::1"), Row("::FFFF:127.0.0.1", "::ffff:127.0.0.1"), Row("example.com", nil),
        Row("256.1.1.1", nil),
        Row("1.2.3.4.5", nil), Row("08.1.1.1", nil), Row("4294967296", nil), Row("1.2.3.256", nil),
        Row("", nil),
        Row("127.0.0.1.", nil), Row("1..2", nil), Row("fe80::1%eth0", nil), Row("0x7g", nil),
    ]

    @Test(arguments: spellings)
    func `every spelling the resolver takes as numeric is seen through`(_ row: Row) {
        #expect(IPAddress(anySpelling: row.address)?.text == row.rule)
    }

    @Test
    func `a literal host is judged at creation and a name is not`() {
        let policy = EgressPolicy.publicOnly
        #expect(policy.judge(literalHost: "2130706433", port: 80)?.rule == "loopback 127.0.0.0/8")
        #expect(policy.judge(literalHost: "::ffff:7f00:1", port: 80)?.rule == "loopback 127.0.0.0/8")
        #expect(policy.judge(literalHost: "localhost", port: 80) == nil)
        #expect(policy.judge(literalHost: "9.9.9.9", port: 80) == nil)
    }

    @Test
    func `rules are read and deny beats allow`() throws {
        let policy = try EgressPolicy.parse(
            "allow=10.0.0.0/8, allow=192.168.1.7,deny=10.9.0.0/16,deny=8.8.8.8"
        )
        let rule = { (text: String) in IPAddress(text).flatMap { policy.judge(address: $0, port: 80) }?.rule }
        #expect(rule("10.1.2.3") == nil)
        #expect(rule("::ffff:10.1.2.3") == nil)
        #expect(rule("10.9.2.3") == "deny=10.9.0.0/16")
        #expect(rule("192.168.1.7") == nil)
        #expect(rule("192.168.1.8") == "private 192.168.0.0/16")
        #expect(rule("8.8.8.8") == "deny=8.8.8.8/32")
        #expect(rule("64:ff9b::808:808") == "deny=8.8.8.8/32")
        #expect(rule("9.9.9.9") == nil)
        #expect(throws: EgressFault.unknownRule("open=1.2.3.4")) { try EgressPolicy.parse("open=1.2.3.4") }
        #expect(throws: EgressFault.unknownRule("10.0.0.0/8")) { try EgressPolicy.parse("10.0.0.0/8") }
        for text in ["10.0.0.1/8", "10.0.0.0/33", "::/129", "example.com", "10.0.0.0/", "10.0.0.0/+8"] {
            #expect(throws: EgressFault.badBlock(text)) { try EgressPolicy.parse("allow=\(text)") }
        }
    }

    @Test
    func `own listeners are refused on every way to them`() throws {
        let any = try #require(IPAddress("0.0.0.0"))
        let machine = try #require(IPAddress("9.9.9.9"))
        let policy = try EgressPolicy.parse("allow=0.0.0.0/0,allow=::/0")
            .refusing(ownListeners: [.init(address: any, port: 8090)], machineAddresses: [machine])
        for text in ["127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "9.9.9.9"] {
            let address = try #require(IPAddress(text))
            #expect(policy.judge(address: address, port: 8090)?.isOwnListener == true, "\(text)")
            #expect(policy.judge(address: address, port: 8091) == nil, "\(text)")
        }
        #expect(policy.judge(literalHost: "8.8.8.8", port: 8090) == nil)
        #expect(policy.ownsPort(8090) && !policy.ownsPort(8091))
    }

    static let texts = [
        Row("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), Row("0:0:0:0:0:0:0:0", "::"), Row("1::", "1::"),
        Row("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), Row("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        Row("::8", "::8"),
        Row("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), Row("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        Row(":", nil),
        Row(":::", nil), Row("1:2:3:4:5:6:7:8:9", nil), Row("1::2::3", nil), Row("1:2", nil),
        Row("12345::", nil),
        Row("1:2:3:4:5:6:7:8::", nil), Row("1:2:3:4:5:6:7:", nil), Row(":1:2:3:4:5:6:7", nil),
        Row("::1.2.3", nil),
        Row("::1.2.3.4:5", nil), Row("01.2.3.4", nil), Row("1.2.3", nil), Row("::g", nil), Row("[::1]", nil),
    ]

    @Test(arguments: texts)
    func `addresses are read strictly and written canonically`(_ row: Row) {
        #expect(IPAddress(row.address)?.text == row.rule)
    }
}
