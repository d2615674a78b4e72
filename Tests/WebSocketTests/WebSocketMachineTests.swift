import Testing
import WebSocket

/// The Autobahn test suite's cases that apply without extensions, as bytes.
struct WebSocketMachineTests {
    private static let big = 1 << 16

    /// A client's frame, masked with 37fa213d.
    private static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        let masked = payload.enumerated().map { $1 ^ mask[$0 & 3] }
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)]
            : [0xfe, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        return [first] + length + mask + masked
    }

    private static func server(_ bytes: [UInt8], max: Int = big) -> [WebSocketMachine.Action] {
        var machine = WebSocketMachine(.server, messageBytesMax: max)
        return machine.receive(bytes.span)
    }

    /// Bytes in the smallest pieces come to the same.
    private static func dribbled(_ bytes: [UInt8]) -> [WebSocketMachine.Action] {
        var machine = WebSocketMachine(.server, messageBytesMax: big)
        return bytes.flatMap { machine.receive([$0].span) }
    }

    private static func failure(_ actions: [WebSocketMachine.Action]) -> UInt16? {
        guard case .over(let code, _)? = actions.first(where: { if case .over = $0 { true } else { false } })
        else { return nil }
        guard case .hangUp? = actions.last else { return nil }
        return code.rawValue
    }

    @Test func `a masked hello is read, whole and in pieces`() {
        let bytes: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        #expect(Self.server(bytes) == [.text(Array("Hello".utf8))])
        #expect(Self.dribbled(bytes) == [.text(Array("Hello".utf8))])
    }

    @Test func `a server's hello is not masked, a client's is`() {
        let hello = Frame(.text, Array("Hello".utf8))
        #expect(hello.bytes(mask: nil) == [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
        #expect(
            hello.bytes(mask: 0x37fa_213d)
                == [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        )
        let close = Frame.close(.policy, "UNAUTHORIZED").bytes(mask: nil)
        #expect(close == [0x88, 0x0e, 0x03, 0xf0] + Array("UNAUTHORIZED".utf8))
    }

    @Test(arguments: [0, 125, 126, 127, 128, 65_535])
    func `payloads of every way to write a length`(count: Int) {
        let payload = [UInt8](repeating: UInt8(ascii: "*"), count: count)
        #expect(Self.server(Self.frame(0x81, payload)) == [.text(payload)])
        #expect(Self.server(Self.frame(0x82, payload)) == [.binary(payload)])
    }

    @Test func `65,536 bytes need eight bytes of length`() {
        var head: [UInt8] = []
        Frame.appendHead(.text, count: 65_536, to: &head)
        #expect(head == [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0])
        var client = WebSocketMachine(.client, messageBytesMax: 1 << 17)
        let payload = [UInt8](repeating: 0x61, count: 65_536)
        #expect(client.receive((head + payload).span) == [.text(payload)])
    }

    @Test func `a ping is answered with its payload, up to 125 bytes`() {
        for payload in [[], Array("Hello".utf8), [0, 0xff, 0xfe], [UInt8](repeating: 0xfe, count: 125)] {
            #expect(Self.server(Self.frame(0x89, payload)) == [.send(Frame(.pong, payload))])
        }
        #expect(Self.failure(Self.server([0x89, 0xfe, 0, 126])) == 1002)
    }

    @Test func `a pong that nobody asked for is no fault`() {
        #expect(Self.server(Self.frame(0x8a, [1])) == [.pong([1])])
    }

    @Test(arguments: [0x40, 0x20, 0x10, 0x70] as [UInt8])
    func `reserved bits are refused`(bits: UInt8) {
        #expect(Self.failure(Self.server(Self.frame(0x81 | bits, [0x61]))) == 1002)
        #expect(Self.failure(Self.server(Self.frame(0x89 | bits, []))) == 1002)
    }

    @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8])
    func `opcodes that do not exist are refused`(opcode: UInt8) {
        #expect(Self.failure(Self.server(Self.frame(0x80 | opcode, []))) == 1002)
    }

    @Test func `fragments make a message, control frames come between`() {
        let bytes =
            Self.frame(0x01, Array("fra".utf8)) + Self.frame(0x89, [7]) + Self.frame(0x00, Array("gmen".utf8))
            + Self.frame(0x8a, [8]) + Self.frame(0x80, Array("t".utf8)) + Self.frame(0x81, [0x61])
        let expected: [WebSocketMachine.Action] = [
            .send(Frame(.pong, [7])), .pong([8]), .text(Array("fragment".utf8)), .text([0x61]),
        ]
        #expect(Self.server(bytes) == expected)
        #expect(Self.dribbled(bytes) == expected)
    }

    @Test func `empty fragments are fragments`() {
        let bytes = Self.frame(0x01, []) + Self.frame(0x00, []) + Self.frame(0x80, [])
        #expect(Self.server(bytes) == [.text([])])
    }

    @Test func `fragments out of order are refused`() {
        #expect(Self.failure(Self.server(Self.frame(0x80, [0x61]))) == 1002)
        #expect(Self.failure(Self.server(Self.frame(0x00, [0x61]))) == 1002)
        let within = Self.frame(0x01, [0x61]) + Self.frame(0x81, [0x61])
        #expect(Self.failure(Self.server(within)) == 1002)
        #expect(Self.failure(Self.server(Self.frame(0x09, [0x61]))) == 1002, "a ping in fragments")
    }

    @Test func `masks are a client's, and never a server's`() {
        #expect(Self.failure(Self.server([0x81, 0x01, 0x61])) == 1002)
        var client = WebSocketMachine(.client, messageBytesMax: Self.big)
        #expect(Self.failure(client.receive(Self.frame(0x81, [0x61]).span)) == 1002)
    }

    @Test func `a length in a longer form than it needs is refused`() {
        #expect(Self.failure(Self.server([0x81, 0xfe, 0, 125, 0, 0, 0, 0])) == 1002)
        #expect(Self.failure(Self.server([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0])) == 1002)
        let endless: [UInt8] = [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        #expect(Self.failure(Self.server(endless)) == 1002)
    }

    @Test func `a message beyond the limit is refused at its head, fragments counted together`() {
        #expect(Self.failure(Self.server(Self.frame(0x81, [1, 2, 3]), max: 2)) == 1009)
        let pieces = Self.frame(0x01, [0x61, 0x61]) + Self.frame(0x80, [0x61, 0x61])
        #expect(Self.failure(Self.server(pieces, max: 3)) == 1009)
        #expect(Self.server(pieces, max: 4) == [.text([0x61, 0x61, 0x61, 0x61])])
    }

    @Test(
        arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] as [UInt16]
    )
    func `closing codes that exist are echoed`(code: UInt16) {
        let payload = [UInt8(code >> 8), UInt8(code & 255)]
        let actions = Self.server(Self.frame(0x88, payload + Array("why".utf8)))
        #expect(
            actions == [
                .send(Frame(.close, payload)), .over(CloseCode(rawValue: code), reason: "why"), .hangUp,
            ]
        )
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535] as [UInt16])
    func `closing codes that do not exist are refused`(code: UInt16) {
        let payload = [UInt8(code >> 8), UInt8(code & 255)]
        #expect(Self.failure(Self.server(Self.frame(0x88, payload))) == 1002)
    }

    @Test func `a close frame may be empty, but not hold one byte, nor a reason that is not UTF-8`() {
        let empty = Self.server(Self.frame(0x88, []))
        #expect(empty == [.send(Frame(.close)), .over(.noStatus, reason: ""), .hangUp])
        #expect(Self.failure(Self.server(Self.frame(0x88, [3]))) == 1002)
        #expect(Self.failure(Self.server(Self.frame(0x88, [3, 0xe8, 0xce, 0xba, 0xe1]))) == 1007)
    }

    @Test func `nothing is read after a close frame`() {
        let bytes = Self.frame(0x88, [3, 0xe8]) + Self.frame(0x89, [1]) + Self.frame(0x81, [0x61])
        #expect(Self.server(bytes).count == 3)
    }

    @Test func `our close waits for the peer's, and what comes between is dropped`() {
        var machine = WebSocketMachine(.server, messageBytesMax: Self.big)
        #expect(machine.close(.goingAway, "bye").count == 1)
        #expect(machine.close(.goingAway).isEmpty)
        #expect(machine.receive(Self.frame(0x81, [0x61]).span).isEmpty)
        let end = machine.receive(Self.frame(0x88, [3, 0xe9]).span)
        #expect(end == [.over(.goingAway, reason: ""), .hangUp])
        #expect(machine.isOver)
    }

    @Test func `a client leaves it to the server to hang up`() {
        var client = WebSocketMachine(.client, messageBytesMax: Self.big)
        let actions = client.receive(Frame.close(.normal).bytes(mask: nil).span)
        #expect(actions == [.send(Frame(.close, [3, 0xe8])), .over(.normal, reason: "")])
    }

    @Test func `a reason that is too long is cut at a character`() {
        let frame = Frame.close(.policy, String(repeating: "é", count: 100))
        #expect(frame.payload.count == 124)
        #expect(String(validating: frame.payload[2...], as: UTF8.self) != nil)
    }

    @Test func `text is judged as UTF-8 across fragments, and refused at the first wrong byte`() {
        let word = Array("κόσμε".utf8)
        for cut in 0...word.count {
            let bytes = Self.frame(0x01, Array(word[..<cut])) + Self.frame(0x80, Array(word[cut...]))
            #expect(Self.server(bytes) == [.text(word)])
        }
        let wrong = Self.frame(0x01, word + [0xf4, 0x90])
        #expect(Self.failure(Self.server(wrong)) == 1007, "before the message is whole")
    }

    @Test(
        arguments: [
            [0x80], [0xbf], [0xc0, 0xaf], [0xc1, 0xbf], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80],
            [0xed, 0xbf, 0xbf], [0xf0, 0x80, 0x80, 0xaf], [0xf4, 0x90, 0x80, 0x80], [0xf5], [0xfe], [0xff],
            [0xce], [0xe1, 0xbd], [0xf0, 0x90, 0x80], [0xc3, 0x28],
        ] as [[UInt8]]
    )
    func `what is not UTF-8 is refused`(bytes: [UInt8]) {
        #expect(Self.failure(Self.server(Self.frame(0x81, bytes))) == 1007)
    }

    @Test(
        arguments: [
            [0], [0x7f], [0xc2, 0x80], [0xdf, 0xbf], [0xe0, 0xa0, 0x80], [0xed, 0x9f, 0xbf],
            [0xee, 0x80, 0x80], [0xef, 0xbf, 0xbf], [0xf0, 0x90, 0x80, 0x80], [0xf4, 0x8f, 0xbf, 0xbf],
        ] as [[UInt8]]
    )
    func `what is UTF-8 is not`(bytes: [UInt8]) {
        #expect(Self.server(Self.frame(0x81, bytes)) == [.text(bytes)])
    }
}
