/// What hostile bytes are thrown at. `Tests/Fuzz/run` makes the bytes up, for a minute each; `FuzzTests`
/// feeds the committed ones through the same functions.
///
/// A target does not only have to survive: each has properties that hold for all bytes, and says in a
/// sentence which one did not.
enum FuzzTarget: String, CaseIterable {
    case frames, snapshots, zones, schedules, responses, templates, json, patterns, imports, websocket

    /// Nothing larger is of interest: what grows with the input shows in less.
    var bytesMax: Int {
        switch self {
        case .frames, .snapshots, .zones, .responses, .json: 4096
        case .schedules, .patterns: 256
        case .websocket: 1024
        case .templates, .imports: 1024
        }
    }

    func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        switch self {
        case .frames: try FrameBytes.feed(bytes)
        case .snapshots: try SnapshotBytes.feed(bytes)
        case .zones: try ZoneBytes.feed(bytes)
        case .schedules: try ScheduleBytes.feed(bytes)
        case .responses: try ResponseBytes.feed(bytes)
        case .templates: try TemplateBytes.feed(bytes)
        case .json: try JSONBytes.feed(bytes)
        case .patterns: try PatternBytes.feed(bytes)
        case .imports: try ImportBytes.feed(bytes)
        case .websocket: try WebSocketBytes.feed(bytes)
        }
    }
}

/// What should hold for all bytes, and did not for these.
struct BrokenProperty: Error, CustomStringConvertible {
    let description: String

    static func check(_ holds: Bool, _ sentence: @autoclosure () -> String) throws(BrokenProperty) {
        if !holds { throw BrokenProperty(description: sentence()) }
    }
}

/// Takes an input apart: choices from its front, the rest as what is read.
struct Choices {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// 0 once the input is used up.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[Int(byte()) % items.count] }

    /// At most so many bytes.
    mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return taken
    }

    var text: String { String(decoding: rest, as: UTF8.self) }
}
