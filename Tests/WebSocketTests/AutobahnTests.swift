import Testing
import WebSocket

/// The Autobahn test suite's cases for a server, by their numbers, as far as they need no extension and no
/// stop-watch (1 to 7). Every case is fed whole and byte by byte: the suite's variants that differ only in
/// how a case is chopped are both.
struct AutobahnTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var number: String
        var bytes: [UInt8]
        var wanted: Wanted

        init(_ number: String, _ frames: [[UInt8]], _ wanted: Wanted) {
            self.number = number
            bytes = frames.flatMap { $0 }
            self.wanted = wanted
        }

        var testDescription: String { number }
    }

    enum Wanted: Sendable {
        /// In this order, and the conversation goes on.
        case heard([WebSocketMachine.Action])
        /// The connection fails with this code, after what was heard.
        case failed(UInt16, after: [WebSocketMachine.Action] = [])
        /// Both have closed: our frame says the same code.
        case closed(UInt16?, after: [WebSocketMachine.Action] = [])
    }

    // MARK: Bytes

    private static func frame(_ opcode: UInt8, _ payload: [UInt8] = [], fin: Bool = true, rsv: UInt8 = 0)
        -> [UInt8]
    {
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        let count = payload.count
        let length: [UInt8] =
            count < 126
            ? [UInt8(count)]
            : count < 65_536
                ? [126, UInt8(count >> 8), UInt8(count & 255)]
                : [127, 0, 0, 0, 0, 0, UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)]
        return [(fin ? 0x80 : 0) | rsv << 4 | opcode, 0x80 | length[0]] + length.dropFirst() + mask
            + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }

    private static func text(_ text: String, fin: Bool = true, rsv: UInt8 = 0) -> [UInt8] {
        frame(1, Array(text.utf8), fin: fin, rsv: rsv)
    }

    private static func more(_ text: String, fin: Bool) -> [UInt8] { frame(0, Array(text.utf8), fin: fin) }

    private static func close(_ code: UInt16, _ reason: [UInt8] = []) -> [UInt8] {
        frame(8, [UInt8(code >> 8), UInt8(code & 255)] + reason)
    }

    private static func said(_ text: String) -> WebSocketMachine.Action { .text(Array(text.utf8)) }
    private static func pong(_ payload: [UInt8]) -> WebSocketMachine.Action { .send(Frame(.pong, payload)) }

    // MARK: Cases

    private static let sizes: [Row] = [0, 125, 126, 127, 128, 65_535, 65_536].enumerated().flatMap { row in
        let payload = [UInt8](repeating: 0x2a, count: row.element)
        return [
            Row("1.1.\(row.offset + 1)", [frame(1, payload)], .heard([.text(payload)])),
            Row("1.2.\(row.offset + 1)", [frame(2, payload)], .heard([.binary(payload)])),
        ]
    }

    private static let pings: [Row] = {
        let (hello, long) = (Array("Hello".utf8), [UInt8](repeating: 0xfe, count: 125))
        let odd: [UInt8] = [0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]
        let ten = (0..<10).map { Array("payload-\($0)".utf8) }
        return [
            Row("2.1", [frame(9)], .heard([pong([])])), Row("2.2", [frame(9, hello)], .heard([pong(hello)])),
            Row("2.3", [frame(9, odd)], .heard([pong(odd)])),
            Row("2.4, 2.6", [frame(9, long)], .heard([pong(long)])),
            Row("2.5", [frame(9, long + [0xfe])], .failed(1002)),
            Row("2.7", [frame(10)], .heard([.pong([])])),
            Row("2.8", [frame(10, hello)], .heard([.pong(hello)])),
            Row("2.9", [frame(10, hello), frame(9, odd)], .heard([.pong(hello), pong(odd)])),
            Row("2.10, 2.11", ten.map { frame(9, $0) }, .heard(ten.map { pong($0) })),
        ]
    }()

    private static let reserved: [Row] = {
        let (hello, first) = (text("Hello"), [said("Hello")])
        var rows = [
            Row("3.1", [text("Hello", rsv: 1)], .failed(1002)),
            Row("3.5", [frame(2, [0, 1], rsv: 5)], .failed(1002)),
            Row("3.6", [frame(9, [1], rsv: 6)], .failed(1002)), Row("3.7", [frame(8, rsv: 7)], .failed(1002)),
        ]
        for rsv: UInt8 in 2...4 {
            let frames = [hello, text("Hello", rsv: rsv), frame(9)]
            rows.append(Row("3.\(rsv)", frames, .failed(1002, after: first)))
        }
        for (group, opcodes) in [(1, 3...7), (2, 11...15)] as [(Int, ClosedRange<UInt8>)] {
            for (index, opcode) in opcodes.enumerated() {
                let payload: [UInt8] = index == 0 || index == 2 ? [] : Array("reserved".utf8)
                let own = frame(opcode, payload)
                rows.append(
                    index < 2
                        ? Row("4.\(group).\(index + 1)", [own], .failed(1002))
                        : Row(
                            "4.\(group).\(index + 1)",
                            [hello, own, frame(9)],
                            .failed(1002, after: first)
                        )
                )
            }
        }
        return rows
    }()

    private static let fragments: [Row] = {
        let ping = frame(9, Array("ping".utf8))
        let answer = pong(Array("ping".utf8))
        let two = [text("frag1", fin: false), more("frag2", fin: true)]
        let whole = said("frag1frag2")
        let five = [
            text("1", fin: false), more("2", fin: false), ping, more("3", fin: false), more("4", fin: false),
            ping, more("5", fin: true),
        ]
        return [
            Row("5.1", [frame(9, [1], fin: false), more("2", fin: true)], .failed(1002)),
            Row("5.2", [frame(10, [1], fin: false), more("2", fin: true)], .failed(1002)),
            Row("5.3 to 5.5", two, .heard([whole])),
            Row("5.6 to 5.8", [two[0], ping, two[1]], .heard([answer, whole])),
            Row("5.9 to 5.11", [more("none", fin: true), text("Hello")], .failed(1002)),
            Row("5.12 to 5.14", [more("none", fin: false), text("Hello")], .failed(1002)),
            Row("5.15", two + [more("none", fin: false), text("Hello")], .failed(1002, after: [whole])),
            Row("5.16", [more("none", fin: false)] + two, .failed(1002)),
            Row("5.17", [more("none", fin: true)] + two, .failed(1002)),
            Row("5.18", [text("frag1", fin: false), text("frag2")], .failed(1002)),
            Row("5.19, 5.20", five, .heard([answer, answer, said("12345")])),
            Row("6.1.1", [text("")], .heard([said("")])),
            Row(
                "6.1.2",
                [text("", fin: false), more("", fin: false), more("", fin: true)],
                .heard([said("")])
            ),
            Row(
                "6.1.3",
                [text("", fin: false), more("middle", fin: false), more("", fin: true)],
                .heard([said("middle")])
            ),
        ]
    }()

    /// Texts of 6.5 to 6.23, in hexadecimal. A text goes as one frame, and with a frame for each byte.
    private static let valid: [(String, [String])] = [
        ("6.2", ["48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121"]),
        ("6.5", ["cebae1bdb9cf83cebcceb5"]),
        ("6.6", ["ceba", "cebae1bdb9", "cebae1bdb9cf83", "cebae1bdb9cf83cebc"]),
        ("6.7", ["00", "c280", "e0a080", "f0908080"]), ("6.9", ["7f", "dfbf", "efbfbf", "f48fbfbf"]),
        ("6.11", ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf"]),
        ("6.22", ["efbfbe", "f09fbfbe", "f0afbfbf", "f3bfbfbe", "f48fbfbe"]),
        ("6.23", ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"]),
    ]

    private static let invalid: [(String, [String])] = [
        ("6.3", ["cebae1bdb9cf83cebcceb5eda080656469746564"]),
        ("6.4", ["cebae1bdb9cf83cebcceb5f4908080656469746564"]),
        ("6.6", ["ce", "cebae1", "cebae1bd", "cebae1bdb9cf", "cebae1bdb9cf83ce", "cebae1bdb9cf83cebcce"]),
        ("6.8", ["f888808080", "fc8480808080"]), ("6.10", ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]),
        ("6.11", ["f4908080"]),
        ("6.12", ["80", "bf", "80bf", "80bf80", "80bf80bf80bf", "808182838485868788898a8b8c8d8e8f"]),
        ("6.13", ["c020c120c220", "e020e120e220", "f020f120f220", "f820f920fa20", "fc20fd20"]),
        ("6.14", ["c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf"]),
        ("6.15", ["c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"]),
        ("6.16", ["fe", "ff", "fefeffff"]),
        ("6.17", ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"]),
        ("6.18", ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"]),
        ("6.19", ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"]),
        ("6.20", ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"]),
        ("6.21", ["eda080edb080", "eda080edbfbf", "edadbfedb080", "edaf80edb080", "edafbfedbfbf"]),
    ]

    private static func bytes(_ text: String) -> [UInt8] {
        let digits = text.compactMap { $0.hexDigitValue }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static let texts: [Row] = {
        func rows(_ list: [(String, [String])], _ wanted: ([UInt8]) -> Wanted) -> [Row] {
            list.flatMap { group in
                group.1.flatMap { hex in
                    let payload = bytes(hex)
                    let pieces = payload.enumerated().map { place, byte in
                        frame(place == 0 ? 1 : 0, [byte], fin: place == payload.count - 1)
                    }
                    return [
                        Row("\(group.0) \(hex)", [frame(1, payload)], wanted(payload)),
                        Row("\(group.0) \(hex) in pieces", pieces, wanted(payload)),
                    ]
                }
            }
        }
        return rows(valid) { .heard([.text($0)]) } + rows(invalid) { _ in .failed(1007) }
    }()

    private static let endings: [Row] = {
        let (bye, hello) = (close(1000), said("Hello"))
        var rows = [
            Row("7.1.1", [text("Hello"), bye], .closed(1000, after: [hello])),
            Row("7.1.2", [bye, bye], .closed(1000)), Row("7.1.3", [bye, frame(9)], .closed(1000)),
            Row("7.1.4", [bye, text("Hello")], .closed(1000)),
            Row("7.1.5", [text("Hel", fin: false), bye, more("lo", fin: true)], .closed(1000)),
            Row("7.3.1", [frame(8)], .closed(nil)), Row("7.3.2", [frame(8, [0x61])], .failed(1002)),
            Row("7.3.3", [bye], .closed(1000)), Row("7.3.4", [close(1000, Array("why".utf8))], .closed(1000)),
            Row("7.3.5", [close(1000, [UInt8](repeating: 0x2a, count: 123))], .closed(1000)),
            Row("7.3.6", [close(1000, [UInt8](repeating: 0x2a, count: 124))], .failed(1002)),
            Row("7.5.1", [close(1000, bytes("cebaeda080"))], .failed(1007)),
        ]
        let taken: [UInt16] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
        for (index, code) in taken.enumerated() {
            rows.append(Row("7.7.\(index + 1)", [close(code)], .closed(code)))
        }
        let none: [UInt16] = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999]
        for code in none { rows.append(Row("7.9 \(code)", [close(code)], .failed(1002))) }
        for code: UInt16 in [5000, 65_535] { rows.append(Row("7.13 \(code)", [close(code)], .failed(1002))) }
        return rows
    }()

    // MARK: The test

    @Test(arguments: sizes + pings + reserved + fragments + texts + endings)
    func `a server does as Autobahn's case wants`(_ row: Row) {
        var whole = WebSocketMachine(.server, messageBytesMax: 1 << 17)
        judge(whole.receive(row.bytes.span), row)
        var chopped = WebSocketMachine(.server, messageBytesMax: 1 << 17)
        var actions: [WebSocketMachine.Action] = []
        for byte in row.bytes { actions += chopped.receive([byte].span) }
        judge(actions, row)
    }

    private func judge(_ actions: [WebSocketMachine.Action], _ row: Row) {
        let end = actions.firstIndex { if case .over = $0 { true } else { false } }
        switch row.wanted {
        case .heard(let wanted): #expect(actions == wanted)
        case .failed(let code, let after):
            #expect(Array(actions.prefix(after.count)) == after && actions.last == .hangUp)
            guard let end, case .over(let told, _) = actions[end], actions.count == after.count + 3,
                case .send(let word) = actions[after.count]
            else { return #expect(Bool(false), "\(actions)") }
            #expect(told.rawValue == code)
            #expect(word.payload.starts(with: [UInt8(code >> 8), UInt8(code & 255)]))
        case .closed(let code, let after):
            let echo = code.map { [UInt8($0 >> 8), UInt8($0 & 255)] } ?? []
            #expect(Array(actions.prefix(after.count)) == after && actions.last == .hangUp)
            #expect(actions.dropFirst(after.count).first == .send(Frame(.close, echo)))
            #expect(end == after.count + 1)
        }
    }
}
